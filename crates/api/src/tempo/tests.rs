//! Shapes, codes and texts of the routes, over a small store.

use super::*;
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use model::ManualClock;
use model::traces::TraceAppender;
use serde_json::{Value, json};
use tower::ServiceExt;
use tracedb::{Options, TraceDb};
use wire::otlp::{Encoding, decode_traces};

/// Seconds since the epoch at which the first span starts.
const START: i64 = 1_700_000_000;

const SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
 "scopeSpans":[{"scope":{"name":"lib"},"spans":[
  {"traceId":"000000000000000000000000000000ab","spanId":"0000000000000001","name":"GET /","kind":2,
   "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000250000000",
   "attributes":[{"key":"http.response.status_code","value":{"intValue":"500"}},{"key":"empty","value":{"stringValue":""}}],
   "status":{"code":2}},
  {"traceId":"000000000000000000000000000000ab","spanId":"0000000000000002","parentSpanId":"0000000000000001",
   "name":"query","kind":3,"startTimeUnixNano":"1700000000100000000","endTimeUnixNano":"1700000000200000000"}]}]}]}"#;

struct App {
    _folder: tempfile::TempDir,
    router: axum::Router,
}

fn app() -> App {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = TraceDb::open(folder.path(), Options::default()).unwrap();
    store.push(decode_traces(SPANS.as_bytes(), Encoding::Json).unwrap().batches).unwrap();
    let clock = Arc::new(ManualClock::at_nanos((START + 60) * 1_000_000_000));
    App { _folder: folder, router: router(State::new(Arc::new(store), clock, Limits::default())) }
}

