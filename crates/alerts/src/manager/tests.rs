use super::*;
use crate::notify::Receiver;
use crate::route::GroupBy;
use crate::silence::SilenceMatcher;
use crate::sink::{self, Sink};
use model::ManualClock;
use stackconf::alertmanager::InhibitRule;
use std::collections::BTreeMap;

/// A moment in 2026, so that formatted times look like times.
const START: Millis = 1_780_000_000_000;

/// An Alertmanager whose clock stands still, and a sink that it sends to.
struct Fixture {
    manager: Alertmanager,
    clock: Arc<ManualClock>,
    sink: Sink,
    url: String,
    directory: tempfile::TempDir,
}

fn route(receiver: &str, matchers: Vec<Matcher>, group_wait: Millis, routes: Vec<Route>) -> Route {
    Route {
        receiver: receiver.into(),
        group_by: GroupBy::Labels(["alertname".to_owned(), "service".to_owned()].into()),
        group_wait,
        group_interval: 15_000,
        repeat_interval: 3_600_000,
        matchers,
        proceed: false,
        mute_time_intervals: vec![],
        active_time_intervals: vec![],
        routes,
        key: String::new(),
        index: 0,
    }
}

fn config(url: &str) -> Config {
    let receiver = |name: &str| Receiver {
        name: name.into(),
        webhooks: vec![webhook::Webhook {
            url: format!("{url}/{name}"),
            send_resolved: true,
            max_alerts: 0,
            timeout: None,
            headers: vec![],
        }],
    };
    let page = route("page", vec![Matcher::equal("severity", "page")], 0, vec![]);
    Config {
        route: route("ticket", vec![], 5_000, vec![page]).finish(),
        receivers: ["page", "ticket"].map(|name| (name.to_owned(), receiver(name))).into(),
        inhibit_rules: vec![InhibitRule {
            source: vec![Matcher::equal("severity", "page")],
            target: vec![Matcher::equal("severity", "ticket")],
            equal: vec!["service".into()],
        }],
        time_intervals: BTreeMap::new(),
        resolve_timeout: 300_000,
        text: "route: {}".into(),
    }
}

fn start(clock: &Arc<ManualClock>, url: &str, directory: &std::path::Path) -> Alertmanager {
    let options = Options {
        data_dir: directory.to_owned(),
        external_url: "http://localhost:9093".into(),
        clock: clock.clone(),
        client: reqwest::Client::new(),
        resolve: Arc::new(str::to_owned),
    };
    Alertmanager::start(config(url), options).unwrap()
}

