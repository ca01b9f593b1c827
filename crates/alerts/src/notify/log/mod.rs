//! The notification log: what was sent for a group, so that neither a flush nor a restart sends it twice. Source:
//! Alertmanager, `notify.DedupStage`.

use crate::AlertsError;
use crate::state::{NotificationEntry, State};
use model::clock::Millis;
use std::collections::HashMap;
use std::sync::Arc;

/// How long an entry is kept at least (Alertmanager's `--data.retention`).
const RETENTION: Millis = 120 * 3_600_000;

pub struct NotificationLog {
    state: Arc<State>,
    entries: HashMap<String, NotificationEntry>,
}

/// The name of a group's entry: group, receiver and the integration within it.
pub fn entry_key(group_key: &str, receiver: &str, integration: usize) -> String {
    format!("{group_key}\u{1f}{receiver}\u{1f}webhook/{integration}")
}

impl NotificationLog {
    pub fn load(state: Arc<State>) -> Result<Self, AlertsError> {
        let entries = state.notifications()?.into_iter().collect();
        Ok(Self { state, entries })
    }

    pub fn get(&self, key: &str) -> Option<&NotificationEntry> {
        self.entries.get(key)
    }

    pub fn put(
        &mut self,
        key: String,
        firing: Vec<u64>,
        resolved: Vec<u64>,
        now: Millis,
        repeat_interval: Millis,
    ) -> Result<(), AlertsError> {
        let expires_at = now + RETENTION.max(2 * repeat_interval);
        let entry = NotificationEntry { firing, resolved, at: now, expires_at };
        self.state.put_notification(&key, &entry)?;
        self.entries.insert(key, entry);
        Ok(())
    }

    pub fn collect_garbage(&mut self, now: Millis) -> Result<(), AlertsError> {
        let old: Vec<String> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.expires_at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        self.state.remove_notifications(&old)?;
        for key in old {
            self.entries.remove(&key);
        }
        Ok(())
    }
}

/// Whether a group has to be told of again.
pub fn needs_update(
    entry: Option<&NotificationEntry>,
    firing: &[u64],
    resolved: &[u64],
    send_resolved: bool,
    repeat_interval: Millis,
    now: Millis,
) -> bool {
    let Some(entry) = entry else { return !firing.is_empty() };
    let known = |sent: &[u64], all: &[u64]| all.iter().all(|id| sent.contains(id));
    if !known(&entry.firing, firing) {
        return true;
    }
    if firing.is_empty() {
        // Everything is over: say so once, if there was something to say it of.
        return !entry.firing.is_empty();
    }
    if send_resolved && !known(&entry.resolved, resolved) {
        return true;
    }
    entry.at < now - repeat_interval
}

#[cfg(test)]
mod tests;