impl App {
    async fn bytes(&self, path: &str, accept: &str) -> (u16, Vec<u8>) {
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    async fn text(&self, path: &str) -> (u16, String) {
        let (status, bytes) = self.bytes(path, "application/json").await;
        (status, String::from_utf8(bytes).unwrap())
    }

    async fn json(&self, path: &str) -> Value {
        let (status, text) = self.text(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn refused(&self, path: &str, status: u16, message: &str) {
        assert_eq!(self.text(path).await, (status, message.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_trace_by_id_has_both_shapes_and_both_encodings() {
    let app = app();
    let one = app.json("/api/traces/AB").await;
    assert_eq!(one["batches"][0]["scopeSpans"][0]["spans"][0]["name"], "GET /");
    let two = app.json("/api/v2/traces/00000000000000000000000000ab").await;
    assert_eq!(two["trace"]["resourceSpans"], one["batches"]);
    let (status, bytes) = app.bytes("/api/traces/ab", "application/protobuf").await;
    assert_eq!(status, 200);
    let read = decode_traces(&bytes, Encoding::Protobuf).unwrap();
    assert_eq!(read.batches, decode_traces(SPANS.as_bytes(), Encoding::Json).unwrap().batches);
    let (_, wrapped) = app.bytes("/api/v2/traces/ab", "application/protobuf").await;
    assert!(wrapped.ends_with(&bytes) && wrapped[0] == 0x0a, "field 1 of the answer is the trace");
}

#[tokio::test]
async fn a_trace_that_is_not_there_or_no_id_is_answered_as_tempo_does() {
    let app = app();
    app.refused("/api/traces/cd", 404, "").await;
    assert_eq!(app.json("/api/v2/traces/cd").await["trace"], json!({}));
    app.refused(
        "/api/traces/xyz",
        400,
        "trace IDs can only contain hex characters: invalid character 'x' at position 1",
    )
    .await;
    app.refused(&format!("/api/traces/{}", "0".repeat(34)), 400, "trace IDs can't be larger than 128 bits")
        .await;
    app.refused(
        "/api/traces/ab?start=5&end=4",
        400,
        "http parameter start must be before end. received start=5 end=4",
    )
    .await;
}

#[tokio::test]
async fn a_search_shows_what_the_query_mentions() {
    let app = app();
    let found = app.json("/api/search?q=%7B%20status%20%3D%20error%20%7D").await;
    assert_eq!(
        found["traces"],
        json!([{
            "traceID": "ab", "rootServiceName": "shop", "rootTraceName": "GET /", "durationMs": 250,
            "startTimeUnixNano": "1700000000000000000",
            "spanSets": [{"matched": 1, "spans": [{"spanID": "0000000000000001", "startTimeUnixNano": "1700000000000000000",
                "durationNanos": "250000000", "attributes": [{"key": "status", "value": {"stringValue": "error"}}]}]}],
            "spanSet": {"matched": 1, "spans": [{"spanID": "0000000000000001", "startTimeUnixNano": "1700000000000000000",
                "durationNanos": "250000000", "attributes": [{"key": "status", "value": {"stringValue": "error"}}]}]},
            "serviceStats": {"shop": {"spanCount": 2, "errorCount": 1}},
        }])
    );
    let window = |start: i64, end: i64| format!("/api/search?q=%7B%7D&start={start}&end={end}");
    assert_eq!(app.json(&window(START - 10, START + 1)).await["traces"].as_array().unwrap().len(), 1);
    assert_eq!(app.json(&window(START + 1, START + 10)).await["traces"], json!([]));
}

#[tokio::test]
async fn tags_and_durations_search_without_details() {
    let app = app();
    for (parameters, count) in [
        ("tags=http.response.status_code%3D500", 1),
        ("tags=http.response.status_code%3D500%20service.name%3Dshop", 1),
        ("tags=name%3D%22GET%20/%22", 1),
        ("tags=http.response.status_code%3D404", 0),
        ("minDuration=200ms&maxDuration=300ms", 1),
        ("minDuration=251ms", 0),
    ] {
        let found = app.json(&format!("/api/search?{parameters}")).await;
        let traces = found["traces"].as_array().unwrap();
        assert_eq!(traces.len(), count, "{parameters}");
        assert!(traces.iter().all(|trace| trace.get("spanSets").is_none()));
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let app = app();
    for (path, message) in [
        (
            "/api/search?q=%7B",
            "invalid TraceQL query: parse error at line 1, col 2: syntax error: unexpected $end",
        ),
        (
            "/api/search?q=%7B%201%20%7D",
            "invalid TraceQL query: span filter field expressions must resolve to a boolean: { 1 }",
        ),
        ("/api/search?limit=-1", "invalid limit: strconv.ParseUint: parsing \"-1\": invalid syntax"),
        ("/api/search?limit=0", "invalid limit: must be a positive number"),
        ("/api/search?spss=101", "spans per span set exceeds 100. received 101"),
        ("/api/search?q=%7B%7D&tags=a%3Db", "invalid request: can't specify tags and q in the same query"),
        ("/api/search?tags=novalue", "invalid tags: cannot parse \"novalue\" as logfmt"),
        ("/api/search?minDuration=x", "invalid minDuration: time: invalid duration \"x\""),
        ("/api/search?start=a&end=2", "invalid start: strconv.ParseInt: parsing \"a\": invalid syntax"),
        ("/api/v2/search/tags?scope=bogus", "invalid scope: bogus"),
        (
            "/api/v2/search/tag/bogus/values",
            "please provide a valid tagName: failed to parse identifier bogus: parse error at line 1, col 2: unknown identifier: bogus",
        ),
        ("/api/metrics/query_range?q=%7B%7D", "not a metrics query"),
        ("/api/metrics/query_range?q=%7B", "parse error at line 1, col 2: syntax error: unexpected $end"),
        (
            "/api/metrics/query_range?q=%7B%7D%7Crate()%7Ctopk(0)",
            "compiling query: limit must be greater than 0",
        ),
        ("/api/metrics/query_range?q=%7B%7D%7Crate()&start=2&end=1", "end must be greater than start"),
        (
            "/api/metrics/query_range?q=%7B%7D%7Crate()&start=1200&end=1740&step=1ms",
            "step of 1ms is too small, minimum step for given range is 54ms",
        ),
    ] {
        app.refused(path, 400, message).await;
    }
    app.refused("/api/nosuch", 404, "404 page not found\n").await;
}

#[tokio::test]
async fn names_and_values_of_tags() {
    let app = app();
    let scopes = app.json("/api/v2/search/tags?scope=span").await;
    assert_eq!(scopes["scopes"], json!([{"name": "span", "tags": ["empty", "http.response.status_code"]}]));
    assert_eq!(app.json("/api/v2/search/tags?scope=link").await["scopes"], json!([]));
    let names = app.json("/api/search/tags").await;
    let names: Vec<&str> = names["tagNames"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(
        ["service.name", "http.response.status_code", "duration", "trace:id"]
            .iter()
            .all(|name| names.contains(name))
    );
    for (path, expected) in [
        (
            "/api/v2/search/tag/span.http.response.status_code/values",
            json!([{"type": "int", "value": "500"}]),
        ),
        ("/api/v2/search/tag/span.empty/values", json!([{"type": "string"}])),
        (
            "/api/v2/search/tag/name/values",
            json!([{"type": "string", "value": "GET /"}, {"type": "string", "value": "query"}]),
        ),
        (
            "/api/v2/search/tag/name/values?q=%7Bkind%3Dclient%7D",
            json!([{"type": "string", "value": "query"}]),
        ),
        (
            "/api/v2/search/tag/name/values?q=%7Bkind%3Dclient%20%26%26",
            json!([{"type": "string", "value": "GET /"}, {"type": "string", "value": "query"}]),
        ),
        ("/api/v2/search/tag/resource.service.name/values", json!([{"type": "string", "value": "shop"}])),
        ("/api/v2/search/tag/duration/values", json!([])),
        ("/api/search/tag/service.name/values", json!(["shop"])),
        ("/api/search/tag/status/values", json!([])),
    ] {
        assert_eq!(app.json(path).await["tagValues"], expected, "{path}");
    }
}

#[tokio::test]
async fn metrics_over_a_range_and_at_an_instant() {
    let app = app();
    let (start, end) = (START - 20, START + 20);
    let range = app
        .json(&format!(
            "/api/metrics/query_range?q=%7B%7D%7Ccount_over_time()&start={start}&end={end}&step=20s"
        ))
        .await;
    assert_eq!(
        range["series"],
        json!([{"labels": [{"key": "__name__", "value": {"stringValue": "count_over_time"}}],
            "promLabels": "{__name__=\"count_over_time\"}",
            "samples": [{"timestampMs": ((START - 20) * 1_000).to_string()}, {"timestampMs": (START * 1_000).to_string(), "value": 1.0},
                {"timestampMs": ((START + 20) * 1_000).to_string(), "value": 1.0}],
            "exemplars": range["series"][0]["exemplars"]}])
    );
    assert_eq!(range["series"][0]["exemplars"][0]["labels"][0]["key"], "trace:id");
    // Without a window: the last hour.
    let instant = app.json("/api/metrics/query?q=%7B%7D%7Ccount_over_time()").await;
    assert_eq!(instant["series"][0]["value"], 2.0);
}

#[tokio::test]
async fn health_version_and_own_metrics() {
    let app = app();
    assert_eq!(app.text("/api/echo").await, (200, "echo".to_owned()));
    assert_eq!(app.text("/ready").await, (200, "ready\n".to_owned()));
    assert_eq!(app.json("/api/status/buildinfo").await["version"], "3.0.3");
    let (_, metrics) = app.text("/metrics").await;
    for line in [
        "tempo_store_spans 2",
        "tempo_store_traces 1",
        "tempo_request_duration_seconds_count{method=\"GET\",route=\"/api/echo\",status_code=\"200\"} 1",
    ] {
        assert!(metrics.lines().any(|of| of == line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn times_at_the_ends_of_the_world_are_answered() {
    let app = app();
    for window in [
        "start=-9223372036854775808&end=9223372036854775807",
        "start=0&end=99999999999999999999",
        "start=1e300&end=2e300",
    ] {
        for path in [
            "/api/metrics/query_range?q=%7B%7D%7Crate()",
            "/api/metrics/query?q=%7B%7D%7Crate()",
            "/api/search?q=%7B%7D",
        ] {
            let (status, body) = app.text(&format!("{path}&{window}")).await;
            assert!([200, 400, 422].contains(&status), "{path}&{window}: {status} {body}");
        }
    }
}

#[tokio::test]
async fn queries_are_bounded_in_number_and_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = TraceDb::open(folder.path(), Options::default()).unwrap();
    let store: Arc<dyn TraceQuerier> = Arc::new(store);
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let limits = Limits { max_queries: 0, ..Limits::default() };
    let app = App { _folder: folder, router: router(State::new(store, clock, limits)) };
    app.refused("/api/search", 429, "too many outstanding requests: limit 0").await;
}
