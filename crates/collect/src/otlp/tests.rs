//! Both protocols against a sink that remembers, refuses or blocks.

use super::*;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use model::StoreError;
use model::clock::ManualClock;
use model::traces::{SpanBatch, SpanReport};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use std::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tower::ServiceExt;

#[derive(Default)]
struct Sink {
    got: Mutex<Vec<SpanBatch>>,
    fail: Option<fn() -> StoreError>,
}

impl TraceAppender for Sink {
    fn push(&self, batches: Vec<SpanBatch>) -> Result<SpanReport, StoreError> {
        if let Some(fail) = self.fail {
            return Err(fail());
        }
        let accepted = batches.iter().map(|batch| batch.spans.len() as u64).sum();
        self.got.lock().unwrap().extend(batches);
        Ok(SpanReport { accepted, ..Default::default() })
    }
}

fn otlp(sink: &Arc<Sink>, limits: Limits) -> Otlp {
    let sinks = Sinks { traces: Some(sink.clone()), ..Default::default() };
    Otlp::new(sinks, Arc::new(ManualClock::at_nanos(1)), limits)
}

const BODY: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"a"}]}]}]}"#;

async fn post(
    otlp: &Otlp,
    path: &str,
    content_type: &str,
    encoding: &str,
    body: Vec<u8>,
) -> (StatusCode, String, bool) {
    let mut request = Request::post(path).header("content-type", content_type);
    if !encoding.is_empty() {
        request = request.header("content-encoding", encoding);
    }
    let response = otlp.http_router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let retry = response.headers().contains_key("retry-after");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned(), retry)
}

#[tokio::test]
async fn json_over_http_reaches_the_sink_and_refused_spans_are_named() {
    let sink = Arc::new(Sink::default());
    let otlp = otlp(&sink, Limits::default());
    let (status, body, _) =
        post(&otlp, "/v1/traces", "application/json; charset=utf-8", "", BODY.into()).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"partialSuccess":{}}"#));
    let bad = BODY.replace("0102030405060708\"", "01\"");
    let (status, body, _) = post(&otlp, "/v1/traces", "application/json", "", bad.into()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains(r#""rejectedSpans":"1""#) && body.contains("expected 8"), "{body}");
    assert_eq!(sink.got.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_the_right_code() {
    let sink = Arc::new(Sink::default());
    let otlp = otlp(&sink, Limits { max_body_bytes: 200, max_in_flight: 1, ..Limits::default() });
    for (content_type, encoding, body, expected) in [
        ("text/plain", "", BODY.as_bytes().to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/json", "", b"{".to_vec(), StatusCode::BAD_REQUEST),
        ("application/x-protobuf", "", b"\xff\xff".to_vec(), StatusCode::BAD_REQUEST),
        ("application/json", "gzip", b"plain".to_vec(), StatusCode::BAD_REQUEST),
        ("application/json", "br", BODY.as_bytes().to_vec(), StatusCode::BAD_REQUEST),
        ("application/json", "", vec![b' '; 201], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let (status, body, retry) = post(&otlp, "/v1/traces", content_type, encoding, body).await;
        assert_eq!((status, retry), (expected, false), "{body}");
    }
    let (status, ..) = post(&otlp, "/v1/logs", "application/json", "", b"{}".to_vec()).await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "no sink for logs");
}

#[tokio::test]
async fn a_store_that_cannot_write_asks_for_a_retry() {
    let sink = Arc::new(Sink { fail: Some(|| StoreError::Closed), ..Default::default() });
    let (status, _, retry) =
        post(&otlp(&sink, Limits::default()), "/v1/traces", "application/json", "", BODY.into()).await;
    assert_eq!((status, retry), (StatusCode::SERVICE_UNAVAILABLE, true));
    let sink = Arc::new(Sink {
        fail: Some(|| StoreError::Limit { what: "slow down".into() }),
        ..Default::default()
    });
    let (status, _, retry) =
        post(&otlp(&sink, Limits::default()), "/v1/traces", "application/json", "", BODY.into()).await;
    assert_eq!((status, retry), (StatusCode::TOO_MANY_REQUESTS, true));
}

#[tokio::test]
async fn too_many_requests_at_once_are_turned_away_and_counted() {
    let sink = Arc::new(Sink::default());
    let otlp = otlp(&sink, Limits { max_in_flight: 0, ..Default::default() });
    let (status, _, retry) = post(&otlp, "/v1/traces", "application/json", "", BODY.into()).await;
    assert_eq!((status, retry), (StatusCode::SERVICE_UNAVAILABLE, true));
    assert_eq!(otlp.counts().traces.busy.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn long_texts_are_cut_at_a_character() {
    let sink = Arc::new(Sink::default());
    let otlp = otlp(&sink, Limits { max_attribute_bytes: 4, ..Limits::default() });
    let long = BODY.replace("\"name\":\"a\"", r#""attributes":[{"key":"k","value":{"stringValue":"abcé"}}]"#);
    post(&otlp, "/v1/traces", "application/json", "", long.into()).await;
    let got = sink.got.lock().unwrap();
    assert_eq!(got[0].spans[0].attributes[0].1, model::traces::AttrValue::Str("abc".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_with_gzip_reaches_the_sink_and_stops_when_told() {
    let sink = Arc::new(Sink::default());
    let otlp = otlp(&sink, Limits::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn({
        let (otlp, stop) = (otlp.clone(), stop.clone());
        async move { otlp.serve_grpc(listener, stop).await }
    });
    let mut client = TraceServiceClient::connect(format!("http://{address}"))
        .await
        .unwrap()
        .send_compressed(CompressionEncoding::Gzip);
    let span =
        |trace_id: Vec<u8>| Span { trace_id, span_id: vec![1; 8], name: "g".into(), ..Default::default() };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans: vec![span(vec![1; 16]), span(vec![1; 3])],
                ..Default::default()
            }],
            ..Default::default()
        }],
    };
    let response = client.export(request).await.unwrap().into_inner();
    assert_eq!(response.partial_success.map(|partial| partial.rejected_spans), Some(1));
    assert_eq!(sink.got.lock().unwrap()[0].spans.len(), 1);
    stop.cancel();
    serving.await.unwrap().unwrap();
}
