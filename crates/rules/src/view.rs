//! What the rule manager shows of itself: plain data for `/api/v1/rules`, `/api/v1/alerts` and the console.

use model::Labels;
use model::clock::Millis;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    pub name: String,
    /// The rule file as the configuration names it.
    pub file: String,
    pub interval: Duration,
    pub limit: u64,
    pub rules: Vec<RuleView>,
    pub last_evaluation: Option<Millis>,
    pub evaluation_time: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RuleView {
    /// The record's name or the alert's name.
    pub name: String,
    pub query: String,
    pub labels: BTreeMap<String, String>,
    pub health: RuleHealth,
    pub last_error: Option<String>,
    pub last_evaluation: Option<Millis>,
    pub evaluation_time: Duration,
    pub kind: RuleKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleHealth {
    /// Not evaluated yet.
    Unknown,
    Ok,
    Err,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RuleKind {
    Recording,
    Alerting {
        hold: Duration,
        keep_firing_for: Duration,
        annotations: BTreeMap<String, String>,
        state: AlertState,
        alerts: Vec<AlertView>,
    },
}

/// In the order of severity, so that a rule's state is the maximum of its alerts' states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertState {
    Inactive,
    Pending,
    Firing,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    pub labels: Labels,
    pub annotations: BTreeMap<String, String>,
    pub state: AlertState,
    pub active_at: Millis,
    pub keep_firing_since: Option<Millis>,
    pub value: f64,
}
