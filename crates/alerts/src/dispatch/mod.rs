//! Groups of alerts and their timers, as plain state: what is due when is asked, nothing waits in here.
//!
//! A group is flushed `group_wait` after its first alert (at once when that alert has been firing for longer already),
//! then every `group_interval`. Source: Alertmanager's documentation, `route`.

use crate::Alert;
use crate::route::{Route, group_key};
use model::Labels;
use model::clock::Millis;
use std::collections::BTreeMap;

/// Most groups at a time: beyond that, alerts are counted and not notified of.
const MAX_GROUPS: usize = 10_000;

/// A group that is due, with its alerts as they are at that moment.
#[derive(Clone, Debug)]
pub struct Flush {
    pub id: GroupId,
    pub key: String,
    /// Oldest first.
    pub alerts: Vec<Alert>,
}

/// A route's number in the tree and the labels the group shares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId {
    pub route: usize,
    pub labels: Labels,
}

struct Group {
    key: String,
    receiver: String,
    interval: Millis,
    wait: Millis,
    alerts: BTreeMap<u64, Alert>,
    next_flush: Millis,
    flushed: bool,
    in_flight: bool,
}

#[derive(Default)]
pub struct Dispatcher {
    groups: BTreeMap<GroupId, Group>,
    pub dropped: u64,
}

impl Dispatcher {
    /// Puts an alert into its group of `route`.
    pub fn insert(&mut self, route: &Route, alert: &Alert, now: Millis) {
        let id = GroupId { route: route.index, labels: route.group_labels(&alert.labels) };
        // An alert that is over makes a group too: after a restart or a reload only the notification log knows whether
        // somebody was told that it fired, and has to be told that it ended.
        if !self.groups.contains_key(&id) && self.groups.len() >= MAX_GROUPS {
            self.dropped += 1;
            return;
        }
        let group = self.groups.entry(id).or_insert_with_key(|id| Group {
            key: group_key(&route.key, &id.labels),
            receiver: route.receiver.clone(),
            interval: route.group_interval,
            wait: route.group_wait,
            alerts: BTreeMap::new(),
            next_flush: now + route.group_wait,
            flushed: false,
            in_flight: false,
        });
        if !group.flushed && alert.starts_at + group.wait < now {
            group.next_flush = now;
        }
        group.alerts.insert(alert.fingerprint(), alert.clone());
    }

    /// When the next group is due.
    pub fn next_due(&self) -> Option<Millis> {
        self.groups.values().filter(|group| !group.in_flight).map(|group| group.next_flush).min()
    }

    /// The groups that are due; each is marked as under way until [`Dispatcher::finish`].
    pub fn due(&mut self, now: Millis) -> Vec<Flush> {
        let mut due = Vec::new();
        self.groups.retain(|_, group| group.in_flight || !group.alerts.is_empty());
        for (id, group) in &mut self.groups {
            if group.in_flight || group.next_flush > now {
                continue;
            }
            group.flushed = true;
            group.in_flight = true;
            group.next_flush = now + group.interval;
            let mut alerts: Vec<Alert> = group.alerts.values().cloned().collect();
            alerts.sort_by(|a, b| (a.starts_at, &a.labels).cmp(&(b.starts_at, &b.labels)));
            due.push(Flush { id: id.clone(), key: group.key.clone(), alerts });
        }
        due
    }

    /// Ends a flush. When it was `sent`, the alerts that were resolved in it and have not changed since leave the group.
    pub fn finish(&mut self, flush: &Flush, sent: bool, at: Millis) {
        let Some(group) = self.groups.get_mut(&flush.id) else { return };
        group.in_flight = false;
        if sent {
            for alert in flush.alerts.iter().filter(|alert| alert.resolved_at(at)) {
                if group.alerts.get(&alert.fingerprint()) == Some(alert) {
                    group.alerts.remove(&alert.fingerprint());
                }
            }
        }
    }

    /// Groups with their receiver and alerts, for the API.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, &str, Vec<&Alert>)> {
        self.groups.iter().map(|(id, group)| (id, group.receiver.as_str(), group.alerts.values().collect()))
    }
}

#[cfg(test)]
mod tests;
