//! The alerts that are known, by fingerprint. They are not kept on disk: who sends them repeats them.

use crate::Alert;
use model::clock::Millis;
use std::collections::HashMap;

/// How long a resolved alert stays visible to inhibition and groups before it is forgotten (Alertmanager's `--alerts.gc-interval`).
pub const KEEP_RESOLVED: Millis = 30 * 60_000;
/// Most alerts at a time; more are refused and counted.
pub const MAX_ALERTS: usize = 50_000;

#[derive(Default)]
pub struct Provider {
    alerts: HashMap<u64, Alert>,
    pub received: u64,
    pub refused: u64,
}

impl Provider {
    /// Takes one report of an alert; returns what is kept, or `None` when there are too many alerts.
    pub fn put(&mut self, alert: Alert, now: Millis) -> Option<&Alert> {
        self.received += 1;
        let key = alert.fingerprint();
        if !self.alerts.contains_key(&key) && self.alerts.len() >= MAX_ALERTS {
            self.refused += 1;
            return None;
        }
        let kept = Alert::replace(self.alerts.get(&key), alert, now);
        self.alerts.insert(key, kept);
        self.alerts.get(&key)
    }

    pub fn get(&self, fingerprint: u64) -> Option<&Alert> {
        self.alerts.get(&fingerprint)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    pub fn collect_garbage(&mut self, now: Millis) {
        self.alerts.retain(|_, alert| alert.ends_at + KEEP_RESOLVED > now);
    }
}
