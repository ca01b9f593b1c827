//! `GET /`, `GET /items`, `GET /items/{id}` and their errors.

use std::collections::HashSet;

use crate::TestApp;

#[tokio::test]
async fn says_who_it_is() {
    let (status, body) = TestApp::start().await.get("/").await;
    assert_eq!((status, body["service"].as_str()), (200, Some("catalog")));
}

#[tokio::test]
async fn lists_at_least_eight_items_with_distinct_ids() {
    let (status, body) = TestApp::start().await.get("/items").await;
    assert_eq!(status, 200);
    let items = body["items"].as_array().unwrap();
    assert!(items.len() >= 8);
    let ids: HashSet<_> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), items.len());
    for item in items {
        assert!(item["name"].is_string() && item["price"].as_f64().unwrap() > 0.0 && item["stock"].is_u64());
    }
}

#[tokio::test]
async fn every_listed_item_can_be_asked_for() {
    let app = TestApp::start().await;
    let (_, body) = app.get("/items").await;
    for item in body["items"].as_array().unwrap() {
        assert_eq!(app.get(&format!("/items/{}", item["id"].as_str().unwrap())).await, (200, item.clone()));
    }
}

#[tokio::test]
async fn unknown_items_and_unreadable_ids_are_problems() {
    let app = TestApp::start().await;
    let (status, problem) = app.get("/items/nope").await;
    assert_eq!((status, problem["detail"].as_str()), (404, Some("there is no item \"nope\"")));
    let (status, problem) = app.get("/items/%ff").await;
    assert_eq!((status, problem["status"].as_u64()), (400, Some(400)));
    assert_eq!(app.sink.wait_for("GET /items/{id} 404")["route"], "/items/{id}");
    assert_eq!(app.sink.wait_for("GET /items/{id} 400")["level"], "WARN");
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let app = TestApp::start().await;
    let (status, problem) = app.get("/nope").await;
    assert_eq!((status, problem["title"].as_str()), (404, Some("Not Found")));
    let response = app.http.post(format!("{}/items", app.url)).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 405);
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(app.sink.wait_for("POST /items 405")["route"], "/items");
}
