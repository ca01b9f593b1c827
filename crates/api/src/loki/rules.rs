//! The ruler's endpoints. The lab evaluates its rules in Prometheus; there are none here, and that is what they say.

use super::LokiError;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

pub async fn configured() -> LokiError {
    LokiError::new(StatusCode::NOT_FOUND, "no rule groups found")
}

pub async fn groups() -> Response {
    axum::Json(json!({"status": "success", "data": {"groups": []}, "errorType": "", "error": ""}))
        .into_response()
}

pub async fn alerts() -> Response {
    axum::Json(json!({"status": "success", "data": {"alerts": []}, "errorType": "", "error": ""}))
        .into_response()
}
