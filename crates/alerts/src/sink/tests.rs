use super::*;
use model::ManualClock;

#[test]
fn keeps_the_newest_and_shows_a_line_each() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let shown = lines.clone();
    let clock = Arc::new(ManualClock::at_millis(1_000));
    let sink = Sink::new(clock, move |line| shown.lock().unwrap().push(line.to_owned()));
    for count in 0..=CAPACITY {
        sink.take(
            "/page",
            serde_json::json!({"status": "firing", "alerts": [
                {"status": "firing", "labels": {"alertname": format!("A{count}")}, "annotations": {"summary": "bad"}}
            ]}),
        );
    }
    let received = sink.received();
    assert_eq!(received.len(), CAPACITY);
    assert_eq!(received[0].body["alerts"][0]["labels"]["alertname"], format!("A{CAPACITY}"));
    assert_eq!(lines.lock().unwrap()[0], "1970-01-01T00:00:01.000Z /page FIRING firing A0 (bad)");
}
