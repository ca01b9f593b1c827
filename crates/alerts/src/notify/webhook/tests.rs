use super::*;
use crate::{Alert, PostableAlert};

fn alert(instance: &str, ends_at: Millis) -> Alert {
    let pairs =
        |list: &[(&str, &str)]| list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let posted = PostableAlert {
        labels: pairs(&[("alertname", "Down"), ("instance", instance)]),
        annotations: pairs(&[("summary", "it is down"), ("who", instance)]),
        starts_at: Some(1_000),
        ends_at: Some(ends_at),
        generator_url: "http://prometheus:9090/graph".into(),
    };
    Alert::from_postable(posted, 1_000, 0).unwrap()
}

fn notification() -> Notification {
    Notification {
        receiver: "page".into(),
        group_key: "{}:{alertname=\"Down\"}".into(),
        group_labels: Labels::from_pairs([("alertname", "Down")]),
        external_url: "http://localhost:9093".into(),
        alerts: vec![alert("a", 900_000), alert("b", 2_000)],
    }
}

#[test]
fn the_body_is_version_4() {
    let body: serde_json::Value = serde_json::from_slice(&body(&notification(), 0, 5_000).unwrap()).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "receiver": "page", "status": "firing", "version": "4", "truncatedAlerts": 0,
            "groupKey": "{}:{alertname=\"Down\"}", "groupLabels": {"alertname": "Down"},
            "commonLabels": {"alertname": "Down"}, "commonAnnotations": {"summary": "it is down"},
            "externalURL": "http://localhost:9093",
            "alerts": [
                {"status": "firing", "labels": {"alertname": "Down", "instance": "a"},
                 "annotations": {"summary": "it is down", "who": "a"},
                 "startsAt": "1970-01-01T00:00:01.000Z", "endsAt": "0001-01-01T00:00:00Z",
                 "generatorURL": "http://prometheus:9090/graph",
                 "fingerprint": format!("{:016x}", alert("a", 900_000).fingerprint())},
                {"status": "resolved", "labels": {"alertname": "Down", "instance": "b"},
                 "annotations": {"summary": "it is down", "who": "b"},
                 "startsAt": "1970-01-01T00:00:01.000Z", "endsAt": "1970-01-01T00:00:02.000Z",
                 "generatorURL": "http://prometheus:9090/graph",
                 "fingerprint": format!("{:016x}", alert("b", 2_000).fingerprint())},
            ],
        })
    );
}

#[test]
fn alerts_over_the_maximum_are_counted() {
    let body: serde_json::Value = serde_json::from_slice(&body(&notification(), 1, 5_000).unwrap()).unwrap();
    assert_eq!(
        (body["alerts"].as_array().unwrap().len(), &body["truncatedAlerts"]),
        (1, &serde_json::json!(1))
    );
}

#[test]
fn all_resolved_is_resolved() {
    let body: serde_json::Value =
        serde_json::from_slice(&body(&notification(), 0, 900_000).unwrap()).unwrap();
    assert_eq!(body["status"], "resolved");
}
