use super::*;
use ::alerts::{Alertmanager, Config, Options};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use model::ManualClock;
use serde_json::{Value, json};
use tower::ServiceExt;

const CONFIG: &str = r#"
route:
  receiver: nobody
  group_by: [alertname]
  routes:
    - matchers: ['severity="page"']
      receiver: page
receivers:
  - name: nobody
  - name: page
inhibit_rules:
  - source_matchers: ['severity="page"']
    target_matchers: ['severity="ticket"']
    equal: [service]
"#;

/// 2026-11-20T00:00:00Z.
const NOW: i64 = 1_795_132_800_000;

struct Fixture {
    router: Router,
    _directory: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let loaded = stackconf::alertmanager::parse("alertmanager.yml", CONFIG).unwrap();
    let options = Options {
        data_dir: directory.path().to_owned(),
        external_url: "http://localhost:9093".into(),
        clock: Arc::new(ManualClock::at_millis(NOW)),
        client: reqwest::Client::new(),
        resolve: Arc::new(str::to_owned),
    };
    let alertmanager = Alertmanager::start(Config::from(&loaded), options).unwrap();
    let reload: Reload = Arc::new(|| Err("alertmanager.yml:2: unknown key".to_owned()));
    let api =
        AlertmanagerApi { alertmanager, reload, console_url: Some("http://localhost:3000/alerting".into()) };
    Fixture { router: router(api), _directory: directory }
}

impl Fixture {
    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::String(String::from_utf8_lossy(&bytes).into())),
        )
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post_alerts(&self) {
        let alert = |name: &str, severity: &str| {
            json!({"labels": {"alertname": name, "severity": severity, "service": "gateway"},
                   "annotations": {"summary": "s"}, "startsAt": "2026-11-19T23:59:00Z",
                   "endsAt": "2026-11-20T00:04:00Z", "generatorURL": "http://prometheus:9090/graph"})
        };
        let alerts = json!([alert("Burn", "page"), alert("SlowBurn", "ticket")]);
        assert_eq!(self.call("POST", "/api/v2/alerts", &alerts).await.0, 200);
    }
}

#[tokio::test]
async fn alerts_come_back_with_their_state() {
    let f = fixture();
    f.post_alerts().await;
    let alerts = f.get("/api/v2/alerts").await;
    let burn = &alerts[0];
    assert_eq!(burn["labels"]["alertname"], "Burn");
    assert_eq!(burn["startsAt"], "2026-11-19T23:59:00.000Z");
    assert_eq!(
        burn["status"],
        json!({"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []})
    );
    assert_eq!(burn["receivers"], json!([{"name": "page"}]));
    assert_eq!(burn["generatorURL"], "http://prometheus:9090/graph");
    let slow = &alerts[1];
    assert_eq!(slow["status"]["state"], "suppressed");
    assert_eq!(slow["status"]["inhibitedBy"], json!([burn["fingerprint"]]));
}

#[tokio::test]
async fn filters_are_matchers_and_flags() {
    let f = fixture();
    f.post_alerts().await;
    let names = |alerts: Value| -> Vec<String> {
        let alerts = alerts.as_array().unwrap().clone();
        alerts.iter().map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        ("filter=severity%3D%22page%22", vec!["Burn"]),
        ("filter=alertname%3D~%22.*Burn%22&filter=severity!%3D%22page%22", vec!["SlowBurn"]),
        ("inhibited=false", vec!["Burn"]),
        ("active=false", vec!["SlowBurn"]),
        ("receiver=pa.*", vec!["Burn"]),
    ] {
        assert_eq!(names(f.get(&format!("/api/v2/alerts?{query}")).await), expected, "{query}");
    }
    let (status, body) = f.call("GET", "/api/v2/alerts?filter=%3D", &Value::Null).await;
    assert_eq!(status, 400);
    assert!(body.as_str().unwrap().starts_with("bad matcher format"), "{body}");
    assert_eq!(f.call("GET", "/api/v2/alerts?active=maybe", &Value::Null).await.0, 400);
}

#[tokio::test]
async fn groups_carry_their_labels_and_receiver() {
    let f = fixture();
    f.post_alerts().await;
    let groups = f.get("/api/v2/alerts/groups").await;
    assert_eq!(groups[0]["labels"], json!({"alertname": "Burn"}));
    assert_eq!(groups[0]["receiver"], json!({"name": "page"}));
    assert_eq!(groups[0]["routeLabels"], json!({}));
}

#[tokio::test]
async fn a_silence_lives_and_expires() {
    let f = fixture();
    f.post_alerts().await;
    let silence = json!({"matchers": [{"name": "alertname", "value": "Burn", "isRegex": false}],
        "startsAt": "2026-11-20T00:00:00Z", "endsAt": "2026-11-20T01:00:00Z", "createdBy": "me", "comment": "c"});
    let (status, created) = f.call("POST", "/api/v2/silences", &silence).await;
    assert_eq!(status, 200, "{created}");
    let id = created["silenceID"].as_str().unwrap();
    let shown = f.get(&format!("/api/v2/silence/{id}")).await;
    assert_eq!(shown["status"], json!({"state": "active"}));
    assert_eq!(shown["matchers"][0]["isEqual"], true);
    assert_eq!(f.get("/api/v2/alerts?filter=alertname%3DBurn").await[0]["status"]["silencedBy"], json!([id]));
    assert_eq!(f.get("/api/v2/silences?filter=alertname%3DBurn").await.as_array().unwrap().len(), 1);
    assert_eq!(f.get("/api/v2/silences?filter=alertname%3DOther").await, json!([]));
    assert_eq!(f.call("DELETE", &format!("/api/v2/silence/{id}"), &Value::Null).await.0, 200);
    assert_eq!(f.call("DELETE", &format!("/api/v2/silence/{id}"), &Value::Null).await.0, 500);
    assert_eq!(f.call("DELETE", "/api/v2/silence/nope", &Value::Null).await.0, 404);
}

#[tokio::test]
async fn bad_requests_say_what_is_wrong() {
    let f = fixture();
    for (path, body, expected) in [
        ("/api/v2/alerts", json!({"a": 1}), "expected a JSON list of alerts"),
        ("/api/v2/alerts", json!([{"labels": {}}]), "at least one label pair required"),
        ("/api/v2/alerts", json!([{"labels": {"a": "b"}, "startsAt": "noon"}]), "startsAt: found \"noon\""),
        ("/api/v2/silences", json!({}), "expected the JSON of a silence: missing field `matchers`"),
    ] {
        let (status, answer) = f.call("POST", path, &body).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer.as_str().unwrap().contains(expected), "{answer}");
    }
}

#[tokio::test]
async fn status_receivers_reload_and_metrics() {
    let f = fixture();
    f.post_alerts().await;
    let status = f.get("/api/v2/status").await;
    assert_eq!(status["config"]["original"], CONFIG);
    assert_eq!(status["cluster"]["status"], "disabled");
    assert_eq!(f.get("/api/v2/receivers").await, json!([{"name": "nobody"}, {"name": "page"}]));
    let (code, body) = f.call("POST", "/-/reload", &Value::Null).await;
    assert_eq!((code, body), (500, json!("failed to reload config: alertmanager.yml:2: unknown key")));
    let metrics = f.get("/metrics").await;
    assert!(metrics.as_str().unwrap().contains("alertmanager_alerts{state=\"suppressed\"} 1\n"), "{metrics}");
    assert_eq!(f.call("GET", "/", &Value::Null).await.0, 307);
}
