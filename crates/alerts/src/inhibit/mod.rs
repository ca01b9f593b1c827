//! Inhibition: an alert is muted while another one is firing. Source: Alertmanager's documentation, `inhibit_rule`.

use crate::provider::Provider;
use model::clock::Millis;
use model::{Labels, matcher::all_match};
use stackconf::alertmanager::InhibitRule;

/// The fingerprint of a firing alert that mutes `target` by this rule.
fn source_of(rule: &InhibitRule, target: &Labels, provider: &Provider, now: Millis) -> Option<u64> {
    if !all_match(&rule.target, target) {
        return None;
    }
    // An alert that is both source and target cannot be muted by another of its kind (nor by itself).
    let two_sided = all_match(&rule.source, target);
    provider
        .iter()
        .filter(|alert| !alert.resolved_at(now) && all_match(&rule.source, &alert.labels))
        .filter(|alert| rule.equal.iter().all(|name| alert.labels.value(name) == target.value(name)))
        .filter(|alert| !(two_sided && all_match(&rule.target, &alert.labels)))
        .map(crate::Alert::fingerprint)
        .min()
}

/// Fingerprints of the alerts that mute an alert with these labels.
pub fn inhibited_by(rules: &[InhibitRule], labels: &Labels, provider: &Provider, now: Millis) -> Vec<u64> {
    let mut sources: Vec<u64> =
        rules.iter().filter_map(|rule| source_of(rule, labels, provider, now)).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

#[cfg(test)]
mod tests;
