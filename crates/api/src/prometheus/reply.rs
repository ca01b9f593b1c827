//! The envelope of every answer: `{"status":"success","data":…}`, or the class and text of an error.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use model::StoreError;
use promql::{ErrorKind, EvalError};
use serde::Serialize;

/// An error as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub class: Class,
    pub message: String,
}

/// Upstream's error types, each with its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    BadData,
    Execution,
    Timeout,
    Internal,
    Unavailable,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Self::BadData => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BadData => StatusCode::BAD_REQUEST,
            Self::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Timeout | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl ApiError {
    pub fn new(class: Class, message: impl ToString) -> Self {
        Self { class, message: message.to_string() }
    }

    pub fn bad_data(message: impl ToString) -> Self {
        Self::new(Class::BadData, message)
    }

    /// A parameter that cannot be used.
    pub fn parameter(name: &str, problem: impl std::fmt::Display) -> Self {
        Self::bad_data(format!("invalid parameter {name:?}: {problem}"))
    }
}

impl From<EvalError> for ApiError {
    fn from(error: EvalError) -> Self {
        let class = match error.kind() {
            ErrorKind::BadData => Class::BadData,
            ErrorKind::Execution => Class::Execution,
            ErrorKind::Timeout => Class::Timeout,
            ErrorKind::Internal => Class::Internal,
        };
        Self::new(class, error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        EvalError::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "status": "error",
            "errorType": self.class.name(),
            "error": self.message,
        });
        (self.class.status(), [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

/// What went well but not quite.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

impl Notes {
    /// Cuts a list to the limit and says so.
    pub fn cut<T>(&mut self, list: &mut Vec<T>, limit: Option<usize>) {
        if let Some(limit) = limit.filter(|limit| list.len() > *limit) {
            list.truncate(limit);
            self.warnings.push("results truncated due to limit".to_owned());
        }
    }
}

/// An answer with `data` as it is, already JSON.
pub fn raw(data: &str, notes: &Notes) -> Response {
    let mut body = String::with_capacity(data.len() + 64);
    body.push_str("{\"status\":\"success\",\"data\":");
    body.push_str(data);
    for (name, list) in [("warnings", &notes.warnings), ("infos", &notes.infos)] {
        if !list.is_empty() {
            body.push_str(&format!(",\"{name}\":{}", serde_json::json!(list)));
        }
    }
    body.push('}');
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// An answer with a value.
pub fn data(value: &impl Serialize, notes: &Notes) -> Result<Response, ApiError> {
    let text = serde_json::to_string(value).map_err(|error| ApiError::new(Class::Internal, error))?;
    Ok(raw(&text, notes))
}

/// An answer with a value and nothing to remark.
pub fn ok(value: &impl Serialize) -> Result<Response, ApiError> {
    data(value, &Notes::default())
}
