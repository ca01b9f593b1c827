use super::*;

const NOW: Millis = 1_000_000;
const TIMEOUT: Millis = 300_000;

fn posted(starts_at: Option<Millis>, ends_at: Option<Millis>) -> PostableAlert {
    PostableAlert {
        labels: vec![("alertname".into(), "A".into())],
        starts_at,
        ends_at,
        ..PostableAlert::default()
    }
}

fn alert(starts_at: Option<Millis>, ends_at: Option<Millis>, at: Millis) -> Alert {
    Alert::from_postable(posted(starts_at, ends_at), at, TIMEOUT).unwrap()
}

#[test]
fn missing_times_are_filled_in() {
    let open = alert(None, None, NOW);
    assert_eq!((open.starts_at, open.ends_at, open.timeout), (NOW, NOW + TIMEOUT, true));
    let ended = alert(None, Some(NOW - 5), NOW);
    assert_eq!((ended.starts_at, ended.ends_at, ended.timeout), (NOW - 5, NOW - 5, false));
    assert!(ended.resolved_at(NOW));
}

#[test]
fn bad_alerts_say_why() {
    let error = |posted| Alert::from_postable(posted, NOW, TIMEOUT).unwrap_err();
    assert_eq!(error(PostableAlert::default()), "at least one label pair required");
    assert_eq!(error(posted(Some(10), Some(5))), "start time must be before end time");
    let mut empty_name = posted(None, None);
    empty_name.labels.push((String::new(), "x".into()));
    assert_eq!(error(empty_name), "invalid label name \"\"");
}

#[test]
fn a_repeated_report_keeps_the_first_start_and_moves_the_end() {
    let first = alert(Some(NOW), Some(NOW + 60_000), NOW);
    let second = alert(Some(NOW), Some(NOW + 120_000), NOW + 30_000);
    let kept = Alert::replace(Some(&first), second, NOW + 30_000);
    assert_eq!((kept.starts_at, kept.ends_at), (NOW, NOW + 120_000));
}

#[test]
fn a_resolve_ends_the_alert_and_a_timeout_never_beats_a_senders_end() {
    let firing = alert(Some(NOW), Some(NOW + 240_000), NOW);
    let resolved = alert(Some(NOW), Some(NOW + 10_000), NOW + 10_000);
    assert_eq!(Alert::replace(Some(&firing), resolved, NOW + 10_000).ends_at, NOW + 10_000);
    let timed_out = alert(Some(NOW), None, NOW);
    let explicit = alert(Some(NOW), Some(NOW + 60_000), NOW + 1);
    assert_eq!(Alert::replace(Some(&timed_out), explicit, NOW + 1).ends_at, NOW + 60_000);
}

#[test]
fn a_new_outbreak_after_the_end_starts_anew() {
    let old = alert(Some(NOW), Some(NOW + 10_000), NOW);
    let new = alert(Some(NOW + 50_000), Some(NOW + 90_000), NOW + 50_000);
    assert_eq!(Alert::replace(Some(&old), new, NOW + 50_000).starts_at, NOW + 50_000);
}
