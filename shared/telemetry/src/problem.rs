//! Errors as users see them: problem documents (RFC 9457) with the trace id, so that a screenshot is enough to start from.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use opentelemetry::{Context, trace::TraceContextExt};
use serde::Serialize;

/// The media type of problem documents.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
}

/// What is wrong with one member of the request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// For instance `items[0].price`.
    pub field: String,
    pub message: String,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode) -> Self {
        Self { status, detail: None, errors: Vec::new() }
    }

    /// Says what is wrong with this request in particular. Causes inside the service belong in the log instead.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what is wrong with one member of the body.
    #[must_use]
    pub fn field(mut self, field: &str, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// 404 for a path that the service does not have: the fallback of a router.
    pub async fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND).detail("there is nothing at this path")
    }

    /// 405, the fallback for known paths; axum adds `Allow`.
    pub async fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED)
            .detail("this path does not take this method; see the Allow header")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let trace_id = Context::map_current(|context| {
            let span = context.span();
            let trace = span.span_context().trace_id();
            span.span_context().is_valid().then(|| trace.to_string())
        });
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail.as_deref(),
            errors: &self.errors,
            trace_id,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))], body).into_response()
    }
}
