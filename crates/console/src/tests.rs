use super::*;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tower::ServiceExt;

/// A grafana/ folder with one data source that leads to `engine`.
fn grafana(directory: &Path) {
    let write = |path: &str, text: &str| {
        let path = directory.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "provisioning/datasources/lab.yml",
        "apiVersion: 1\ndatasources:\n- {name: Prometheus, uid: prometheus, type: prometheus, url: 'http://prometheus:9090', isDefault: true}\n",
    );
    write(
        "provisioning/dashboards/lab.yml",
        "apiVersion: 1\nproviders:\n- {name: lab, folder: Lab, type: file, options: {path: /etc/grafana/dashboards}}\n",
    );
    write("dashboards/a.json", r#"{"uid": "a", "title": "Errors & Budget", "panels": [], "tags": ["slo"]}"#);
}

struct Fixture {
    router: Router,
    directory: tempfile::TempDir,
}

fn fixture(engine: &str) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    grafana(directory.path());
    let provisioned = Provisioned::load(directory.path(), &BTreeMap::new(), |_| None).unwrap();
    let engine = engine.to_owned();
    let router = router(ConsoleState {
        provisioned: Arc::new(provisioned),
        client: reqwest::Client::new(),
        resolve: Arc::new(move |url| url.replace("http://prometheus:9090", &engine)),
        control: None,
        allowed_hosts: Arc::from(["lab.test".to_owned()]),
    });
    Fixture { router, directory }
}

impl Fixture {
    async fn call(&self, request: axum::http::request::Builder, body: &str) -> (u16, Value) {
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert!(response.status() == 403 || response.headers().contains_key("content-security-policy"));
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Request::get(path).header("host", "localhost:3000"), "").await
    }
}

#[tokio::test]
async fn grafana_paths_answer_as_grafana_does() {
    let f = fixture("http://127.0.0.1:9");
    assert_eq!(f.get("/api/health").await.1["database"], "ok");
    assert_eq!(f.get("/api/datasources").await.1[0]["uid"], "prometheus");
    assert_eq!(f.get("/api/datasources/uid/prometheus").await.1["isDefault"], true);
    assert_eq!(f.get("/api/datasources/uid/nope").await.0, 404);
    let (_, found) = f.get("/api/search?query=budget").await;
    assert_eq!(found[0]["url"], "/d/a/errors-budget");
    assert_eq!(f.get("/api/search?query=other").await.1, json!([]));
    let (_, dashboard) = f.get("/api/dashboards/uid/a").await;
    assert_eq!(
        (&dashboard["meta"]["folderTitle"], &dashboard["dashboard"]["uid"]),
        (&json!("Lab"), &json!("a"))
    );
    assert_eq!(f.get("/api/dashboards/uid/b").await.0, 404);
    assert_eq!(f.get("/api/nothing").await, (404, json!({"message": "Not found"})));
}

#[tokio::test]
async fn the_proxy_passes_on_path_query_and_body_and_says_when_nobody_is_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let engine = format!("http://{}", listener.local_addr().unwrap());
    let echo = Router::new().fallback(|request: axum::extract::Request| async move {
        let uri = request.uri().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        axum::Json(json!({"uri": uri, "body": String::from_utf8_lossy(&body)}))
    });
    tokio::spawn(async move { axum::serve(listener, echo).await });
    let f = fixture(&engine);
    let proxied = "/api/datasources/proxy/uid/prometheus/api/v1/label/a%2Fb/values?match%5B%5D=up";
    let request = Request::post(proxied).header("host", "localhost").header("origin", "http://localhost");
    let (status, answer) = f.call(request, "x=1").await;
    assert_eq!(
        (status, answer),
        (200, json!({"uri": "/api/v1/label/a/b/values?match%5B%5D=up", "body": "x=1"}))
    );
    assert_eq!(f.get("/api/datasources/uid/prometheus/health").await.1["status"], "OK");
    let away = fixture("http://127.0.0.1:9");
    let (status, answer) = away.get("/api/datasources/proxy/uid/prometheus/api/v1/query").await;
    assert_eq!(status, 502, "{answer}");
    assert_eq!(away.get("/api/datasources/uid/prometheus/health").await.0, 400);
}

#[tokio::test]
async fn strange_hosts_and_other_sites_are_refused() {
    let f = fixture("http://127.0.0.1:9");
    for (host, expected) in [
        ("localhost:3000", 200),
        ("127.0.0.1:3000", 200),
        ("[::1]:3000", 200),
        ("lab.test", 200),
        ("evil.test", 403),
    ] {
        assert_eq!(f.call(Request::get("/api/health").header("host", host), "").await.0, expected, "{host}");
    }
    let change = Request::post("/api/lab/services/x/actions/kill").header("host", "localhost:3000");
    assert_eq!(f.call(change.header("origin", "http://evil.test"), "").await.0, 403);
}

#[tokio::test]
async fn a_changed_dashboard_file_is_seen_and_a_broken_one_keeps_the_old() {
    let f = fixture("http://127.0.0.1:9");
    let path = f.directory.path().join("dashboards/b.json");
    std::fs::write(&path, r#"{"uid": "b", "title": "New", "panels": []}"#).unwrap();
    assert_eq!(f.get("/api/dashboards/uid/b").await.0, 200);
    std::fs::write(&path, r#"{"dashboard": {"uid": "b"}}"#).unwrap();
    assert_eq!(f.get("/api/dashboards/uid/b").await.0, 200, "the old one stays in force");
    let error = Provisioned::load(f.directory.path(), &BTreeMap::new(), |_| None).err().unwrap().to_string();
    assert!(error.contains("b.json") && error.contains("\"panels\""), "{error}");
}

#[test]
fn slugs_are_as_in_grafana() {
    assert_eq!(grafana::slug("SLO & Error Budget"), "slo-error-budget");
    assert_eq!(grafana::slug("  Golden  Signals! "), "golden-signals");
}
