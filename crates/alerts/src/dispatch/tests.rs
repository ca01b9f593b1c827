use super::*;
use crate::PostableAlert;
use crate::route::GroupBy;

fn route() -> Route {
    Route {
        receiver: "page".into(),
        group_by: GroupBy::Labels(["alertname".to_owned()].into()),
        group_wait: 5_000,
        group_interval: 15_000,
        repeat_interval: 0,
        matchers: vec![],
        proceed: false,
        mute_time_intervals: vec![],
        active_time_intervals: vec![],
        routes: vec![],
        key: String::new(),
        index: 0,
    }
    .finish()
}

fn alert(instance: &str, starts_at: Millis, ends_at: Millis) -> Alert {
    let labels =
        vec![("alertname".to_owned(), "Down".to_owned()), ("instance".to_owned(), instance.to_owned())];
    let posted = PostableAlert {
        labels,
        starts_at: Some(starts_at),
        ends_at: Some(ends_at),
        ..PostableAlert::default()
    };
    Alert::from_postable(posted, starts_at, 0).unwrap()
}

#[test]
fn waits_for_group_wait_then_every_group_interval() {
    let mut dispatcher = Dispatcher::default();
    dispatcher.insert(&route(), &alert("a", 1_000, 900_000), 1_000);
    dispatcher.insert(&route(), &alert("b", 2_000, 900_000), 2_000);
    assert_eq!(dispatcher.next_due(), Some(6_000));
    assert!(dispatcher.due(5_999).is_empty());
    let flush = dispatcher.due(6_000).remove(0);
    assert_eq!((flush.key.as_str(), flush.alerts.len()), ("{}:{alertname=\"Down\"}", 2));
    assert!(dispatcher.due(100_000).is_empty(), "one flush of a group at a time");
    dispatcher.finish(&flush, true, 6_000);
    assert_eq!(dispatcher.next_due(), Some(21_000));
}

#[test]
fn an_alert_that_is_old_news_is_flushed_at_once() {
    let mut dispatcher = Dispatcher::default();
    dispatcher.insert(&route(), &alert("a", 1_000, 900_000), 60_000);
    assert_eq!(dispatcher.next_due(), Some(60_000));
}

#[test]
fn resolved_alerts_leave_once_they_were_sent_and_the_empty_group_goes() {
    let mut dispatcher = Dispatcher::default();
    dispatcher.insert(&route(), &alert("a", 1_000, 900_000), 1_000);
    let flush = dispatcher.due(6_000).remove(0);
    dispatcher.finish(&flush, true, 6_000);
    dispatcher.insert(&route(), &alert("a", 1_000, 10_000), 10_000);
    let failed = dispatcher.due(21_000).remove(0);
    dispatcher.finish(&failed, false, 21_000);
    let again = dispatcher.due(36_000).remove(0);
    assert!(again.alerts[0].resolved_at(36_000), "what could not be sent is tried again");
    dispatcher.finish(&again, true, 36_000);
    assert!(dispatcher.due(99_000).is_empty());
    assert_eq!(dispatcher.groups().count(), 0);
}

#[test]
fn a_resolve_without_a_group_is_flushed_once_and_the_group_goes() {
    let mut dispatcher = Dispatcher::default();
    dispatcher.insert(&route(), &alert("a", 1_000, 2_000), 3_000);
    let flush = dispatcher.due(60_000).remove(0);
    assert!(flush.alerts[0].resolved_at(60_000));
    dispatcher.finish(&flush, true, 60_000);
    assert!(dispatcher.due(99_000).is_empty());
    assert_eq!(dispatcher.groups().count(), 0);
}