async fn fixture() -> Fixture {
    let clock = Arc::new(ManualClock::at_millis(START));
    let sink = Sink::new(clock.clone(), |_| {});
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = sink::router(sink.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let directory = tempfile::tempdir().unwrap();
    let manager = start(&clock, &url, directory.path());
    Fixture { manager, clock, sink, url, directory }
}

impl Fixture {
    fn post(&self, name: &str, severity: &str, ends_in: Millis) {
        let labels = [("alertname", name), ("service", "gateway"), ("severity", severity)];
        let posted = PostableAlert {
            labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            starts_at: Some(START),
            ends_at: Some(self.clock.now_millis() + ends_in),
            ..PostableAlert::default()
        };
        self.manager.put_alerts(vec![posted]).unwrap();
    }

    /// Waits (in real time, at most 5 s) until `count` notifications are there; fails when more arrive.
    async fn expect(&self, count: usize) -> Vec<String> {
        for _ in 0..500 {
            if self.sink.received().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // What must not be sent gets a moment to be sent by mistake.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut received: Vec<String> = self
            .sink
            .received()
            .iter()
            .map(|notification| {
                format!("{} {}", notification.path, notification.body["status"].as_str().unwrap())
            })
            .collect();
        received.reverse();
        assert_eq!(received.len(), count, "{received:?}");
        received
    }

    /// Moves the clock and lets the driver notice.
    async fn advance(&self, by: Millis) {
        // A flush that was just sent is finished by a task of its own.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.clock.advance_millis(by);
        self.manager.shared.wake.notify_one();
    }
}

#[tokio::test]
async fn a_page_is_sent_at_once_and_its_end_after_the_group_interval() {
    let f = fixture().await;
    f.post("Burn", "page", 60_000);
    assert_eq!(f.expect(1).await, ["/page firing"]);
    f.post("Burn", "page", 0);
    f.expect(1).await;
    f.advance(15_000).await;
    assert_eq!(f.expect(2).await, ["/page firing", "/page resolved"]);
    assert!(f.manager.alerts(&AlertFilter::default()).is_empty());
    f.manager.stop().await;
}

#[tokio::test]
async fn a_page_mutes_the_ticket_of_its_service() {
    let f = fixture().await;
    f.post("Burn", "page", 600_000);
    f.post("SlowBurn", "ticket", 600_000);
    f.expect(1).await;
    f.advance(5_000).await;
    f.expect(1).await;
    let alerts = f.manager.alerts(&AlertFilter::default());
    let states: Vec<_> = alerts.iter().map(|status| (status.alert.name(), status.state())).collect();
    assert_eq!(states, [("Burn", "active"), ("SlowBurn", "suppressed")]);
    assert_eq!(alerts[1].inhibited_by, [alerts[0].alert.fingerprint()]);
    f.manager.stop().await;
}

#[tokio::test]
async fn a_silence_keeps_it_quiet_until_it_expires() {
    let f = fixture().await;
    let silence = Silence {
        id: String::new(),
        matchers: vec![SilenceMatcher {
            name: "alertname".into(),
            value: "Bur.".into(),
            is_regex: true,
            is_equal: true,
        }],
        starts_at: START,
        ends_at: START + 3_600_000,
        updated_at: 0,
        created_by: "me".into(),
        comment: "maintenance".into(),
    };
    let id = f.manager.set_silence(silence).unwrap();
    f.post("Burn", "page", 600_000);
    f.expect(0).await;
    assert_eq!(f.manager.alerts(&AlertFilter::default())[0].silenced_by, [id.as_str()]);
    f.manager.expire_silence(&id).unwrap();
    f.advance(15_000).await;
    f.expect(1).await;
    f.manager.stop().await;
}

#[tokio::test]
async fn a_restart_sends_nothing_twice() {
    let f = fixture().await;
    f.post("Burn", "page", 600_000);
    f.expect(1).await;
    f.advance(1).await;
    f.manager.stop().await;
    let Fixture { manager, clock, sink, url, directory } = f;
    drop(manager);
    let manager = start(&clock, &url, directory.path());
    let f = Fixture { manager, clock, sink, url, directory };
    f.post("Burn", "page", 600_000);
    f.expect(1).await;
    f.post("Other", "page", 600_000);
    f.expect(2).await;
    f.manager.stop().await;
}

#[tokio::test]
async fn an_alert_that_ends_while_we_are_away_is_told_to_be_over_and_an_unknown_one_is_not() {
    let f = fixture().await;
    f.post("Burn", "page", 600_000);
    f.expect(1).await;
    f.advance(60_000).await;
    f.manager.stop().await;
    let Fixture { manager, clock, sink, url, directory } = f;
    drop(manager);
    let manager = start(&clock, &url, directory.path());
    let f = Fixture { manager, clock, sink, url, directory };
    f.post("Burn", "page", 0);
    f.post("NeverTold", "page", 0);
    assert_eq!(f.expect(2).await, ["/page firing", "/page resolved"]);
    f.manager.reload(config(&f.url));
    f.advance(60_000).await;
    f.expect(2).await;
    f.manager.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_away_is_tried_again() {
    let f = fixture().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    f.manager.reload(config(&format!("http://{address}")));
    f.post("Burn", "page", 600_000);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = sink::router(f.sink.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    f.expect(1).await;
    assert_eq!(f.manager.counters().notifications_failed, 0);
    f.manager.stop().await;
}

#[tokio::test]
async fn groups_show_receiver_and_labels() {
    let f = fixture().await;
    f.post("Burn", "page", 600_000);
    let groups = f.manager.groups(&AlertFilter::default());
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].receiver.as_str(), groups[0].labels.value("service")), ("page", "gateway"));
    assert_eq!(f.manager.receivers(), ["page", "ticket"]);
    f.manager.stop().await;
}

#[test]
fn ids_are_uuids_of_version_4() {
    let id = new_id();
    assert_eq!(id.len(), 36);
    assert_eq!(id.as_bytes()[14], b'4');
    assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
}
