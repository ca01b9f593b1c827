//! What can go wrong in the catalog, and what users are told.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use telemetry::Problem;

/// Longest id that an answer repeats, in characters.
const SHOWN_ID: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no item {}", shown(.0))]
    UnknownItem(String),
    #[error("the id of the item is not UTF-8")]
    UnreadableId,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::UnknownItem(_) => StatusCode::NOT_FOUND,
            Self::UnreadableId => StatusCode::BAD_REQUEST,
        };
        Problem::new(status).detail(self.to_string()).into_response()
    }
}

fn shown(id: &str) -> String {
    format!("{:?}", id.chars().take(SHOWN_ID).collect::<String>())
}
