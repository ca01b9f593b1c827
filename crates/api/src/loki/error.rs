//! Errors as Loki gives them: a status and a line of text.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use logql::{EvalError, ParseError};
use model::StoreError;

#[derive(Debug)]
pub struct LokiError {
    pub status: StatusCode,
    pub message: String,
}

impl LokiError {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<ParseError> for LokiError {
    fn from(error: ParseError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<StoreError> for LokiError {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<EvalError> for LokiError {
    fn from(error: EvalError) -> Self {
        let status = match &error {
            EvalError::Pipeline { .. }
            | EvalError::TooManySeries { .. }
            | EvalError::TooManySamples { .. }
            | EvalError::TooManyBytes { .. }
            | EvalError::TooManySteps { .. } => StatusCode::BAD_REQUEST,
            EvalError::Unsupported { message } if message.starts_with("log queries") => {
                StatusCode::BAD_REQUEST
            }
            EvalError::Interrupted => StatusCode::GATEWAY_TIMEOUT,
            // Upstream answers these with 500 too.
            EvalError::ManyToMany { .. } | EvalError::Unsupported { .. } | EvalError::Store(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let message = match &error {
            EvalError::Interrupted => {
                "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed".to_owned()
            }
            other => other.to_string(),
        };
        Self::new(status, message)
    }
}

impl IntoResponse for LokiError {
    fn into_response(self) -> Response {
        let headers = [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")];
        (self.status, headers, format!("{}\n", self.message)).into_response()
    }
}
