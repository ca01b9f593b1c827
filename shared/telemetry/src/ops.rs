//! The routes for operators: `/metrics`, `/healthz`, `/readyz`, `/chaos`. They are not counted and chaos spares them: the
//! indicators are about users, and a scrape that fails during a fault would hide it.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tracing::Level;

use crate::{Problem, Telemetry, chaos, metrics::negotiate::Format, names::path};

/// Longest description of a fault.
const CHAOS_BODY_LIMIT: usize = 64 * 1024;

pub(crate) fn router(telemetry: Arc<Telemetry>) -> Router {
    let chaos = chaos::routes::router(telemetry.chaos().clone());
    Router::new()
        .route(path::METRICS, get(metrics))
        .route(path::HEALTHZ, get(healthz))
        .route(path::READYZ, get(readyz))
        .with_state(telemetry)
        .merge(chaos.layer(DefaultBodyLimit::max(CHAOS_BODY_LIMIT)))
        .method_not_allowed_fallback(Problem::method_not_allowed)
}

async fn metrics(State(telemetry): State<Arc<Telemetry>>, headers: HeaderMap) -> Response {
    let format = Format::negotiate(headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()));
    match telemetry.metrics().render(format) {
        Ok(text) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        Err(error) => {
            telemetry.logger().line(Level::ERROR, |line| {
                line.display("error", error).msg("metrics cannot be rendered");
            });
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
    }
}

/// The process runs.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The process takes requests: not any more while it drains.
async fn readyz(State(telemetry): State<Arc<Telemetry>>) -> Response {
    if telemetry.is_ready() {
        "ready\n".into_response()
    } else {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE).detail("the service is shutting down").into_response()
    }
}
