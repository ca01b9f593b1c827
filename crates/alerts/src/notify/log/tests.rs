use super::*;

const REPEAT: Millis = 100;

fn check(entry: Option<(&[u64], &[u64])>, firing: &[u64], resolved: &[u64], now: Millis, expected: bool) {
    let entry = entry.map(|(firing, resolved)| NotificationEntry {
        firing: firing.to_vec(),
        resolved: resolved.to_vec(),
        at: 1_000,
        expires_at: i64::MAX,
    });
    assert_eq!(
        needs_update(entry.as_ref(), firing, resolved, true, REPEAT, now),
        expected,
        "{entry:?} {firing:?} {resolved:?}"
    );
}

#[test]
fn new_firing_alerts_are_told_and_known_ones_are_not() {
    check(None, &[1], &[], 1_000, true);
    check(None, &[], &[1], 1_000, false);
    check(Some((&[1], &[])), &[1], &[], 1_050, false);
    check(Some((&[1], &[])), &[1, 2], &[], 1_050, true);
    check(Some((&[1, 2], &[])), &[1], &[], 1_050, false);
}

#[test]
fn the_end_is_told_once() {
    check(Some((&[1], &[])), &[], &[1], 1_050, true);
    check(Some((&[], &[1])), &[], &[1], 9_999, false);
    check(Some((&[1, 2], &[])), &[1], &[2], 1_050, true);
    check(Some((&[1], &[2])), &[1], &[2], 1_050, false);
}

#[test]
fn repeats_after_the_repeat_interval() {
    check(Some((&[1], &[])), &[1], &[], 1_100, false);
    check(Some((&[1], &[])), &[1], &[], 1_101, true);
}

#[test]
fn without_send_resolved_a_part_that_ends_is_no_news() {
    let entry = NotificationEntry { firing: vec![1, 2], resolved: vec![], at: 1_000, expires_at: 0 };
    assert!(!needs_update(Some(&entry), &[1], &[2], false, REPEAT, 1_050));
}
