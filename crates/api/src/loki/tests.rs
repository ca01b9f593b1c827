use super::*;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use logdb::{Config, LogDb};
use model::logs::{LogEntry, LogStream};
use model::{Labels, ManualClock};
use serde_json::{Value, json};
use std::io::Write;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

const S: i64 = 1_000_000_000;
const NOW: i64 = 1_767_225_600;

struct App {
    router: Router,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

fn app_with(config: Config, limits: LokiLimits) -> App {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at_nanos(NOW * S));
    let store = Arc::new(LogDb::open(folder.path(), config, clock.clone()).unwrap());
    let router = router(LokiApi::with_metrics(
        store,
        clock.clone(),
        limits,
        Some(Arc::new(|| "more_metrics 1\n".to_owned())),
    ));
    App { router, clock, _folder: folder }
}

fn app() -> App {
    app_with(Config { discover_service_name: Vec::new(), ..Config::default() }, LokiLimits::default())
}

impl App {
    async fn send(&self, request: Request<Body>) -> (u16, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str, params: &[(&str, &str)]) -> (u16, String) {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        self.send(Request::get(format!("{path}?{query}")).body(Body::empty()).unwrap()).await
    }

    async fn json(&self, path: &str, params: &[(&str, &str)]) -> Value {
        let (status, body) = self.get(path, params).await;
        assert_eq!(status, 200, "{path} {params:?}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    /// The `data` of an answer, without its statistics.
    async fn data(&self, path: &str, params: &[(&str, &str)]) -> Value {
        let mut answer = self.json(path, params).await;
        assert_eq!(answer["status"], "success");
        let mut data = answer["data"].take();
        if let Some(map) = data.as_object_mut() {
            assert!(map.remove("stats").is_some_and(|stats| stats["summary"].is_object()));
        }
        data
    }

    async fn push(&self, kind: &str, encoding: &str, body: Vec<u8>) -> (u16, String) {
        let request = Request::post("/loki/api/v1/push").header("content-type", kind);
        let request =
            if encoding.is_empty() { request } else { request.header("content-encoding", encoding) };
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn push_json(&self, streams: Value) -> (u16, String) {
        self.push("application/json", "", json!({"streams": streams}).to_string().into_bytes()).await
    }
}

fn ns(offset: i64) -> String {
    ((NOW + offset) * S).to_string()
}

/// Two services with three lines.
async fn filled() -> App {
    let app = app();
    let pushed = app
        .push_json(json!([
            {"stream": {"job": "shop", "svc": "a", "level": "INFO"}, "values": [
                [ns(-60), r#"{"status":200,"took":"20ms","nested":{"size":"2KB"}}"#, {"trace_id": "t1"}],
                [ns(-30), r#"{"status":500,"took":"1.5s"}"#, {"trace_id": "t2"}],
            ]},
            {"stream": {"job": "shop", "svc": "b"}, "values": [[ns(-45), "key=1 level=error"]]},
        ]))
        .await;
    assert_eq!(pushed, (204, String::new()));
    app
}

const RANGE: [(&str, &str); 2] = [("start", "1767225500"), ("end", "1767225600")];

fn with<'a>(params: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    RANGE.iter().chain(params).copied().collect()
}

#[tokio::test]
async fn all_ways_in_lead_to_the_same_lines() {
    let app = app();
    let json = json!({"streams": [{"stream": {"job": "j"}, "values": [[ns(-4), "plain"]]}]}).to_string();
    assert_eq!(app.push("application/json; charset=utf-8", "", json.clone().into_bytes()).await.0, 204);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(json.replace("plain", "gzipped").as_bytes()).unwrap();
    assert_eq!(app.push("application/json", "gzip", gzip.finish().unwrap()).await.0, 204);
    let entry = LogEntry { t: (NOW - 2) * S, line: "protobuf".to_owned(), metadata: Vec::new() };
    let stream = LogStream { labels: Labels::from_pairs([("job", "j")]), entries: vec![entry] };
    let body = wire::loki_push::encode_protobuf(&[stream]).unwrap();
    assert_eq!(app.push("application/x-protobuf", "", body).await.0, 204);
    let otlp = json!({"resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeLogs": [{"logRecords": [{"timeUnixNano": ns(-1), "severityNumber": 17, "body": {"stringValue": "otlp"}}]}],
    }]});
    let request = Request::post("/otlp/v1/logs").header("content-type", "application/json");
    assert_eq!(app.send(request.body(Body::from(otlp.to_string())).unwrap()).await.0, 204);
    let data = app
        .data("/loki/api/v1/query_range", &with(&[("query", "{job=\"j\"}"), ("direction", "forward")]))
        .await;
    let lines: Vec<_> =
        data["result"][0]["values"].as_array().unwrap().iter().map(|v| v[1].clone()).collect();
    assert_eq!(lines, ["plain", "gzipped", "protobuf"]);
    let data = app.data("/loki/api/v1/query_range", &with(&[("query", "{service_name=\"shop\"}")])).await;
    assert_eq!(data["result"][0]["values"][0][1], "otlp");
    assert_eq!(data["result"][0]["stream"]["detected_level"], "error");
}

#[tokio::test]
async fn a_push_that_cannot_be_taken_says_why() {
    let limits = LokiLimits { max_push: 1_000, ..LokiLimits::default() };
    let app = app_with(
        Config { max_line_size: 20, ingestion_rate: 100, ingestion_burst: 100, ..Config::default() },
        limits,
    );
    let (status, text) = app.push("application/json", "", b"{".to_vec()).await;
    assert!(status == 400 && text.contains("cannot read the push request as JSON"), "{status} {text}");
    assert_eq!(app.push("application/x-protobuf", "", b"\xff\xff\xff".to_vec()).await.0, 400);
    assert_eq!(app.push("application/json", "zstd", b"{}".to_vec()).await.0, 400);
    assert_eq!(app.push("application/json", "", vec![b' '; 1_500]).await.0, 413);
    let values = |line: &str| json!([{"stream": {"job": "x"}, "values": [[ns(0), line], [ns(1), "ok"]]}]);
    let (status, text) = app.push_json(values(&"x".repeat(30))).await;
    assert_eq!(status, 400);
    assert!(text.contains("max entry size 20 bytes exceeded for stream"), "{text}");
    assert!(text.ends_with("total ignored: 1 out of 2\n"), "{text}");
    let mut last = (0, String::new());
    for _ in 0..12 {
        last = app.push_json(values("0123456789")).await;
    }
    assert_eq!(last.0, 429, "{}", last.1);
    assert!(last.1.starts_with("ingestion rate limit exceeded (limit: 100 bytes/sec)"), "{}", last.1);
}

#[tokio::test]
async fn log_queries_plain_and_categorized() {
    let app = filled().await;
    let params = with(&[("query", "{svc=\"a\"} | json | status = 500")]);
    let data = app.data("/loki/api/v1/query_range", &params).await;
    let line = r#"{"status":500,"took":"1.5s"}"#;
    assert_eq!(
        data,
        json!({"resultType": "streams", "result": [{
            "stream": {"detected_level": "info", "job": "shop", "level": "INFO", "status": "500", "svc": "a", "took": "1.5s", "trace_id": "t2"},
            "values": [[ns(-30), line]],
        }]})
    );
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let request = Request::post("/loki/api/v1/query_range")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-loki-response-encoding-flags", "categorize-labels");
    let (status, body) = app.send(request.body(Body::from(query)).unwrap()).await;
    assert_eq!(status, 200);
    let mut answer: Value = serde_json::from_str(&body).unwrap();
    answer["data"].as_object_mut().unwrap().remove("stats");
    assert_eq!(
        answer["data"],
        json!({"resultType": "streams", "encodingFlags": ["categorize-labels"], "result": [{
            "stream": {"job": "shop", "level": "INFO", "svc": "a"},
            "values": [[ns(-30), line, {"structuredMetadata": {"detected_level": "info", "trace_id": "t2"}, "parsed": {"status": "500", "took": "1.5s"}}]],
        }]})
    );
}

#[tokio::test]
async fn metric_queries() {
    let app = filled().await;
    let instant = |query: &'static str| {
        let app = &app;
        async move { app.data("/loki/api/v1/query", &[("query", query)]).await }
    };
    assert_eq!(
        instant("vector(1)+vector(1)").await,
        json!({"resultType": "vector", "result": [{"metric": {}, "value": [NOW, "2"]}]})
    );
    assert_eq!(instant("1 / 4").await, json!({"resultType": "scalar", "result": [NOW, "0.25"]}));
    assert_eq!(
        instant("sum by (svc) (count_over_time({job=\"shop\"}[5m]))").await["result"],
        json!([{"metric": {"svc": "a"}, "value": [NOW, "2"]}, {"metric": {"svc": "b"}, "value": [NOW, "1"]}])
    );
    let params = with(&[("query", "sum(count_over_time({job=\"shop\"}[20s]))"), ("step", "20")]);
    assert_eq!(
        app.data("/loki/api/v1/query_range", &params).await,
        json!({"resultType": "matrix", "result": [{"metric": {}, "values": [
            [NOW - 60, "1"], [NOW - 40, "1"], [NOW - 20, "1"],
        ]}]})
    );
    let (_, body) = app.get("/loki/api/v1/query", &[("query", "vector(1)"), ("time", "1767225600.25")]).await;
    assert!(body.contains("\"value\":[1767225600.25,\"1\"]"), "{body}");
}

#[tokio::test]
async fn errors_are_text_with_a_status() {
    let app = filled().await;
    let range = "/loki/api/v1/query_range";
    let log = ("query", "{job=\"shop\"}");
    let metric = ("query", "rate({job=\"shop\"}[1m])");
    for (path, params, status, part) in [
        (range, with(&[]), 400, "parse error : syntax error: unexpected $end"),
        (range, with(&[("query", "{job=")]), 400, "parse error at line 1, col 6"),
        (range, with(&[log, ("limit", "0")]), 400, "limit must be a positive value"),
        (range, with(&[log, ("limit", "x")]), 400, "strconv.Atoi: parsing \"x\""),
        (range, with(&[log, ("limit", "6000")]), 400, "max_entries_limit_per_query (6000 > 5000)"),
        (range, with(&[log, ("direction", "up")]), 400, "invalid direction 'up'"),
        (
            range,
            vec![log, ("start", "5"), ("end", "5")],
            400,
            "end timestamp must not be before or equal to start time",
        ),
        (range, vec![log, ("start", "x"), ("end", "5")], 400, "could not parse 'start' parameter"),
        (range, with(&[metric, ("step", "abc")]), 400, "cannot parse \"abc\" to a valid duration"),
        (range, with(&[metric, ("step", "-5s")]), 400, "cannot parse \"-5s\" to a valid duration"),
        (range, with(&[metric, ("step", "0")]), 400, "zero or negative query resolution"),
        (range, with(&[metric, ("step", "1ms")]), 400, "exceeded maximum resolution of 11,000 points"),
        (
            range,
            vec![log, ("start", "1"), ("end", "1767225600")],
            400,
            "the query time range exceeds the limit",
        ),
        ("/loki/api/v1/query", vec![log], 400, "log queries are not supported as an instant query type"),
        (
            "/loki/api/v1/query",
            vec![("query", "count_over_time({svc=\"b\"} | json [5m])")],
            400,
            "pipeline error: 'JSONParserErr' for series",
        ),
        (
            "/loki/api/v1/query",
            vec![("query", "vector(1) + on () sum by (svc) (rate({job=\"shop\"}[5m]))")],
            500,
            "multiple matches",
        ),
        ("/loki/api/v1/labels", vec![("query", "{job=\"x\"")], 400, "expecting } or ,"),
        (
            "/loki/api/v1/series",
            vec![("match[]", "{job!=\"x\"}")],
            400,
            "at least one regexp or equality matcher",
        ),
        (
            "/loki/api/v1/patterns",
            with(&[("query", "{job=\"x\"} |= \"y\"")]),
            400,
            "only label matchers are supported",
        ),
        (
            "/loki/api/v1/index/volume",
            with(&[("query", "{job=\"x\"}"), ("aggregateBy", "x")]),
            400,
            "expected series or labels",
        ),
        ("/loki/api/v1/rules", vec![], 404, "no rule groups found"),
        ("/loki/api/v1/nosuch", vec![], 404, "404 page not found"),
    ] {
        let (found, text) = app.get(path, &params).await;
        assert_eq!(found, status, "{path} {params:?}: {text}");
        assert!(text.contains(part), "{path} {params:?}: {text}");
    }
}

#[tokio::test]
async fn a_query_is_stopped_in_time() {
    let limits = LokiLimits { query_timeout: Duration::ZERO, ..LokiLimits::default() };
    let app = app_with(Config::default(), limits);
    // Time stands still, so only a deadline that has passed stops it.
    assert_eq!(app.get("/loki/api/v1/query", &[("query", "rate({a=\"b\"}[1m])")]).await.0, 200);
    struct Runs(std::sync::atomic::AtomicI64);
    impl Clock for Runs {
        fn now_nanos(&self) -> i64 {
            self.0.fetch_add(S, std::sync::atomic::Ordering::Relaxed)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Runs(std::sync::atomic::AtomicI64::new(NOW * S)));
    let store = Arc::new(LogDb::open(folder.path(), Config::default(), clock.clone()).unwrap());
    let limits = LokiLimits { query_timeout: Duration::from_millis(1), ..LokiLimits::default() };
    let router = router(LokiApi::new(store, clock, limits));
    let request =
        Request::get("/loki/api/v1/query?query=rate(%7Ba%3D%22b%22%7D%5B1m%5D)").body(Body::empty());
    assert_eq!(router.oneshot(request.unwrap()).await.unwrap().status(), 504);
}

#[tokio::test]
async fn names_values_and_series() {
    let app = filled().await;
    assert_eq!(app.data("/loki/api/v1/labels", &RANGE).await, json!(["job", "level", "svc"]));
    assert_eq!(app.data("/loki/api/v1/label/svc/values", &RANGE).await, json!(["a", "b"]));
    let params = with(&[("query", "{level=\"INFO\"}")]);
    assert_eq!(app.data("/loki/api/v1/label/svc/values", &params).await, json!(["a"]));
    // Nothing found is an answer without data.
    assert_eq!(app.json("/loki/api/v1/label/nosuch/values", &RANGE).await, json!({"status": "success"}));
    assert_eq!(
        app.json("/loki/api/v1/labels", &[("start", "1"), ("end", "2")]).await,
        json!({"status": "success"})
    );
    let b = json!({"job": "shop", "svc": "b"});
    assert_eq!(
        app.data("/loki/api/v1/series", &with(&[("match[]", "{svc=\"b\"}"), ("match[]", "{svc=\"c\"}")]))
            .await,
        json!([b])
    );
    assert_eq!(app.data("/loki/api/v1/series", &with(&[("match[]", "{svc=\"c\"}")])).await, json!([]));
    assert_eq!(app.data("/loki/api/v1/series", &RANGE).await.as_array().unwrap().len(), 2);
    assert_eq!(app.json("/api/prom/label/svc/values", &RANGE).await, json!({"values": ["a", "b"]}));
    let legacy = app.json("/api/prom/query", &with(&[("query", "{svc=\"b\"}")])).await;
    assert_eq!(
        legacy["streams"],
        json!([{"labels": "{detected_level=\"error\", job=\"shop\", svc=\"b\"}", "entries": [{"ts": "2025-12-31T23:59:15Z", "line": "key=1 level=error"}]}])
    );
}

#[tokio::test]
async fn sizes() {
    let app = filled().await;
    let stats = app.json("/loki/api/v1/index/stats", &with(&[("query", "{job=\"shop\"}")])).await;
    assert_eq!(
        (&stats["streams"], &stats["entries"], &stats["bytes"]),
        (&json!(2), &json!(3), &json!(52 + 28 + 17))
    );
    let volume = |params: &'static [(&'static str, &'static str)]| {
        let app = &app;
        async move { app.data("/loki/api/v1/index/volume", &with(params)).await["result"].clone() }
    };
    let sample = |metric: Value, value: &str| json!({"metric": metric, "value": [NOW, value]});
    assert_eq!(volume(&[("query", "{job=\"shop\"}")]).await, json!([sample(json!({"job": "shop"}), "97")]));
    assert_eq!(
        volume(&[("query", "{job=\"shop\"}"), ("targetLabels", "svc")]).await,
        json!([sample(json!({"svc": "a"}), "80"), sample(json!({"svc": "b"}), "17")])
    );
    assert_eq!(
        volume(&[("query", "{job=\"shop\"}"), ("aggregateBy", "labels"), ("limit", "2")]).await,
        json!([sample(json!({"job": ""}), "97"), sample(json!({"svc": ""}), "97")])
    );
    let params = with(&[("query", "{job=\"shop\"}"), ("targetLabels", "svc"), ("step", "50s")]);
    let data = app.data("/loki/api/v1/index/volume_range", &params).await;
    assert_eq!(
        data["result"],
        json!([
            {"metric": {"svc": "a"}, "values": [[1_767_225_549.999, "52"], [NOW, "28"]]},
            {"metric": {"svc": "b"}, "values": [[NOW, "17"]]},
        ])
    );
}

#[tokio::test]
async fn what_can_be_filtered_by() {
    let app = filled().await;
    let labels = app.json("/loki/api/v1/detected_labels", &with(&[("query", "{job=\"shop\"}")])).await;
    let label = |name: &str, count: u32| json!({"label": name, "cardinality": count});
    assert_eq!(labels, json!({"detectedLabels": [label("job", 1), label("level", 1), label("svc", 2)]}));
    let fields = app.json("/loki/api/v1/detected_fields", &with(&[("query", "{job=\"shop\"}")])).await;
    let field = |label: &str, kind: &str, count: u32, parser: &str, path: &[&str]| {
        let mut field = json!({"label": label, "type": kind, "cardinality": count, "parsers": [parser]});
        if !path.is_empty() {
            field["jsonPath"] = json!(path);
        }
        field
    };
    assert_eq!(
        fields,
        json!({"limit": 1000, "fields": [
            {"label": "detected_level", "type": "string", "cardinality": 2, "parsers": null},
            field("key", "int", 1, "logfmt", &[]),
            field("level", "string", 1, "logfmt", &[]),
            field("nested_size", "bytes", 1, "json", &["nested", "size"]),
            field("status", "int", 2, "json", &["status"]),
            field("took", "duration", 2, "json", &["took"]),
            {"label": "trace_id", "type": "string", "cardinality": 2, "parsers": null},
        ]})
    );
    let values =
        app.json("/loki/api/v1/detected_field/nested_size/values", &with(&[("query", "{svc=\"a\"}")])).await;
    assert_eq!(values, json!({"values": ["2.0kB"], "limit": 1000}));
    let patterns = app.data("/loki/api/v1/patterns", &with(&[("query", "{svc=\"b\"}")])).await;
    assert_eq!(patterns[0]["pattern"], "key=<_> level=error");
    assert_eq!(patterns[0]["samples"], json!([[1_767_225_550, 1]]));
}

#[tokio::test]
async fn the_rest_of_the_house() {
    let app = filled().await;
    assert_eq!(app.get("/ready", &[]).await, (200, "ready\n".to_owned()));
    assert_eq!(app.json("/loki/api/v1/status/buildinfo", &[]).await["version"], "3.7.6");
    assert_eq!(app.json("/prometheus/api/v1/rules", &[]).await["data"], json!({"groups": []}));
    assert_eq!(app.json("/prometheus/api/v1/alerts", &[]).await["data"], json!({"alerts": []}));
    let format = app.json("/loki/api/v1/format_query", &[("query", "{a=\"b\"}|json|c>1ms")]).await;
    assert_eq!(format, json!({"status": "success", "data": "{a=\"b\"} | json | c>1ms"}));
    let (status, text) = app.get("/loki/api/v1/format_query", &[("query", "{a=\"b\"")]).await;
    let error: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &error["status"]), (400, &json!("invalid-query")));
    let (_, metrics) = app.get("/metrics", &[]).await;
    for line in [
        "loki_distributor_lines_received_total 3",
        "loki_request_duration_seconds_count{route=\"/loki/api/v1/push\",status_code=\"204\"} 1",
        "more_metrics 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
}

