use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use serde_json::Value;
use testkit::{
    Collector, Sink,
    collector::{int, text},
};
use tower::ServiceExt;
use tracing::Instrument;

use crate::{
    Endpoint, Problem, Service, Settings, Telemetry, chaos::ChaosSpec, json::JsonBody,
    metrics::negotiate::Format,
};

const SERVICE: Service = Service {
    name: "telemetry",
    endpoints: &[
        Endpoint { method: "GET", path: "/fine", success: 200 },
        Endpoint { method: "GET", path: "/things/{id}", success: 200 },
        Endpoint { method: "GET", path: "/panic", success: 200 },
        Endpoint { method: "GET", path: "/slow", success: 200 },
        Endpoint { method: "GET", path: "/inner", success: 200 },
        Endpoint { method: "POST", path: "/json", success: 201 },
    ],
    more_errors: &[],
};
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

struct Lab {
    telemetry: Arc<Telemetry>,
    app: Router,
    sink: Sink,
    collector: Collector,
}

impl Lab {
    async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let collector = Collector::start().await;
        let mut settings = Settings::default();
        settings.traces.endpoint = Some(collector.endpoint());
        settings.traces.interval = Some(Duration::from_millis(20));
        change(&mut settings);
        let sink = Sink::default();
        let telemetry = Telemetry::start_to(SERVICE, settings, sink.clone()).unwrap();
        let routes = Router::new()
            .route("/fine", get(async || "fine"))
            .route("/things/{id}", get(async || "thing"))
            .route("/panic", get(panics))
            .route("/slow", get(async || tokio::time::sleep(Duration::from_secs(60)).await))
            .route(
                "/inner",
                get(async || {
                    async { tracing::info!(answer = 42u64, "working") }
                        .instrument(tracing::info_span!("inner", size = 7i64))
                        .await;
                }),
            )
            .route("/json", axum::routing::post(async |JsonBody(_): JsonBody| StatusCode::CREATED))
            .method_not_allowed_fallback(Problem::method_not_allowed)
            .fallback(Problem::not_found);
        let app = telemetry.wrap(routes);
        Self { telemetry, app, sink, collector }
    }

    async fn send(&self, request: Request) -> (StatusCode, Value) {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    fn lines(&self) -> Vec<Value> {
        self.telemetry.logger().flush();
        self.sink.lines()
    }

    fn metrics(&self) -> String {
        self.telemetry.metrics().render(Format::OpenMetrics).unwrap()
    }

    fn count(&self, method: &str, route: &str, status: u16) -> f64 {
        let series = format!(
            "http_requests_total{{method=\"{method}\",route=\"{route}\",service=\"telemetry\",status=\"{status}\"}} "
        );
        let metrics = self.metrics();
        metrics
            .lines()
            .find_map(|line| line.strip_prefix(&series))
            .map_or(0.0, |value| value.parse().unwrap())
    }
}

async fn panics() {
    panic!("on purpose")
}

