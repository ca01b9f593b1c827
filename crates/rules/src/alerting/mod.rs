//! Alerting rules: which alerts there are, since when, and in which state.
//!
//! An alert is pending while its expression gives a series, firing once it has done so for `for`, and resolved when the series
//! is gone (and `keep_firing_for` has passed). Resolved alerts are kept for a while so that Alertmanager hears of it.

use crate::notify::Alert;
use crate::rule::{Asker, Written};
use crate::template::{Expander, Templates};
use crate::view::{AlertState, AlertView};
use model::clock::Millis;
use model::labels::METRIC_NAME;
use model::{Labels, LabelsBuilder};
use promql::Expr;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a resolved alert is sent again and again as resolved.
pub(crate) const RESOLVED_RETENTION: Millis = 15 * 60_000;
pub(crate) const ALERT_NAME: &str = "alertname";
const ALERT_STATE: &str = "alertstate";
const ALERTS_METRIC: &str = "ALERTS";
pub(crate) const ALERTS_FOR_STATE_METRIC: &str = "ALERTS_FOR_STATE";

#[derive(Clone, Debug)]
pub(crate) struct ActiveAlert {
    pub state: AlertState,
    pub annotations: BTreeMap<String, String>,
    pub value: f64,
    /// When the series was first seen; the hold counts from here.
    pub active_at: Millis,
    pub fired_at: Option<Millis>,
    pub resolved_at: Option<Millis>,
    pub keep_firing_since: Option<Millis>,
    last_sent_at: Option<Millis>,
}

pub(crate) struct AlertingRule {
    pub name: String,
    pub expr: Expr,
    pub hold: Millis,
    pub keep_firing_for: Millis,
    pub labels: Templates,
    pub annotations: Templates,
    /// By labels.
    pub active: BTreeMap<Labels, ActiveAlert>,
    /// Whether the state from before a restart was looked for. Until then nothing is written, for it would overwrite that state.
    pub restored: bool,
    /// Where the alert's expression is shown.
    generator_url: String,
    expander: Arc<Expander>,
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

impl AlertingRule {
    pub fn new(
        name: &str,
        expr: Expr,
        (hold, keep_firing_for): (Duration, Duration),
        labels: Templates,
        annotations: Templates,
        expander: Arc<Expander>,
    ) -> Self {
        Self {
            generator_url: expander.table_link(&expr.to_string()),
            name: name.to_owned(),
            expr,
            hold: millis(hold),
            keep_firing_for: millis(keep_firing_for),
            labels,
            annotations,
            active: BTreeMap::new(),
            restored: hold.is_zero(),
            expander,
        }
    }

    /// Evaluates at `t` (the expression at `at`, which may lie before) and gives the samples to write.
    pub fn evaluate(
        &mut self,
        asker: &Asker,
        t: Millis,
        at: Millis,
        limit: u64,
    ) -> Result<Vec<Written>, String> {
        let found = self.found(asker, t, at)?;
        for (labels, alert) in &found {
            match self.active.get_mut(labels) {
                Some(known) if known.state != AlertState::Inactive => {
                    known.value = alert.value;
                    known.annotations.clone_from(&alert.annotations);
                }
                _ => {
                    self.active.insert(labels.clone(), alert.clone());
                }
            }
        }
        let (hold, keep) = (self.hold, self.keep_firing_for);
        self.active.retain(|labels, alert| {
            if found.contains_key(labels) {
                alert.keep_firing_since = None;
            } else if !step_down(alert, t, keep) {
                return false;
            }
            if alert.state == AlertState::Pending && t - alert.active_at >= hold {
                alert.state = AlertState::Firing;
                alert.fired_at = Some(t);
            }
            true
        });
        let live = self.active.values().filter(|alert| alert.state != AlertState::Inactive).count() as u64;
        if limit > 0 && live > limit {
            self.active.clear();
            return Err(format!("exceeded limit of {limit} with {live} alerts"));
        }
        Ok(if self.restored { self.samples() } else { Vec::new() })
    }

