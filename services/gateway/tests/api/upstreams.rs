//! Upstreams that fail, hang or misbehave.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use serde_json::json;
use testkit::{
    Collector,
    collector::{int, text},
};

use crate::TestApp;

const ITEMS: &str = r#"{"items":[]}"#;

fn order() -> serde_json::Value {
    json!({"items": [{"id": "1", "price": 1, "quantity": 1}]})
}

/// An upstream whose every path fails `failures` times and then works, and the count of its calls.
fn flaky(failures: usize) -> (Router, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let answer = move || {
        let failed = counter.fetch_add(1, Ordering::SeqCst) < failures;
        async move { if failed { (StatusCode::INTERNAL_SERVER_ERROR, "") } else { (StatusCode::OK, ITEMS) } }
    };
    (Router::new().route("/items", get(answer.clone())).route("/checkout", post(answer)), calls)
}

#[tokio::test]
async fn a_read_is_attempted_twice() {
    let (upstream, calls) = flaky(1);
    let (app, collector) = TestApp::before(upstream).await;
    assert_eq!(app.get("/browse").await, (200, json!({"items": []})));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(
        app.metric("upstream_retries_total{service=\"gateway\",upstream=\"catalog\"}").await,
        Some(1.0)
    );
    let spans = collector.wait_for(3).await;
    let calls: Vec<_> = spans.iter().filter(|span| span.proto.kind == 3).collect();
    let (failed, retried) = (calls[0], calls[1]);
    assert_eq!((failed.status(), failed.attribute("error.type")), (2, text("500")));
    assert_eq!(retried.attribute("http.request.resend_count"), int(1));
}

#[tokio::test]
async fn a_read_is_not_attempted_three_times() {
    let (upstream, calls) = flaky(usize::MAX);
    let (app, _collector) = TestApp::before(upstream).await;
    let (status, problem) = app.get("/browse").await;
    assert_eq!((status, problem["detail"].as_str()), (502, Some("catalog failed")));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(app.count("GET", "/browse", 502).await, Some(1.0));
}

#[tokio::test]
async fn a_purchase_is_attempted_once() {
    let (upstream, calls) = flaky(1);
    let (app, _collector) = TestApp::before(upstream).await;
    let (status, problem) = app.purchase(&order()).await;
    assert_eq!((status, problem["detail"].as_str()), (502, Some("checkout failed")));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(app.sink.wait_for("POST /purchase 502")["level"], "ERROR");
}

#[tokio::test]
async fn nobody_there_is_502_and_the_cause_stays_in_the_log() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let collector = Collector::start().await;
    let app = TestApp::start(&format!("http://{free}"), &format!("http://{free}"), &collector).await;
    for (status, problem) in [app.get("/browse").await, app.purchase(&order()).await] {
        assert_eq!(status, 502);
        assert!(!problem.to_string().contains("refused"), "{problem}");
    }
    let spans = collector.wait_for(5).await;
    assert!(spans.iter().any(|span| span.attribute("error.type") == text("connect")));
}

#[tokio::test]
async fn an_upstream_that_hangs_is_504_after_three_seconds() {
    let hang = async || tokio::time::sleep(Duration::from_secs(60)).await;
    let (app, collector) =
        TestApp::before(Router::new().route("/items", get(hang)).route("/checkout", post(hang))).await;
    let started = Instant::now();
    let body = order();
    let (browse, purchase) = tokio::join!(app.get("/browse"), app.purchase(&body));
    let took = started.elapsed();
    assert!((Duration::from_millis(2_900)..Duration::from_millis(4_500)).contains(&took), "{took:?}");
    assert_eq!((browse.0, browse.1["detail"].as_str()), (504, Some("catalog was too slow")));
    assert_eq!((purchase.0, purchase.1["detail"].as_str()), (504, Some("checkout was too slow")));
    assert_eq!(app.count("GET", "/browse", 504).await, Some(1.0));
    assert_eq!(app.count("POST", "/purchase", 504).await, Some(1.0));
    // The calls that were given up have their spans, too.
    let spans = collector.wait_for(4).await;
    assert_eq!(spans.iter().filter(|span| span.attribute("error.type") == text("cancelled")).count(), 2);
}

#[tokio::test]
async fn half_a_second_of_latency_passes() {
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(500)).await;
        ITEMS
    };
    let (app, _collector) = TestApp::before(Router::new().route("/items", get(slow))).await;
    assert_eq!(app.get("/browse").await.0, 200);
}

#[tokio::test]
async fn answers_that_break_the_contract_are_502() {
    let endless = async || vec![b'x'; 3 * 1024 * 1024];
    let upstream =
        Router::new().route("/items", get(endless)).route("/checkout", post(async || StatusCode::NOT_FOUND));
    let (app, _collector) = TestApp::before(upstream).await;
    assert_eq!(app.get("/browse").await.0, 502);
    assert_eq!(app.purchase(&order()).await.0, 502);
}

#[tokio::test]
async fn second_attempts_do_not_double_the_load_of_a_failing_upstream() {
    let (upstream, calls) = flaky(usize::MAX);
    let (app, _collector) = TestApp::before(upstream).await;
    for _ in 0..100 {
        assert_eq!(app.get("/browse").await.0, 502);
    }
    // Ten in reserve, and one for every five calls.
    let calls = calls.load(Ordering::SeqCst);
    assert!((125..=131).contains(&calls), "{calls}");
}

#[tokio::test]
async fn a_user_who_goes_away_is_recorded_and_the_call_behind_is_given_up() {
    let hang = async || tokio::time::sleep(Duration::from_secs(60)).await;
    let (app, collector) = TestApp::before(Router::new().route("/items", get(hang))).await;
    let request = app.http.get(format!("{}/browse", app.url)).timeout(Duration::from_millis(200));
    assert!(request.send().await.is_err());
    let spans = collector.wait_for(2).await;
    let find = |kind: i32| spans.iter().find(|span| span.proto.kind == kind).unwrap();
    assert_eq!(find(2).attribute("http.response.status_code"), int(499));
    assert_eq!(find(3).attribute("error.type"), text("cancelled"));
    assert_eq!(find(3).parent_id(), find(2).span_id());
    assert_eq!(app.count("GET", "/browse", 499).await, Some(1.0));
    assert_eq!(app.sink.wait_for("GET /browse 499")["level"], "WARN");
}