fn traced(path: &str, flags: &str) -> Request {
    Request::get(path)
        .header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"))
        .header("user-agent", "test/1")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn span_exemplar_count_and_line_agree() {
    let lab = Lab::new(|_| ()).await;
    let (status, _) = lab.send(traced("/things/7?x=1", "01")).await;
    assert_eq!(status, StatusCode::OK);
    let spans = lab.collector.wait_for(1).await;
    let span = &spans[0];
    assert_eq!((span.trace_id().as_str(), span.parent_id().as_str()), (TRACE, PARENT));
    assert_eq!((span.name(), span.proto.kind, span.status()), ("GET /things/{id}", 2, 0));
    // Numbers as numbers: `{ span.http.response.status_code >= 500 }` must work.
    assert_eq!(span.attribute("http.response.status_code"), int(200));
    assert_eq!(span.attribute("http.request.method"), text("GET"));
    assert_eq!(span.attribute("http.route"), text("/things/{id}"));
    assert_eq!(span.attribute("url.path"), text("/things/7"));
    assert_eq!(span.attribute("url.scheme"), text("http"));
    assert_eq!(span.attribute("user_agent.original"), text("test/1"));
    assert_eq!(span.attribute("network.protocol.version"), text("1.1"));
    assert_eq!(span.keys().len(), 7, "{:?}", span.keys());
    assert_eq!(span.resource("service.name"), text("telemetry"));
    assert_eq!(span.resource("service.namespace"), text("shop"));

    assert_eq!(lab.count("GET", "/things/{id}", 200), 1.0);
    let exemplar = format!("# {{trace_id=\"{TRACE}\",span_id=\"{}\"}}", span.span_id());
    assert!(lab.metrics().contains(&exemplar), "{}", lab.metrics());

    let line = &lab.lines()[0];
    let keys: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "timestamp",
        "level",
        "service",
        "route",
        "method",
        "status",
        "latency_ms",
        "trace_id",
        "span_id",
        "msg",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(
        (line["trace_id"].as_str(), line["span_id"].as_str()),
        (Some(TRACE), Some(span.span_id().as_str()))
    );
    assert_eq!((line["status"].as_i64(), line["level"].as_str()), (Some(200), Some("INFO")));
    assert_eq!(line["msg"], "GET /things/{id} 200");
}

#[tokio::test]
async fn a_request_that_is_not_sampled_leaves_no_exemplar_and_no_span_but_a_line_with_ids() {
    let lab = Lab::new(|_| ()).await;
    lab.send(traced("/fine", "00")).await;
    assert_eq!(lab.count("GET", "/fine", 200), 1.0);
    assert!(!lab.metrics().contains("trace_id"));
    assert_eq!(lab.lines()[0]["trace_id"], TRACE);
    lab.send(traced("/things/1", "01")).await;
    assert_eq!(lab.collector.wait_for(1).await[0].name(), "GET /things/{id}");
    assert_eq!(lab.collector.spans().len(), 1);
}

#[tokio::test]
async fn a_client_that_goes_away_is_recorded_as_499() {
    let lab = Lab::new(|_| ()).await;
    let call = lab.app.clone().oneshot(traced("/slow", "01"));
    assert!(tokio::time::timeout(Duration::from_millis(30), call).await.is_err());
    assert_eq!(lab.count("GET", "/slow", 499), 1.0);
    let line = &lab.lines()[0];
    assert_eq!((line["status"].as_i64(), line["level"].as_str()), (Some(499), Some("WARN")));
    let span = &lab.collector.wait_for(1).await[0];
    assert_eq!(span.attribute("http.response.status_code"), int(499));
    assert_eq!(span.attribute("error.type"), text("cancelled"));
    assert!(lab.metrics().contains("http_requests_in_flight{service=\"telemetry\"} 0\n"));
}

#[tokio::test]
async fn a_panic_is_a_500_with_a_problem_document() {
    let lab = Lab::new(|_| ()).await;
    let (status, problem) = lab.send(traced("/panic", "01")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(problem["trace_id"], TRACE);
    assert_eq!(lab.count("GET", "/panic", 500), 1.0);
    assert_eq!(lab.lines()[0]["level"], "ERROR");
    let span = &lab.collector.wait_for(1).await[0];
    assert_eq!((span.status(), span.attribute("error.type")), (2, text("500")));
}

#[tokio::test]
async fn errors_are_problems_and_count_under_their_route() {
    let lab = Lab::new(|_| ()).await;
    let post =
        |kind: &str, body: Body| Request::post("/json").header("content-type", kind).body(body).unwrap();
    let huge = || Body::from(vec![b' '; crate::json::BODY_LIMIT + 1]);
    for (request, status, method, route) in [
        (Request::get("/nowhere").body(Body::empty()).unwrap(), 404, "GET", "unmatched"),
        (Request::delete("/fine").body(Body::empty()).unwrap(), 405, "DELETE", "/fine"),
        (Request::builder().method("BREW").uri("/fine").body(Body::empty()).unwrap(), 405, "_OTHER", "/fine"),
        (post("application/json", Body::from("{")), 400, "POST", "/json"),
        (post("text/plain", Body::from("{}")), 415, "POST", "/json"),
        (post("application/json", huge()), 413, "POST", "/json"),
    ] {
        let (answered, problem) = lab.send(request).await;
        assert_eq!(answered.as_u16(), status);
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["trace_id"].as_str().unwrap().len(), 32);
        assert_eq!(lab.count(method, route, status), 1.0, "{method} {route} {status}");
    }
    let spans = lab.collector.wait_for(6).await;
    assert!(spans.iter().all(|span| span.status() == 0), "4xx is no error of the server");
    let names: Vec<_> = spans.iter().map(|span| span.name()).collect();
    assert_eq!(names[..3], ["GET", "DELETE /fine", "_OTHER /fine"]);
    assert!(lab.lines().iter().all(|line| line["level"] == "WARN"));
}

#[tokio::test]
async fn operators_are_neither_counted_nor_disturbed() {
    let lab =
        Lab::new(|settings| settings.chaos = ChaosSpec { error_rate: 1.0, ..ChaosSpec::default() }).await;
    let before = lab.lines().len();
    for path in ["/metrics", "/healthz", "/readyz", "/chaos"] {
        assert_eq!(lab.get(path).await.0, StatusCode::OK, "{path}");
    }
    assert_eq!(lab.get("/fine").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(lab.lines().len(), before + 1);
    assert_eq!(lab.collector.wait_for(1).await.len(), 1);
    assert!(!lab.metrics().contains("route=\"/metrics\""));
    assert_eq!(lab.count("GET", "/fine", 500), 1.0);
    // Paths without a route are spared.
    assert_eq!(lab.get("/nowhere").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn chaos_is_switched_over_http() {
    let lab = Lab::new(|_| ()).await;
    let change = |method: Method, body: &'static str| {
        Request::builder().method(method).uri("/chaos").body(Body::from(body)).unwrap()
    };
    let (status, shown) = lab.send(change(Method::PATCH, r#"{"error_rate":1}"#)).await;
    assert_eq!((status, shown["error_rate"].as_f64()), (StatusCode::OK, Some(1.0)));
    let (_, shown) = lab.send(change(Method::PATCH, r#"{"latency_ms":40}"#)).await;
    assert_eq!((shown["error_rate"].as_f64(), shown["latency_ms"].as_u64()), (Some(1.0), Some(40)));
    assert_eq!(shown["remaining_seconds"], 600);
    assert!(lab.metrics().contains("chaos_error_rate{service=\"telemetry\"} 1\n"));
    assert!(lab.metrics().contains("chaos_latency_seconds{service=\"telemetry\"} 0.04\n"));
    let started = std::time::Instant::now();
    let (status, problem) = lab.get("/fine").await;
    assert!(started.elapsed() >= Duration::from_millis(40));
    assert_eq!(
        (status, problem["detail"].as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, Some("this error was injected by chaos"))
    );
    assert!(problem["trace_id"].is_string());
    // What PUT leaves out is off.
    let (_, shown) = lab.send(change(Method::PUT, r#"{"latency_ms":1,"ttl_seconds":0}"#)).await;
    assert_eq!((shown["error_rate"].as_f64(), &shown["remaining_seconds"]), (Some(0.0), &Value::Null));
    assert_eq!(lab.get("/fine").await.0, StatusCode::OK);
    let (status, problem) = lab.send(change(Method::PUT, r#"{"error_rate":7}"#)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"][0]["field"], "error_rate");
    assert_eq!(problem["errors"][0]["message"], "found 7, expected a number from 0 to 1");
    assert_eq!(lab.get("/chaos").await.1["latency_ms"], 1, "a refused change changes nothing");
    assert_eq!(lab.send(change(Method::PUT, "{")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(lab.send(change(Method::POST, "{}")).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let (_, shown) = lab.send(change(Method::DELETE, "")).await;
    assert_eq!(shown["latency_ms"], 0);
    assert!(lab.telemetry.chaos().is_off());
}

#[tokio::test]
async fn spans_of_handlers_are_children_and_events_stay_lines() {
    let lab = Lab::new(|_| ()).await;
    let _default = tracing::subscriber::set_default(lab.telemetry.subscriber());
    lab.send(traced("/inner", "01")).await;
    let spans = lab.collector.wait_for(2).await;
    let find = |name: &str| spans.iter().find(|span| span.name() == name).unwrap();
    let (inner, server) = (find("inner"), find("GET /inner"));
    assert_eq!(inner.parent_id(), server.span_id());
    assert_eq!(inner.attribute("size"), int(7));
    // No code location, thread, target or busy time, and no copy of the log event.
    assert_eq!(inner.keys(), ["size"]);
    assert!(inner.proto.events.is_empty());
    let line = &lab.lines()[0];
    assert_eq!((line["msg"].as_str(), line["answer"].as_i64()), (Some("working"), Some(42)));
    assert_eq!(line["span_id"], inner.span_id());
}

#[tokio::test]
async fn a_high_log_level_takes_lines_away_but_no_spans() {
    let lab = Lab::new(|settings| settings.logs = "error".parse().unwrap()).await;
    let _default = tracing::subscriber::set_default(lab.telemetry.subscriber());
    lab.send(traced("/inner", "01")).await;
    assert_eq!(lab.collector.wait_for(2).await.len(), 2);
    assert!(lab.lines().is_empty());
}

#[tokio::test]
async fn spans_of_other_crates_are_not_exported() {
    let lab = Lab::new(|_| ()).await;
    let _default = tracing::subscriber::set_default(lab.telemetry.subscriber());
    for target_is_ours in [false, true] {
        if target_is_ours {
            tracing::info_span!(target: "telemetry::x", "ours").in_scope(|| ());
        } else {
            tracing::info_span!(target: "hyper", "theirs").in_scope(|| ());
            tracing::info_span!(target: "telemetry_of_others", "similar").in_scope(|| ());
        }
    }
    let spans = lab.collector.wait_for(1).await;
    assert_eq!(spans.iter().map(|span| span.name()).collect::<Vec<_>>(), ["ours"]);
}

#[tokio::test]
async fn without_traces_requests_are_still_counted_and_the_callers_ids_kept() {
    let lab = Lab::new(|settings| settings.traces.disabled = true).await;
    lab.send(traced("/fine", "01")).await;
    lab.get("/fine").await;
    assert_eq!(lab.count("GET", "/fine", 200), 2.0);
    assert_eq!(lab.lines()[0]["trace_id"], TRACE);
    assert_eq!(lab.lines()[1].get("trace_id"), None);
    assert!(lab.collector.spans().is_empty());
}

#[tokio::test]
async fn shutdown_exports_what_is_queued() {
    let lab = Lab::new(|settings| settings.traces.interval = Some(Duration::from_secs(60))).await;
    for _ in 0..50 {
        lab.send(traced("/fine", "01")).await;
    }
    assert!(lab.collector.spans().is_empty());
    lab.telemetry.shutdown().await;
    assert_eq!(lab.collector.spans().len(), 50);
    assert_eq!(lab.telemetry.spans().exported(), 50);
}
