//! The whole shop in one process: answers, errors that pass through, and one trace over all services.

use serde_json::json;
use telemetry::Telemetry;
use testkit::{Collector, Sink, collector::int};

use crate::{TestApp, serve_on_a_free_port, settings};

async fn shop() -> (TestApp, Collector, [Sink; 2]) {
    let collector = Collector::start().await;
    let sinks = [Sink::default(), Sink::default()];
    let of = |service, sink: &Sink| Telemetry::start_to(service, settings(&collector), sink.clone()).unwrap();
    let catalog = of(catalog::app::SERVICE, &sinks[0]);
    let checkout = of(checkout::app::SERVICE, &sinks[1]);
    let catalog = serve_on_a_free_port(catalog::app::app(&catalog), catalog).await;
    let checkout = serve_on_a_free_port(checkout::app::app(&checkout, Some(1)), checkout).await;
    (TestApp::start(&catalog, &checkout, &collector).await, collector, sinks)
}

#[tokio::test]
async fn browsing_shows_what_the_catalog_has() {
    let (app, collector, sinks) = shop().await;
    let request = app.http.get(format!("{}/browse", app.url));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let response =
        request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let body: serde_json::Value = response.json().await.unwrap();
    assert!(body["items"].as_array().unwrap().len() >= 8);

    let spans = collector.wait_for(3).await;
    let find = |name: &str, kind: i32| {
        spans.iter().find(|span| span.name() == name && span.proto.kind == kind).unwrap()
    };
    let (server, client, catalog) = (find("GET /browse", 2), find("GET", 3), find("GET /items", 2));
    assert!(spans.iter().all(|span| span.trace_id() == trace));
    assert_eq!(server.parent_id(), "00f067aa0ba902b7");
    assert_eq!(client.parent_id(), server.span_id());
    assert_eq!(catalog.parent_id(), client.span_id());
    assert_eq!(client.attribute("http.response.status_code"), int(200));
    assert!(client.attribute("server.port").is_some());
    assert_eq!(app.sink.wait_for("GET /browse 200")["trace_id"], trace);
    assert_eq!(sinks[0].wait_for("GET /items 200")["trace_id"], trace);
}

#[tokio::test]
async fn a_purchase_is_paid() {
    let (app, collector, sinks) = shop().await;
    let (status, receipt) =
        app.purchase(&json!({"items": [{"id": "1", "price": 19.99, "quantity": 1}]})).await;
    assert_eq!((status, receipt["total"].as_f64()), (201, Some(19.99)));
    assert!(receipt["order_id"].is_string());
    let trace = app.sink.wait_for("POST /purchase 201")["trace_id"].clone();
    assert_eq!(sinks[1].wait_for("POST /checkout 201")["trace_id"], trace);
    let names: std::collections::BTreeSet<_> =
        collector.wait_for(3).await.iter().map(|span| span.name().to_owned()).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["POST", "POST /checkout", "POST /purchase"]);
}

#[tokio::test]
async fn what_is_wrong_with_an_order_passes_through() {
    let (app, _collector, _) = shop().await;
    let (status, problem) = app.purchase(&json!({"items": [{"id": "1", "price": -1, "quantity": 1}]})).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("items[0].price")));
    assert_eq!(app.sink.wait_for("POST /purchase 422")["trace_id"], problem["trace_id"]);
    assert_eq!(app.count("POST", "/purchase", 422).await, Some(1.0));
    // What is not JSON does not get as far as checkout.
    let request = |kind: &str, body: &'static str| {
        app.http.post(format!("{}/purchase", app.url)).header("content-type", kind).body(body)
    };
    assert_eq!(crate::answer(request("application/json", "{")).await.0, 400);
    assert_eq!(crate::answer(request("text/plain", "{}")).await.0, 415);
    let huge = app.http.post(format!("{}/purchase", app.url)).header("content-type", "application/json");
    assert_eq!(crate::answer(huge.body(vec![b' '; 2 * 1024 * 1024 + 1])).await.0, 413);
    assert_eq!(app.get("/purchase").await.0, 405);
    assert_eq!(app.get("/nope").await.0, 404);
    for (method, route, status) in [
        ("POST", "/purchase", 400),
        ("POST", "/purchase", 415),
        ("POST", "/purchase", 413),
        ("GET", "/purchase", 405),
        ("GET", "unmatched", 404),
    ] {
        assert_eq!(app.count(method, route, status).await, Some(1.0), "{method} {route} {status}");
    }
}

#[tokio::test]
async fn errors_of_the_gateway_exist_at_zero() {
    let (app, ..) = shop().await;
    for (method, route, success) in [("GET", "/", 200), ("GET", "/browse", 200), ("POST", "/purchase", 201)] {
        for status in [success, 500, 502, 504] {
            assert_eq!(app.count(method, route, status).await, Some(0.0), "{method} {route} {status}");
        }
    }
}
