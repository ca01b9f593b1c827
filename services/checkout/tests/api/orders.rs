//! `POST /checkout` and everything that can be wrong with an order.

use serde_json::json;
use testkit::collector::int;

use crate::TestApp;

#[tokio::test]
async fn an_order_is_charged_in_a_span_of_its_own() {
    let app = TestApp::start().await;
    let order = json!({"items": [{"id": "1", "price": 19.99, "quantity": 2}, {"id": "2", "price": 0.1, "quantity": 3}]});
    let (status, receipt) = app.post("application/json", order.to_string()).await;
    assert_eq!(status, 201, "{receipt}");
    assert_eq!((receipt["total"].as_f64(), receipt["quantity"].as_u64()), (Some(40.28), Some(5)));
    assert!(receipt["order_id"].as_str().unwrap().starts_with("ord-"));
    let spans = app.collector.wait_for(2).await;
    let charge = spans.iter().find(|span| span.name() == "charge").unwrap();
    let server = spans.iter().find(|span| span.name() == "POST /checkout").unwrap();
    assert_eq!(charge.parent_id(), server.span_id());
    assert_eq!(charge.attribute("amount_cents"), int(4_028));
    assert_eq!(server.attribute("http.response.status_code"), int(201));
}

#[tokio::test]
async fn a_seed_makes_orders_repeatable() {
    let order = json!({"items": [{"id": "1", "price": 1, "quantity": 1}]}).to_string();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let app = TestApp::start().await;
        ids.push(app.post("application/json", order.clone()).await.1["order_id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn bad_input_has_its_own_status_and_names_the_field() {
    let app = TestApp::start().await;
    let order = |item: &str| format!("{{\"items\":[{{\"id\":\"1\",{item}}}]}}");
    for (kind, body, status, field) in [
        ("application/json", "{\"items\":".to_owned(), 400, None),
        ("application/json", String::new(), 400, None),
        ("application/json", "[1".to_owned(), 400, None),
        ("text/plain", order("\"price\":1,\"quantity\":1"), 415, None),
        ("application/json", "[]".to_owned(), 422, Some("body")),
        ("application/json", "{}".to_owned(), 422, Some("items")),
        ("application/json", "{\"items\":[]}".to_owned(), 422, Some("items")),
        ("application/json", "{\"items\":{}}".to_owned(), 422, Some("items")),
        ("application/json", order("\"price\":-1,\"quantity\":1"), 422, Some("items[0].price")),
        ("application/json", order("\"price\":\"1\",\"quantity\":1"), 422, Some("items[0].price")),
        ("application/json", order("\"price\":1e300,\"quantity\":1"), 422, Some("items[0].price")),
        ("application/json", order("\"price\":1e999,\"quantity\":1"), 422, Some("price")),
        ("application/json", order("\"price\":1,\"quantity\":0"), 422, Some("items[0].quantity")),
        ("application/json", order("\"price\":1,\"quantity\":-1"), 422, Some("items[0].quantity")),
        (
            "application/json",
            order("\"price\":1,\"quantity\":99999999999999999999"),
            422,
            Some("items[0].quantity"),
        ),
        ("application/json", order("\"price\":1"), 422, Some("items[0].quantity")),
    ] {
        let (answered, problem) = app.post(kind, body.clone()).await;
        assert_eq!(answered, status, "{body}: {problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{body}: {problem}");
        assert_eq!(problem["trace_id"].as_str().unwrap().len(), 32);
    }
    assert_eq!(app.sink.wait_for("POST /checkout 415")["route"], "/checkout");
}

#[tokio::test]
async fn a_body_over_two_mebibytes_is_refused() {
    let app = TestApp::start().await;
    let (status, problem) = app.post("application/json", vec![b' '; 2 * 1024 * 1024 + 1]).await;
    assert_eq!((status, problem["title"].as_str()), (413, Some("Payload Too Large")));
    assert_eq!(app.sink.wait_for("POST /checkout 413")["route"], "/checkout");
    // At the limit the body is read, and found to be empty.
    assert_eq!(app.post("application/json", vec![b' '; 2 * 1024 * 1024]).await.0, 400);
}
