use std::sync::atomic::AtomicUsize;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::json;

use super::*;
use crate::Phases;

/// A shop of one process: calls counted, answers as slow and as bad as told.
#[derive(Clone, Default)]
struct FakeShop {
    calls: Arc<AtomicUsize>,
    slow: Duration,
    broken: bool,
}

impl FakeShop {
    async fn start(self) -> String {
        let app = Router::new()
            .route("/browse", get(browse))
            .route("/items/{id}", get(async |Path(id): Path<String>| Json(json!({"id": id}))))
            .route("/purchase", post(purchase))
            .with_state(self);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }
}

async fn browse(State(shop): State<FakeShop>) -> Result<Json<Value>, StatusCode> {
    shop.calls.fetch_add(1, Ordering::SeqCst);
    sleep(shop.slow).await;
    if shop.broken {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(Json(json!({"items": [{"id": "1", "price": 2.5}, {"id": "a/b", "price": 1}]})))
}

async fn purchase(State(shop): State<FakeShop>, body: String) -> (StatusCode, Json<Value>) {
    shop.calls.fetch_add(1, Ordering::SeqCst);
    let good = serde_json::from_str::<Value>(&body).is_ok_and(|order| {
        order["items"].as_array().is_some_and(|lines| {
            !lines.is_empty()
                && lines
                    .iter()
                    .all(|line| line["price"].as_f64() > Some(0.0) && line["quantity"].as_u64() > Some(0))
        })
    });
    (if good { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY }, Json(json!({})))
}

fn constant(url: &str, rate: f64, millis: Option<u64>) -> Plan {
    let phases = Phases::constant(rate, millis.map(Duration::from_millis)).unwrap();
    Plan::new(url).unwrap().catalog(url).unwrap().phases(phases)
}

async fn run_quietly(plan: Plan) -> Summary {
    run(plan, |_| (), CancellationToken::new()).await
}

#[tokio::test]
async fn a_total_is_met_exactly_and_a_healthy_shop_has_no_errors() {
    let url = FakeShop::default().start().await;
    let summary = run_quietly(constant(&url, 1_000.0, None).total(300).seed(7)).await;
    assert_eq!(
        (summary.all.requests, summary.all.errors, summary.dropped, summary.abandoned),
        (300, 0, 0, 0)
    );
    assert!(!summary.stopped);
    let names: Vec<_> = summary.routes.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["GET /browse", "GET /items/{id}", "POST /purchase", "POST /purchase (invalid)"]);
    assert_eq!(summary.routes.iter().map(|route| route.part.requests).sum::<u64>(), 300);
    let invalid = &summary.routes[3].part;
    assert_eq!((invalid.rejected, invalid.errors), (invalid.requests, 0));
    assert_eq!(summary.outcomes["422"], invalid.requests);
    assert!(!summary.outcomes.keys().any(|name| name.starts_with('5')), "{:?}", summary.outcomes);
}

#[tokio::test]
async fn users_of_a_broken_shop_give_up_and_the_total_is_met_all_the_same() {
    let shop = FakeShop { broken: true, ..FakeShop::default() };
    let url = shop.clone().start().await;
    let summary = run_quietly(constant(&url, 2_000.0, None).total(200)).await;
    assert_eq!(summary.all.requests, 200);
    assert_eq!(shop.calls.load(Ordering::SeqCst), 200);
    assert_eq!(summary.all.errors + summary.all.rejected, 200);
    assert!(summary.outcomes["500"] > 150, "{:?}", summary.outcomes);
    // Requests that waited for the budget were due when they got it, not before.
    assert!(summary.all.max_ms < 1_000.0, "{}", summary.all.max_ms);
}

