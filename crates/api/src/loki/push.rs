//! `push` and OTLP logs: the ways in.

use super::{LokiApi, LokiError};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::logs::{LogStream, PushReport};
use wire::loki_push::{self, PushFormatError};
use wire::otlp;

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

fn unreadable(error: &PushFormatError) -> LokiError {
    let status = match error {
        PushFormatError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    LokiError::new(status, error.to_string())
}

pub async fn push(
    State(api): State<LokiApi>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let limit = api.inner.limits.max_push;
    let (kind, encoding) = (header(&headers, "content-type"), header(&headers, "content-encoding"));
    let streams = loki_push::decode(&body, kind, encoding, limit).map_err(|error| unreadable(&error))?;
    store(&api, streams)
}

pub async fn otlp(
    State(api): State<LokiApi>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let limit = api.inner.limits.max_push;
    let kind = header(&headers, "content-type");
    let encoding = otlp::Encoding::from_content_type(kind).ok_or_else(|| {
        LokiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("found content type {kind:?}, expected application/x-protobuf or application/json"),
        )
    })?;
    let body = loki_push::decompress(&body, header(&headers, "content-encoding"), limit)
        .map_err(|error| unreadable(&error))?;
    let request = otlp::decode_logs(&body, encoding, api.inner.clock.now_nanos())
        .map_err(|error| LokiError::bad_request(error.to_string()))?;
    store(&api, request.streams)
}

/// A push takes well under a millisecond for a usual batch, so it stays on the thread that it is on.
fn store(api: &LokiApi, streams: Vec<LogStream>) -> Result<Response, LokiError> {
    let total: usize = streams.iter().map(|stream| stream.entries.len()).sum();
    let report = api.inner.store.push(streams)?;
    api.inner.metrics.pushed(&report);
    if report.refused.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(refused(&report, total))
}

fn refused(report: &PushReport, total: usize) -> LokiError {
    let first = report.refused.first();
    let status = first.map_or(400, model::logs::PushError::status);
    let reasons: Vec<_> = report.refused.iter().map(ToString::to_string).collect();
    let message = format!("{}\ntotal ignored: {} out of {total}", reasons.join("\n"), report.refused_lines);
    LokiError::new(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), message)
}
