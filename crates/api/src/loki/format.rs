//! `format_query`: a query, printed well. The only endpoint whose errors are JSON.

use super::params::Params;
use super::{LokiApi, respond};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

pub async fn format_query(State(api): State<LokiApi>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let (status, kind, key, text) = match logql::parse(params.query()) {
        Ok(expr) => (StatusCode::OK, "success", "data", expr.pretty()),
        Err(error) => (StatusCode::BAD_REQUEST, "invalid-query", "error", error.to_string()),
    };
    let mut out = format!("{{\"status\":\"{kind}\",\"{key}\":");
    respond::text(&mut out, &text);
    out.push('}');
    let mut response = respond::json(out).into_response();
    *response.status_mut() = status;
    response
}
