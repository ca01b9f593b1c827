//! What can go wrong at the front door, and what users are told. Causes go to the log, here and once.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use telemetry::Problem;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{upstream} failed: {cause}")]
    UpstreamFailed { upstream: &'static str, cause: String },
    #[error("{upstream} did not answer within the deadline")]
    UpstreamTooSlow { upstream: &'static str },
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, detail) = match &self {
            Self::UpstreamFailed { upstream, .. } => (StatusCode::BAD_GATEWAY, format!("{upstream} failed")),
            Self::UpstreamTooSlow { upstream } => {
                (StatusCode::GATEWAY_TIMEOUT, format!("{upstream} was too slow"))
            }
        };
        tracing::error!("{self}");
        Problem::new(status).detail(detail).into_response()
    }
}
