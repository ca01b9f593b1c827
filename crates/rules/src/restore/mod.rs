//! After a restart: since when alerts were pending, read back from `ALERTS_FOR_STATE`.
//!
//! Source: Prometheus, rules/group.go, `RestoreForState`.

use crate::alerting::{ALERTS_FOR_STATE_METRIC, AlertingRule};
use crate::rule::Asker;
use model::clock::Millis;
use model::labels::METRIC_NAME;
use model::metrics::{MillisRange, Sample, is_stale};
use model::{Labels, Matcher};

/// Milliseconds each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RestoreOptions {
    /// How old the newest sample may be.
    pub outage_tolerance: Millis,
    /// Alerts with a shorter hold wait it out again; restored ones wait at least this long before they fire.
    pub grace_period: Millis,
}

/// Sets the alerts' times to what they were before the restart. Called once, after the first evaluation.
pub(crate) fn restore(rule: &mut AlertingRule, asker: &Asker, options: &RestoreOptions, t: Millis) {
    if rule.restored {
        return;
    }
    rule.restored = true;
    if rule.hold < options.grace_period {
        return;
    }
    let range = MillisRange { start: t - options.outage_tolerance, end: t - 1 };
    let (name, hold) = (rule.name.clone(), rule.hold);
    let matchers = [
        Matcher::equal(METRIC_NAME, ALERTS_FOR_STATE_METRIC),
        Matcher::equal(crate::alerting::ALERT_NAME, name.clone()),
    ];
    let readers = match asker.store.select(range, &matchers) {
        Ok(readers) => readers,
        Err(error) => {
            tracing::warn!(rule = name, %error, "cannot restore the state of alerts");
            return;
        }
    };
    let mut samples: Vec<Sample> = Vec::new();
    for reader in readers {
        samples.clear();
        if let Err(error) = reader.read(range, &mut samples) {
            tracing::warn!(rule = name, %error, "cannot restore the state of an alert");
            continue;
        }
        let labels: Labels = reader.labels().without_name();
        let last = samples.last().filter(|last| !is_stale(last.v));
        if let (Some(last), Some(alert)) = (last, rule.active.get_mut(&labels)) {
            alert.active_at = active_since(*last, hold, options.grace_period, t);
        }
    }
}

/// When the alert became active, as it counts from now on. `last.v` is that time in seconds as it was written at `last.t`.
fn active_since(last: Sample, hold: Millis, grace_period: Millis, t: Millis) -> Millis {
    let since = (last.v as Millis).saturating_mul(1_000);
    let left = hold - (last.t - since);
    if left <= 0 {
        // It was firing before, and fires again with the next evaluation.
        since
    } else if left < grace_period {
        t + grace_period - hold
    } else {
        // The time without evaluations does not count.
        since + (t - last.t)
    }
}
