//! From a due group to what its receiver gets: mute, deduplicate, send with retries, remember.

pub mod log;
pub mod webhook;

use crate::Alert;
use model::Labels;
use std::time::Duration;

/// Shortest time that a notification gets, however short the group interval is. Source: Alertmanager, `notify.MinTimeout`.
pub const MIN_TIMEOUT: Duration = Duration::from_secs(10);
/// First pause between tries; each next one is half as long again, up to [`MAX_BACKOFF`].
pub const FIRST_BACKOFF: Duration = Duration::from_millis(500);
pub const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// Who is told. Webhooks are the integration of the lab; each has its position as its name in the notification log.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    pub name: String,
    pub webhooks: Vec<webhook::Webhook>,
}

/// One notification: a group's alerts as the receiver sees them.
#[derive(Clone, Debug)]
pub struct Notification {
    pub receiver: String,
    pub group_key: String,
    pub group_labels: Labels,
    pub external_url: String,
    pub alerts: Vec<Alert>,
}

#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    pub reason: String,
    /// Whether another try may help.
    pub retry: bool,
}