/// A WebSocket as a client speaks it, as far as this test needs: an upgrade, and unmasked text frames from the server.
struct Socket(tokio::net::TcpStream);

impl Socket {
    async fn open(address: std::net::SocketAddr, path: &str) -> Self {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    async fn message(&mut self) -> Value {
        let read = async {
            assert_eq!(self.0.read_u8().await.unwrap(), 0x81, "a text frame");
            let length = match self.0.read_u8().await.unwrap() {
                126 => self.0.read_u16().await.unwrap() as usize,
                127 => self.0.read_u64().await.unwrap() as usize,
                short => short as usize,
            };
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.unwrap();
            serde_json::from_slice(&body).unwrap()
        };
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("a message within 20 s")
    }
}

#[tokio::test]
async fn a_tail_shows_what_was_and_what_comes() {
    let app = filled().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, app.router.clone()).into_future());
    let query = "%7Bjob%3D%22shop%22%7D%20%7C%20logfmt%20%7C%20key%20%3E%200";
    let mut socket = Socket::open(address, &format!("/loki/api/v1/tail?query={query}&limit=5")).await;
    let first = socket.message().await;
    assert_eq!(first["streams"][0]["values"], json!([[ns(-45), "key=1 level=error"]]));
    assert_eq!(first["streams"][0]["stream"]["level_extracted"], Value::Null);
    app.clock.advance_millis(1_000);
    let values = json!([[ns(0), "key=0"], [ns(1), "key=7"], [ns(1), "other"]]);
    assert_eq!(
        app.push_json(json!([{"stream": {"job": "shop", "svc": "c"}, "values": values}])).await.0,
        204
    );
    let next = socket.message().await;
    assert_eq!(next["streams"].as_array().unwrap().len(), 1);
    assert_eq!(next["streams"][0]["values"], json!([[ns(1), "key=7"]]));
    drop(socket);
    server.abort();
}
