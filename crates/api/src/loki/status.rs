//! `ready`, `buildinfo` and what is not there.

use super::LokiError;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The release of Loki whose answers these are.
const COMPATIBLE_VERSION: &str = "3.7.6";

pub async fn ready() -> &'static str {
    "ready\n"
}

pub async fn buildinfo() -> Response {
    axum::Json(serde_json::json!({
        "version": COMPATIBLE_VERSION,
        "revision": env!("CARGO_PKG_VERSION"),
        "branch": "lab",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
    .into_response()
}

pub async fn not_found() -> LokiError {
    LokiError::new(StatusCode::NOT_FOUND, "404 page not found")
}
