//! What can go wrong in checkout, and what users are told.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use telemetry::Problem;

use crate::order::InvalidOrder;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Invalid(#[from] InvalidOrder),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::Invalid(InvalidOrder { field, message }) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
                .detail("the order cannot be taken as it is")
                .field(&field, message)
                .into_response(),
        }
    }
}
