//! A trace by its id, in version 1 (the bare trace) and 2 (wrapped), as JSON or protobuf.

use super::params::Params;
use super::run::engine_error;
use super::{ApiError, State};
use axum::extract::{self, Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::traces::{Trace, TraceId};
use serde_json::json;
use traceql::EvalError;

type Answer = Result<Response, ApiError>;

pub(super) async fn version_1(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let Some(trace) = find(&state, &id, query.as_deref()).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    if wants_protobuf(&headers) {
        return Ok(protobuf(wire::otlp::trace_protobuf(&trace)));
    }
    Ok(axum::Json(wire::otlp::trace_json(&trace, "batches")).into_response())
}

pub(super) async fn version_2(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let trace = find(&state, &id, query.as_deref()).await?;
    if wants_protobuf(&headers) {
        return Ok(protobuf(wire::otlp::trace_by_id_protobuf(trace.as_ref())));
    }
    let found = trace.map_or_else(|| json!({}), |trace| wire::otlp::trace_json(&trace, "resourceSpans"));
    Ok(axum::Json(json!({"trace": found, "metrics": {}})).into_response())
}

async fn find(state: &State, id: &str, query: Option<&str>) -> Result<Option<Trace>, ApiError> {
    let id = parse_id(id)?;
    Params::of(query).window()?;
    state
        .run(move |state, _| state.store.trace(id).map_err(|error| engine_error(EvalError::Store(error), "")))
        .await
}

fn parse_id(text: &str) -> Result<TraceId, ApiError> {
    if let Some((at, found)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_hexdigit()) {
        let position = at + 1;
        return Err(ApiError::bad_request(format!(
            "trace IDs can only contain hex characters: invalid character '{found}' at position {position}"
        )));
    }
    if text.len() > 32 {
        return Err(ApiError::bad_request("trace IDs can't be larger than 128 bits"));
    }
    TraceId::parse(text).map_err(|error| ApiError::bad_request(error.to_string()))
}

fn wants_protobuf(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.contains("application/protobuf") || accept.contains("application/x-protobuf")
}

fn protobuf(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/protobuf")], bytes).into_response()
}
