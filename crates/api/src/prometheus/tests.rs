use super::*;
use ::rules::view::{AlertState, AlertView, RuleHealth, RuleKind, RuleView};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use model::metrics::{AppendRow, Exemplar, Metadata, MetricType, Sample, SeriesKey};
use model::{Labels, ManualClock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tower::ServiceExt;
use tsdb::{Options, Store};
use wire::remote_write::{self, WriteRequest, WriteSeries};

/// The present time of all tests, in milliseconds.
const NOW: i64 = 1_700_000_000_000;

fn row(pairs: &[(&str, &str)], t: i64, v: f64) -> AppendRow {
    let series = SeriesKey::Labels(Labels::from_pairs(pairs.iter().copied()));
    AppendRow { series, sample: Sample { t, v }, exemplar: None }
}

/// `up` of two jobs, a counter that rises by one a second, an exemplar on it, metadata.
fn api() -> PrometheusApi {
    let store = Store::in_memory(Options::default());
    let mut rows = vec![
        row(&[("__name__", "up"), ("job", "a")], NOW - 10_000, 1.0),
        row(&[("__name__", "up"), ("job", "b")], NOW - 10_000, 0.0),
    ];
    for second in (0..=300).step_by(5) {
        rows.push(row(
            &[("__name__", "reqs_total"), ("path", "/é\"")],
            NOW - 300_000 + second * 1000,
            second as f64,
        ));
    }
    let labels = Labels::from_pairs([("trace_id", "abc")]);
    rows.last_mut().unwrap().exemplar = Some(Exemplar { labels, value: 6.5, t: NOW - 21 });
    use model::metrics::MetricAppender;
    store.append(&rows).unwrap();
    let metadata =
        |help: &str| Metadata { kind: MetricType::Counter, help: help.into(), unit: String::new() };
    store.set_metadata("reqs", metadata("one"));
    store.set_metadata("reqs", metadata("two"));
    let status = StatusInfo {
        version: "3.14.0".into(),
        revision: "abc".into(),
        started: NOW - 1,
        ..Default::default()
    };
    let clock = Arc::new(ManualClock::at_millis(NOW));
    PrometheusApi::new(Arc::new(store), Engine::default(), clock, status)
}

async fn send(api: &PrometheusApi, request: Request<Body>) -> (StatusCode, String) {
    let response = router(api.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn get_text(api: &PrometheusApi, path: &str) -> (StatusCode, String) {
    send(api, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn get_data(api: &PrometheusApi, path: &str) -> Value {
    let (status, text) = get_text(api, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    let mut body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["status"], "success");
    body["data"].take()
}

/// The status, class and text of an error.
async fn error(api: &PrometheusApi, path: &str) -> (u16, String, String) {
    let (status, text) = get_text(api, path).await;
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {status} {text}"));
    assert_eq!(body["status"], "error", "{path}: {text}");
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (status.as_u16(), text("errorType"), text("error"))
}

#[tokio::test]
async fn an_instant_query_has_the_exact_shape_of_upstream() {
    let api = api();
    let (_, vector) = get_text(&api, "/api/v1/query?query=up&time=1700000000.5").await;
    assert_eq!(
        vector,
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1700000000.500,"1"]},{"metric":{"__name__":"up","job":"b"},"value":[1700000000.500,"0"]}]}}"#
    );
    let (_, scalar) = get_text(&api, "/api/v1/query?query=1%2B1").await;
    assert_eq!(scalar, r#"{"status":"success","data":{"resultType":"scalar","result":[1700000000,"2"]}}"#);
    let (_, text) = get_text(&api, "/api/v1/query?query=%22a%5C%22b%22").await;
    assert_eq!(text, r#"{"status":"success","data":{"resultType":"string","result":[1700000000,"a\"b"]}}"#);
    let empty = get_data(&api, "/api/v1/query?query=nothing").await;
    assert_eq!(empty, json!({"resultType": "vector", "result": []}));
    let matrix = get_data(&api, "/api/v1/query?query=reqs_total%5B6s%5D").await;
    assert_eq!(matrix["result"][0]["metric"]["path"], "/é\"");
    assert_eq!(matrix["result"][0]["values"], json!([[1_699_999_995, "295"], [1_700_000_000, "300"]]));
}

#[tokio::test]
async fn a_query_may_come_as_a_form() {
    let request = Request::post("/api/v1/query?time=0")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("query=sum(up)&time=2023-11-14T22%3A13%3A20Z"))
        .unwrap();
    let (status, body) = send(&api(), request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains(r#""result":[{"metric":{},"value":[1700000000,"1"]}]"#), "{body}");
}

#[tokio::test]
async fn a_range_query() {
    let api = api();
    let path = "/api/v1/query_range?query=rate(reqs_total%5B1m%5D)&start=1699999940&end=1700000000&step=30s";
    let data = get_data(&api, path).await;
    let values = json!([[1_699_999_940, "1"], [1_699_999_970, "1"], [1_700_000_000, "1"]]);
    assert_eq!(data["resultType"], "matrix");
    assert_eq!(data["result"], json!([{"metric": {"path": "/é\""}, "values": values}]));
}

#[tokio::test]
async fn limits_lookback_and_stats_are_honoured() {
    let api = api();
    let (_, text) = get_text(&api, "/api/v1/query?query=up&limit=1").await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["data"]["result"].as_array().unwrap().len(), 1);
    assert_eq!(body["warnings"], json!(["results truncated due to limit"]));
    let seen = get_data(&api, "/api/v1/query?query=up&lookback_delta=5s").await;
    assert_eq!(seen["result"], json!([]), "the sample is ten seconds old");
    let with_stats = get_data(&api, "/api/v1/query?query=up&stats=true").await;
    assert!(with_stats["stats"]["timings"]["execTotalTime"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn errors_have_upstreams_class_status_and_words() {
    let api = api();
    for (path, status, class, text) in [
        (
            "query?query=up&time=x",
            400,
            "bad_data",
            "invalid parameter \"time\": Invalid time value for 'time': cannot parse \"x\" to a valid timestamp",
        ),
        (
            "query?query=up&timeout=x",
            400,
            "bad_data",
            "invalid parameter \"timeout\": cannot parse \"x\" to a valid duration",
        ),
        (
            "query?query=up&limit=-1",
            400,
            "bad_data",
            "invalid parameter \"limit\": limit must be non-negative",
        ),
        (
            "query_range?query=up&end=1&step=1",
            400,
            "bad_data",
            "invalid parameter \"start\": cannot parse \"\" to a valid timestamp",
        ),
        (
            "query_range?query=up&start=2&end=1&step=1",
            400,
            "bad_data",
            "invalid parameter \"end\": end timestamp must not be before start time",
        ),
        (
            "query_range?query=up&start=1&end=2&step=0",
            400,
            "bad_data",
            "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
        ),
        (
            "query_range?query=up&start=0&end=11001&step=1",
            400,
            "bad_data",
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ),
        (
            "query_range?query=up%5B1m%5D&start=0&end=1&step=1",
            400,
            "bad_data",
            "invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector",
        ),
        ("series", 400, "bad_data", "no match[] parameter provided"),
        (
            "query_exemplars?query=up&start=2&end=1",
            400,
            "bad_data",
            "end timestamp must not be before start timestamp",
        ),
        ("metadata?limit=x", 400, "bad_data", "limit must be a number"),
        ("rules?type=x", 400, "bad_data", "invalid parameter \"type\": not supported value \"x\""),
        (
            "query?query=label_replace(up,%22job%22,%22x%22,%22%22,%22%22)",
            422,
            "execution",
            "vector cannot contain metrics with the same labelset",
        ),
    ] {
        let found = error(&api, &format!("/api/v1/{path}")).await;
        assert_eq!(found, (status, class.to_owned(), text.to_owned()), "{path}");
    }
    let (status, class, text) = error(&api, "/api/v1/query?query=sum(").await;
    assert_eq!((status, class.as_str()), (400, "bad_data"));
    assert!(text.starts_with("invalid parameter \"query\": 1:5: parse error"), "{text}");
    let (status, class, text) = error(&api, "/api/v1/series?match%5B%5D=%7Ba%3D%22%22%7D").await;
    assert_eq!((status, class.as_str()), (400, "bad_data"), "{text}");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_ended() {
    let api = api();
    let (status, class, text) = error(&api, "/api/v1/query?query=up&timeout=0").await;
    assert_eq!((status, class.as_str()), (503, "timeout"), "{text}");
    assert_eq!(text, "query timed out in query execution");
}

#[tokio::test]
async fn labels_series_and_metadata() {
    let api = api();
    assert_eq!(get_data(&api, "/api/v1/labels").await, json!(["__name__", "job", "path"]));
    assert_eq!(get_data(&api, "/api/v1/labels?match%5B%5D=up").await, json!(["__name__", "job"]));
    assert_eq!(get_data(&api, "/api/v1/label/job/values").await, json!(["a", "b"]));
    assert_eq!(get_data(&api, "/api/v1/label/job/values?end=1").await, json!([]));
    let series = get_data(&api, "/api/v1/series?match%5B%5D=up%7Bjob%3D%22a%22%7D&match%5B%5D=nothing").await;
    assert_eq!(series, json!([{"__name__": "up", "job": "a"}]));
    let (_, cut) = get_text(&api, "/api/v1/series?match%5B%5D=up&limit=1").await;
    assert!(cut.contains("results truncated due to limit"), "{cut}");
    let one = |help: &str| json!({"type": "counter", "help": help, "unit": ""});
    assert_eq!(get_data(&api, "/api/v1/metadata").await, json!({"reqs": [one("one"), one("two")]}));
    assert_eq!(
        get_data(&api, "/api/v1/metadata?metric=reqs&limit_per_metric=1").await,
        json!({"reqs": [one("one")]})
    );
    assert_eq!(get_data(&api, "/api/v1/metadata?metric=other").await, json!({}));
    assert_eq!(get_data(&api, "/api/v1/format_query?query=sum%20by(a)(up)").await, json!("sum by (a) (up)"));
}

#[tokio::test]
async fn exemplars_of_the_series_that_a_query_selects() {
    let path = "/api/v1/query_exemplars?query=rate(reqs_total%5B5m%5D)&start=1699999000&end=1700000000";
    let found = get_data(&api(), path).await;
    let exemplar = json!({"labels": {"trace_id": "abc"}, "value": "6.5", "timestamp": 1_699_999_999.979});
    let series = json!({"__name__": "reqs_total", "path": "/é\""});
    assert_eq!(found, json!([{"seriesLabels": series, "exemplars": [exemplar]}]));
    assert_eq!(get_data(&api(), "/api/v1/query_exemplars?query=up").await, json!([]));
}

fn groups() -> Vec<GroupView> {
    let alert = AlertView {
        labels: Labels::from_pairs([("alertname", "Down")]),
        annotations: BTreeMap::from([("summary".into(), "it is".into())]),
        state: AlertState::Firing,
        active_at: NOW - 500,
        keep_firing_since: None,
        value: 1.0,
    };
    let rule = |name: &str, kind: RuleKind| RuleView {
        name: name.into(),
        query: "up == 0".into(),
        labels: BTreeMap::from([("severity".into(), "page".into())]),
        health: RuleHealth::Ok,
        last_error: None,
        last_evaluation: Some(NOW),
        evaluation_time: Duration::from_millis(2),
        kind,
    };
    let alerting = RuleKind::Alerting {
        hold: Duration::from_secs(60),
        keep_firing_for: Duration::ZERO,
        annotations: BTreeMap::new(),
        state: AlertState::Firing,
        alerts: vec![alert],
    };
    vec![GroupView {
        name: "g".into(),
        file: "r.yml".into(),
        interval: Duration::from_secs(5),
        limit: 0,
        rules: vec![rule("Down", alerting), rule("up:sum", RuleKind::Recording)],
        last_evaluation: None,
        evaluation_time: Duration::ZERO,
    }]
}

#[tokio::test]
async fn rules_and_alerts() {
    let mut api = api();
    api.rules = Arc::new(groups);
    let all = get_data(&api, "/api/v1/rules").await;
    let group = &all["groups"][0];
    assert_eq!((&group["interval"], &group["lastEvaluation"]), (&json!(5.0), &json!("0001-01-01T00:00:00Z")));
    let alerting = &group["rules"][0];
    assert_eq!(
        (&alerting["type"], &alerting["state"], &alerting["duration"], &alerting["health"]),
        (&json!("alerting"), &json!("firing"), &json!(60.0), &json!("ok"))
    );
    assert_eq!(group["rules"][1]["type"], "recording");
    let shown = json!({
        "labels": {"alertname": "Down"},
        "annotations": {"summary": "it is"},
        "state": "firing",
        "activeAt": "2023-11-14T22:13:19.500Z",
        "value": "1e+00",
    });
    assert_eq!(alerting["alerts"], json!([shown]));
    assert_eq!(get_data(&api, "/api/v1/alerts").await, json!({"alerts": [shown]}));
    for (filter, names) in [
        ("type=alert", vec!["Down"]),
        ("type=record", vec!["up:sum"]),
        ("rule_name%5B%5D=up:sum", vec!["up:sum"]),
        ("rule_group%5B%5D=other", vec![]),
        ("file%5B%5D=r.yml", vec!["Down", "up:sum"]),
        ("match%5B%5D=%7Bseverity%3D%22ticket%22%7D", vec![]),
    ] {
        let found = get_data(&api, &format!("/api/v1/rules?{filter}")).await;
        let rules = found["groups"][0]["rules"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = rules.iter().map(|rule| rule["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{filter}");
    }
    let without = get_data(&api, "/api/v1/rules?exclude_alerts=true").await;
    assert_eq!(without["groups"][0]["rules"][0]["alerts"], json!([]));
}

#[tokio::test]
async fn status_pages() {
    let mut api = api();
    api.config_text = Arc::new(|| "global: {}\n".to_owned());
    api.alertmanagers = Arc::new(|| vec!["http://alertmanager:9093/api/v2/alerts".to_owned()]);
    assert_eq!(get_data(&api, "/api/v1/status/config").await, json!({"yaml": "global: {}\n"}));
    let build = get_data(&api, "/api/v1/status/buildinfo").await;
    assert_eq!(build["version"], "3.14.0");
    assert!(build.get("features").is_none(), "Grafana would take it for Mimir");
    let tsdb = get_data(&api, "/api/v1/status/tsdb?limit=1").await;
    assert_eq!(tsdb["headStats"]["numSeries"], 3);
    assert_eq!(tsdb["seriesCountByMetricName"], json!([{"name": "up", "value": 2}]));
    assert_eq!(tsdb["seriesCountByLabelValuePair"], json!([{"name": "__name__=up", "value": 2}]));
    assert_eq!(get_data(&api, "/api/v1/status/walreplay").await["state"], "done");
    assert_eq!(get_data(&api, "/api/v1/status/flags").await, json!({}));
    assert_eq!(get_data(&api, "/api/v1/status/runtimeinfo").await["startTime"], "2023-11-14T22:13:19.999Z");
    let found = get_data(&api, "/api/v1/alertmanagers").await;
    assert_eq!(found["activeAlertmanagers"][0]["url"], "http://alertmanager:9093/api/v2/alerts");
    assert_eq!(get_data(&api, "/api/v1/targets").await["activeTargets"], json!([]));
    let (_, page) = get_text(&api, "/metrics").await;
    assert!(page.contains("prometheus_tsdb_head_series 3\n"), "{page}");
    assert!(page.contains("prometheus_tsdb_head_samples_appended_total 63\n"), "{page}");
    let entries = wire::openmetrics::Parser::new(&page, wire::openmetrics::Format::Text);
    assert!(entries.inspect(|entry| assert!(entry.is_ok(), "{entry:?}")).count() > 30);
}

#[tokio::test]
async fn targets_of_a_scraper() {
    let mut api = api();
    let context = collect::scrape::ScrapeContext {
        store: Arc::new(Store::in_memory(Options::default())),
        clock: Arc::new(ManualClock::at_millis(NOW)),
        resolve: Arc::new(str::to_owned),
        base: ".".into(),
        seed: 0,
    };
    let scraper = Scraper::new(context, tokio_util::sync::CancellationToken::new()).unwrap();
    let text = "scrape_configs:\n- job_name: j\n  scrape_interval: 1h\n  \
                static_configs: [{targets: ['a:1', 'b:2']}]\n  \
                relabel_configs: [{source_labels: [__address__], regex: 'b:2', action: drop}]\n";
    scraper.apply(&stackconf::prometheus::parse("test.yml", text).unwrap().config);
    api.scraper = Some(Arc::clone(&scraper));
    let found = get_data(&api, "/api/v1/targets").await;
    let target = &found["activeTargets"][0];
    assert_eq!(
        (&target["scrapeUrl"], &target["health"], &target["lastScrape"], &target["scrapeInterval"]),
        (&json!("http://a:1/metrics"), &json!("unknown"), &json!("0001-01-01T00:00:00Z"), &json!("1h"))
    );
    assert_eq!(target["labels"], json!({"instance": "a:1", "job": "j"}));
    assert_eq!(target["discoveredLabels"]["__address__"], "a:1");
    assert_eq!(found["droppedTargets"][0]["discoveredLabels"]["__address__"], "b:2");
    assert_eq!(found["droppedTargetCounts"], json!({"j": 1}));
    assert_eq!(get_data(&api, "/api/v1/targets?state=active").await["droppedTargets"], json!([]));
    assert_eq!(get_data(&api, "/api/v1/targets?scrapePool=other").await["activeTargets"], json!([]));
    assert_eq!(get_data(&api, "/api/v1/scrape_pools").await, json!({"scrapePools": ["j"]}));
    scraper.stop().await;
}

fn write_request(t: i64, exemplars: Vec<Exemplar>) -> Vec<u8> {
    let samples = if exemplars.is_empty() { vec![(t, 1.0_f64.to_bits())] } else { vec![] };
    let labels = Labels::from_pairs([("__name__", "remote")]);
    let request =
        WriteRequest { series: vec![WriteSeries { labels, samples, exemplars }], ..Default::default() };
    remote_write::encode(&request).unwrap()
}

async fn post(api: &PrometheusApi, body: Vec<u8>, kind: &str) -> (StatusCode, String) {
    let request = Request::post("/api/v1/write")
        .header(header::CONTENT_TYPE, kind)
        .header(header::CONTENT_ENCODING, "snappy")
        .body(Body::from(body))
        .unwrap();
    send(api, request).await
}

#[tokio::test]
async fn remote_write_takes_samples_and_exemplars() {
    let api = api();
    let kind = remote_write::CONTENT_TYPE;
    assert_eq!(post(&api, write_request(NOW, vec![]), kind).await.0, StatusCode::NO_CONTENT);
    let exemplar = Exemplar { labels: Labels::from_pairs([("trace_id", "x")]), value: 1.0, t: NOW };
    assert_eq!(post(&api, write_request(NOW, vec![exemplar]), kind).await.0, StatusCode::NO_CONTENT);
    let found = get_data(&api, "/api/v1/query_exemplars?query=remote").await;
    assert_eq!(found[0]["exemplars"][0]["labels"], json!({"trace_id": "x"}));
    let (status, text) = post(&api, write_request(NOW - 1, vec![]), kind).await;
    assert_eq!((status, text.as_str()), (StatusCode::BAD_REQUEST, "out of order sample\n"));
    assert_eq!(post(&api, b"rubbish".to_vec(), kind).await.0, StatusCode::BAD_REQUEST);
    let version_2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    assert_eq!(post(&api, vec![], version_2).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn otlp_metrics_are_stored_under_prometheus_names() {
    let api = api();
    let body = json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeMetrics": [{"metrics": [{"name": "queue.depth", "gauge": {"dataPoints": [
            {"timeUnixNano": (NOW * 1_000_000).to_string(), "asDouble": 4.5}
        ]}}]}]
    }]});
    let request = Request::post("/api/v1/otlp/v1/metrics")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let (status, text) = send(&api, request).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let found = get_data(&api, "/api/v1/query?query=queue_depth").await;
    assert_eq!(found["result"][0]["value"][1], "4.5");
}

