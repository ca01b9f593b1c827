use super::*;
use crate::{Alert, PostableAlert};
use model::Matcher;

const NOW: Millis = 1_000_000;

fn provider(alerts: &[&[(&str, &str)]], ends_at: Millis) -> Provider {
    let mut provider = Provider::default();
    for labels in alerts {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let posted = PostableAlert {
            labels,
            starts_at: Some(NOW - 1),
            ends_at: Some(ends_at),
            ..PostableAlert::default()
        };
        provider.put(Alert::from_postable(posted, NOW, 1).unwrap(), NOW);
    }
    provider
}

fn rule() -> InhibitRule {
    InhibitRule {
        source: vec![Matcher::equal("severity", "page")],
        target: vec![Matcher::equal("severity", "ticket")],
        equal: vec!["service".into(), "slo".into()],
    }
}

#[test]
fn a_page_mutes_the_ticket_of_the_same_service_only() {
    let provider = provider(&[&[("severity", "page"), ("service", "gateway"), ("slo", "a")]], NOW + 1);
    let muted = |pairs: &[(&str, &str)]| {
        !inhibited_by(&[rule()], &Labels::from_pairs(pairs.iter().copied()), &provider, NOW).is_empty()
    };
    assert!(muted(&[("severity", "ticket"), ("service", "gateway"), ("slo", "a")]));
    assert!(!muted(&[("severity", "ticket"), ("service", "catalog"), ("slo", "a")]));
    assert!(!muted(&[("severity", "page"), ("service", "gateway"), ("slo", "a")]));
}

#[test]
fn labels_that_both_lack_are_equal() {
    let provider = provider(&[&[("severity", "page")]], NOW + 1);
    assert_eq!(
        inhibited_by(&[rule()], &Labels::from_pairs([("severity", "ticket")]), &provider, NOW).len(),
        1
    );
}

#[test]
fn a_resolved_source_mutes_nothing() {
    let provider = provider(&[&[("severity", "page")]], NOW);
    assert!(
        inhibited_by(&[rule()], &Labels::from_pairs([("severity", "ticket")]), &provider, NOW).is_empty()
    );
}

#[test]
fn an_alert_on_both_sides_does_not_mute_itself() {
    let both = InhibitRule {
        source: vec![Matcher::equal("a", "1")],
        target: vec![Matcher::equal("a", "1")],
        equal: vec![],
    };
    let provider = provider(&[&[("a", "1")]], NOW + 1);
    assert!(inhibited_by(&[both], &Labels::from_pairs([("a", "1")]), &provider, NOW).is_empty());
}
