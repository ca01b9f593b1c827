//! OTLP over HTTP: `POST /v1/{traces,logs,metrics}` in protobuf or JSON, plain or gzip.

use super::ingest::{Refusal, Signal};
use super::{Inner, Otlp};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use wire::otlp::{
    Encoding, Refused, decode_logs, decode_metrics, decode_traces, gunzip, status_body, success_body,
};

/// Seconds after which a sender that was turned away should try again.
const RETRY_AFTER_SECONDS: u16 = 1;

impl Otlp {
    /// The routes of OTLP/HTTP; the caller binds a listener.
    pub fn http_router(&self) -> Router {
        Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/logs", post(logs))
            .route("/v1/metrics", post(metrics))
            .with_state(self.clone())
    }
}

async fn traces(State(otlp): State<Otlp>, headers: HeaderMap, body: Body) -> Response {
    otlp.export(Signal::Traces, &headers, body, |inner, bytes, encoding| {
        inner.traces(decode_traces(&bytes, encoding)?)
    })
    .await
}

async fn logs(State(otlp): State<Otlp>, headers: HeaderMap, body: Body) -> Response {
    otlp.export(Signal::Logs, &headers, body, |inner, bytes, encoding| {
        inner.logs(decode_logs(&bytes, encoding, inner.now())?)
    })
    .await
}

async fn metrics(State(otlp): State<Otlp>, headers: HeaderMap, body: Body) -> Response {
    otlp.export(Signal::Metrics, &headers, body, |inner, bytes, encoding| {
        inner.metrics(decode_metrics(&bytes, encoding)?)
    })
    .await
}

impl Otlp {
    async fn export<W>(&self, signal: Signal, headers: &HeaderMap, body: Body, work: W) -> Response
    where
        W: FnOnce(&Inner, Bytes, Encoding) -> Result<Refused, Refusal> + Send + 'static,
    {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or("");
        let content_type = text(header::CONTENT_TYPE);
        let Some(encoding) = Encoding::from_content_type(content_type) else {
            let refusal = Refusal::ContentType { found: content_type.chars().take(80).collect() };
            return answer(Encoding::Json, Err(refusal));
        };
        let gzip = match text(header::CONTENT_ENCODING) {
            "" | "identity" => false,
            "gzip" => true,
            other => {
                let refusal =
                    Refusal::BadRequest(format!("unsupported content encoding {other:?}, expected gzip"));
                return answer(encoding, Err(refusal));
            }
        };
        let limit = self.inner.limits.max_body_bytes;
        let declared = text(header::CONTENT_LENGTH).parse::<usize>().unwrap_or(0);
        if declared > limit {
            return answer(encoding, Err(Refusal::TooLarge { limit }));
        }
        let Ok(bytes) = to_bytes(body, limit).await else {
            return answer(encoding, Err(Refusal::TooLarge { limit }));
        };
        let done = self
            .run(signal, move |inner| {
                let bytes = if gzip {
                    let plain = gunzip(&bytes, limit)
                        .map_err(|error| Refusal::BadRequest(format!("invalid gzip body: {error}")))?;
                    Bytes::from(plain.ok_or(Refusal::TooLarge { limit })?)
                } else {
                    bytes
                };
                work(inner, bytes, encoding)
            })
            .await;
        answer(encoding, done)
    }
}

/// Source: OpenTelemetry protocol specification, "OTLP/HTTP Response": the body has the request's encoding.
fn answer(encoding: Encoding, done: Result<Refused, Refusal>) -> Response {
    let content_type = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    let headers = [(header::CONTENT_TYPE, content_type)];
    let refusal = match done {
        Ok(refused) => return (headers, success_body(encoding, &refused)).into_response(),
        Err(refusal) => refusal,
    };
    // The second number is the gRPC code that the status message carries.
    let (status, code) = match &refusal {
        Refusal::Busy { .. } | Refusal::Store(_) | Refusal::Lost => (StatusCode::SERVICE_UNAVAILABLE, 14),
        Refusal::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, 14),
        Refusal::Malformed(_) | Refusal::BadRequest(_) => (StatusCode::BAD_REQUEST, 3),
        Refusal::ContentType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, 3),
        Refusal::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, 8),
        Refusal::NoSink(_) => (StatusCode::NOT_IMPLEMENTED, 12),
    };
    let mut response = (status, headers, status_body(encoding, code, &refusal.to_string())).into_response();
    if code == 14 {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    response
}