    /// The alerts that the expression gives now, with their labels and annotations written out.
    fn found(&self, asker: &Asker, t: Millis, at: Millis) -> Result<BTreeMap<Labels, ActiveAlert>, String> {
        let mut found = BTreeMap::new();
        for (series, value) in asker.ask(&self.expr, at)? {
            let series = series.without_name();
            let data = self.expander.data(&series, value);
            let mut builder = series.to_builder();
            for (name, text) in self.labels.expand(&self.name, at, &data, &self.expander) {
                builder.set(&name, &text);
            }
            builder.set(ALERT_NAME, &self.name);
            let annotations = self.annotations.expand(&self.name, at, &data, &self.expander);
            let alert = ActiveAlert {
                state: AlertState::Pending,
                annotations: annotations.into_iter().collect(),
                value,
                active_at: t,
                fired_at: None,
                resolved_at: None,
                keep_firing_since: None,
                last_sent_at: None,
            };
            if found.insert(builder.build(), alert).is_some() {
                return Err(
                    "vector contains metrics with the same labelset after applying alert labels".to_owned()
                );
            }
        }
        Ok(found)
    }

    /// `ALERTS` and `ALERTS_FOR_STATE` of every pending and firing alert.
    fn samples(&self) -> Vec<Written> {
        let named = |labels: &Labels, name: &str| -> LabelsBuilder {
            let mut builder = labels.to_builder();
            builder.set(METRIC_NAME, name);
            builder
        };
        let mut samples = Vec::new();
        for (labels, alert) in self.active.iter().filter(|(_, alert)| alert.state != AlertState::Inactive) {
            let mut state = named(labels, ALERTS_METRIC);
            state.set(ALERT_STATE, state_name(alert.state));
            samples.push((state.build(), 1.0));
            let since = alert.active_at.div_euclid(1_000) as f64;
            samples.push((named(labels, ALERTS_FOR_STATE_METRIC).build(), since));
        }
        samples
    }

    /// The alerts that Alertmanager should hear of now: firing ones every `resend` (milliseconds), resolved ones too.
    pub fn take_due(&mut self, t: Millis, resend: Millis, interval: Millis) -> Vec<Alert> {
        // Time for two evaluations or notifications to fail before Alertmanager takes the alert for resolved.
        let valid_until = t + 4 * resend.max(interval);
        let mut alerts = Vec::new();
        for (labels, alert) in &mut self.active {
            let due = match (alert.state, alert.last_sent_at) {
                (AlertState::Pending, _) => false,
                (_, None) => true,
                (_, Some(sent)) => {
                    alert.resolved_at.is_some_and(|resolved| resolved > sent) || sent + resend < t
                }
            };
            if !due {
                continue;
            }
            alert.last_sent_at = Some(t);
            alerts.push(Alert {
                labels: labels.clone(),
                annotations: alert.annotations.clone(),
                starts_at: alert.fired_at.unwrap_or(alert.active_at),
                ends_at: alert.resolved_at.unwrap_or(valid_until),
                generator_url: self.generator_url.clone(),
            });
        }
        alerts
    }

    pub fn state(&self) -> AlertState {
        self.active.values().map(|alert| alert.state).max().unwrap_or(AlertState::Inactive)
    }

    /// Pending and firing alerts, in the order of their labels.
    pub fn views(&self) -> Vec<AlertView> {
        let live = self.active.iter().filter(|(_, alert)| alert.state != AlertState::Inactive);
        live.map(|(labels, alert)| AlertView {
            labels: labels.clone(),
            annotations: alert.annotations.clone(),
            state: alert.state,
            active_at: alert.active_at,
            keep_firing_since: alert.keep_firing_since,
            value: alert.value,
        })
        .collect()
    }
}

/// What becomes of an alert whose series is gone. False when it is to be forgotten.
fn step_down(alert: &mut ActiveAlert, t: Millis, keep_firing_for: Millis) -> bool {
    if alert.state == AlertState::Firing && keep_firing_for > 0 {
        let since = *alert.keep_firing_since.get_or_insert(t);
        if t - since < keep_firing_for {
            return true;
        }
    }
    let outdated = alert.resolved_at.is_some_and(|resolved| t - resolved > RESOLVED_RETENTION);
    if alert.state == AlertState::Pending || outdated {
        return false;
    }
    if alert.state != AlertState::Inactive {
        alert.state = AlertState::Inactive;
        alert.resolved_at = Some(t);
    }
    true
}

pub(crate) fn state_name(state: AlertState) -> &'static str {
    match state {
        AlertState::Inactive => "inactive",
        AlertState::Pending => "pending",
        AlertState::Firing => "firing",
    }
}
