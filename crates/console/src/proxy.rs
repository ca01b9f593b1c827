//! `/api/datasources/proxy/uid/{uid}/…`: passes a request on to the engine behind a data source, as Grafana does.

use crate::ConsoleState;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use std::time::Duration;

/// An engine that has not answered by then will not.
const TIMEOUT: Duration = Duration::from_secs(65);
/// Headers that are passed on: what the engines read, nothing of the browser's own.
const FORWARDED: [header::HeaderName; 2] = [header::ACCEPT, header::CONTENT_TYPE];
const LOKI_ENCODING: &str = "x-loki-response-encoding-flags";

pub fn router() -> Router<ConsoleState> {
    Router::new().route("/api/datasources/proxy/uid/{uid}/{*path}", any(pass_on))
}

async fn pass_on(
    State(state): State<ConsoleState>,
    Path((uid, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(source) = state.provisioned.datasource(&uid) else {
        return message(StatusCode::NOT_FOUND, format!("data source {uid:?} not found"));
    };
    let base = (state.resolve)(&source.url);
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let url = format!("{}/{}{query}", base.trim_end_matches('/'), encode_path(&path));
    forward(&state.client, method, &url, &headers, body).await
}

/// The router has decoded the path: what would end it has to be written out again.
fn encode_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'?' | b'#' | b'%' | 0..=b' ' | 127..=255 | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' => {
                out.push_str(&format!("%{byte:02X}"));
            }
            byte => out.push(byte as char),
        }
    }
    out
}

/// Sends a request to `url` and streams the answer back.
pub async fn forward(
    client: &reqwest::Client,
    method: Method,
    url: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let mut request = client.request(method, url).timeout(TIMEOUT).body(body);
    for name in &FORWARDED {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    if let Some(value) = headers.get(LOKI_ENCODING) {
        request = request.header(LOKI_ENCODING, value);
    }
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
            let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
            *response.status_mut() = status;
            if let Some(kind) = kind {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            response
        }
        Err(error) if error.is_timeout() => {
            message(StatusCode::GATEWAY_TIMEOUT, format!("{url} did not answer in time"))
        }
        Err(error) => message(StatusCode::BAD_GATEWAY, format!("{url} cannot be reached: {error}")),
    }
}

pub fn message(status: StatusCode, text: impl Into<String>) -> Response {
    (status, axum::Json(serde_json::json!({"message": text.into()}))).into_response()
}