#[tokio::test]
async fn health_reload_and_pages() {
    let mut api = api();
    assert_eq!(
        get_text(&api, "/-/healthy").await,
        (StatusCode::OK, "Prometheus Server is Healthy.\n".into())
    );
    assert_eq!(get_text(&api, "/-/ready").await.0, StatusCode::OK);
    api.ready = Arc::new(|| false);
    assert_eq!(get_text(&api, "/-/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    let reload = |api: &PrometheusApi| {
        let api = api.clone();
        async move { send(&api, Request::post("/-/reload").body(Body::empty()).unwrap()).await }
    };
    api.reload = Arc::new(|| Err("prometheus.yml:3: no".to_owned()));
    let (status, text) = reload(&api).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(text, "failed to reload config: prometheus.yml:3: no\n");
    assert_eq!(get_data(&api, "/api/v1/status/runtimeinfo").await["reloadConfigSuccess"], false);
    api.reload = Arc::new(|| Ok(()));
    assert_eq!(reload(&api).await.0, StatusCode::OK);
    let runtime = get_data(&api, "/api/v1/status/runtimeinfo").await;
    assert_eq!(
        (&runtime["reloadConfigSuccess"], &runtime["lastConfigTime"]),
        (&json!(true), &json!("2023-11-14T22:13:20Z"))
    );
    api.console_page = Some(Arc::new(|subject| format!("http://127.0.0.1:3000/{subject}")));
    for page in ["", "graph", "query", "alerts", "targets", "rules"] {
        let request = Request::get(format!("/{page}")).body(Body::empty()).unwrap();
        let response = router(api.clone()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(response.headers()[header::LOCATION], format!("http://127.0.0.1:3000/{page}"));
    }
    assert_eq!(get_text(&api, "/nothing").await.0, StatusCode::NOT_FOUND);
}
