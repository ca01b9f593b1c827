//! `GET /`: which service this is, and that it answers. Probes ask `/healthz` and `/readyz` instead: this one is counted.

use axum::{Json, Router, routing::get};
use serde::Serialize;

use crate::app::SERVICE;

#[derive(Serialize)]
struct About {
    service: &'static str,
    status: &'static str,
    version: &'static str,
}

pub fn router() -> Router {
    Router::new().route("/", get(about))
}

async fn about() -> Json<About> {
    Json(About { service: SERVICE.name, status: "ok", version: env!("CARGO_PKG_VERSION") })
}