#[tokio::test]
async fn the_load_does_not_follow_the_pace_of_a_slow_shop() {
    let shop = FakeShop { slow: Duration::from_millis(400), ..FakeShop::default() };
    let url = shop.clone().start().await;
    let summary = run_quietly(constant(&url, 147.0, Some(500))).await;
    // 73 requests in 50 journeys: a closed model with one user would have sent two.
    let browses = summary.routes[0].part.requests;
    assert!((40..=55).contains(&browses), "{browses}");
    assert!(summary.routes[0].part.p50_ms >= 400.0);
}

#[tokio::test]
async fn what_is_due_while_too_many_are_under_way_is_counted_as_dropped() {
    let shop = FakeShop { slow: Duration::from_millis(600), ..FakeShop::default() };
    let url = shop.clone().start().await;
    let summary = run_quietly(constant(&url, 200.0, Some(400)).max_in_flight(3)).await;
    assert!(summary.dropped > 50, "{}", summary.dropped);
    assert!(shop.calls.load(Ordering::SeqCst) < 20);
}

#[tokio::test]
async fn latency_counts_from_the_moment_a_request_was_due() {
    let url = FakeShop::default().start().await;
    let shop = Arc::new(Shop::new(&constant(&url, 1.0, None), Instant::now()));
    let user = User { shop: Arc::clone(&shop), rng: StdRng::seed_from_u64(1), phase: 0, left: 1 };
    // The generator was held up for a quarter of a second before it could send.
    let due = Instant::now();
    sleep(Duration::from_millis(250)).await;
    user.go(Journey::Browse, due).await;
    assert!(shop.recorder().all.quantile_ms(0.5) >= 250.0);
}

#[tokio::test]
async fn a_run_can_be_stopped() {
    let url = FakeShop::default().start().await;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let mut reports = Vec::new();
    let started = Instant::now();
    let plan = constant(&url, 100.0, None).report_every(Duration::from_millis(50));
    let summary = run(
        plan,
        |progress| {
            reports.push(progress);
            if reports.len() == 6 {
                stop.cancel();
            }
        },
        cancel,
    )
    .await;
    assert!(summary.stopped && started.elapsed() < Duration::from_secs(3));
    assert_eq!(reports.len(), 6);
    assert!(reports.is_sorted_by(|a, b| a.requests <= b.requests && a.elapsed_seconds < b.elapsed_seconds));
    assert!(summary.all.requests >= 20, "{}", summary.all.requests);
    assert_eq!(reports[0].phase, "baseline");
}

#[tokio::test]
async fn phases_have_their_own_account() {
    let url = FakeShop::default().start().await;
    let plan = Plan::new(&url).unwrap().phases("calm:400ms@50,spike:400ms@500".parse().unwrap());
    let summary = run_quietly(plan).await;
    let names: Vec<_> = summary.phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(names, ["calm", "spike"]);
    assert!(summary.phases[1].part.requests > 5 * summary.phases[0].part.requests, "{summary}");
    let text = summary.to_string();
    for expected in ["requests in", "GET /browse", "spike", "p95 ms", "answers  200: "] {
        assert!(text.contains(expected), "{text}");
    }
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["requests"], summary.all.requests);
    assert_eq!(json["phases"][1]["name"], "spike");
}

#[tokio::test]
async fn nobody_there_is_an_error_and_not_a_crash() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let summary = run_quietly(constant(&format!("http://{free}"), 500.0, None).total(20)).await;
    assert_eq!((summary.all.requests, summary.all.errors), (20, 20));
    assert_eq!(summary.outcomes["no answer"], 20);
}

#[tokio::test]
async fn a_shop_that_hangs_is_given_up() {
    let shop = FakeShop { slow: Duration::from_secs(60), ..FakeShop::default() };
    let url = shop.start().await;
    let plan = constant(&url, 500.0, None).total(10).timeout(Duration::from_millis(100));
    let summary = run_quietly(plan).await;
    assert_eq!(summary.all.requests, 10);
    assert!(summary.outcomes["timeout"] >= 8, "{:?}", summary.outcomes);
}
