//! From firing alerts to Alertmanagers: a bounded queue, and a task that posts batches of it.

mod post;

use model::Labels;
use model::clock::Millis;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An alert as Alertmanager hears of it. Times in milliseconds since the epoch; one that ends in the past is resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub labels: Labels,
    pub annotations: BTreeMap<String, String>,
    pub starts_at: Millis,
    pub ends_at: Millis,
    pub generator_url: String,
}

/// Where alerts go. Must not block: rules are evaluated meanwhile.
pub trait Notify: Send + Sync {
    fn send(&self, alerts: Vec<Alert>);
}

/// Sends to nobody.
pub struct Silent;

impl Notify for Silent {
    fn send(&self, _: Vec<Alert>) {}
}

/// Changes the labels of an alert before it is sent; `None` drops it (`alert_relabel_configs`).
pub type Relabel = Arc<dyn Fn(&Labels) -> Option<Labels> + Send + Sync>;

/// One Alertmanager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Without a slash at the end, such as `http://127.0.0.1:9093`; `/api/v2/alerts` follows.
    pub url: String,
    pub timeout: Duration,
}

#[derive(Clone)]
pub struct NotifierOptions {
    /// Alerts that wait at most; the oldest are dropped and counted.
    pub capacity: usize,
    /// Alerts in one request at most.
    pub batch: usize,
    /// How often a batch that no Alertmanager took is tried at most, and how long to wait after the first time (then twice as
    /// long each time). Rules send firing alerts again anyway.
    pub attempts: u32,
    pub backoff: Duration,
    /// Added to alerts that do not have them.
    pub external_labels: BTreeMap<String, String>,
    pub relabel: Option<Relabel>,
}

impl Default for NotifierOptions {
    fn default() -> Self {
        Self {
            capacity: 10_000,
            batch: 256,
            attempts: 4,
            backoff: Duration::from_millis(500),
            external_labels: BTreeMap::new(),
            relabel: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotifierStats {
    pub queued: u64,
    /// Alerts that at least one Alertmanager took.
    pub sent: u64,
    /// Alerts that were lost: the queue was full, or no Alertmanager took them.
    pub dropped: u64,
    /// Requests that failed.
    pub errors: u64,
}

/// Queues alerts and posts them. [`Notifier::run`] is the task.
pub struct Notifier {
    queue: Mutex<VecDeque<Alert>>,
    wake: tokio::sync::Notify,
    /// Options and targets change with the configuration.
    setup: Mutex<(NotifierOptions, Vec<Target>)>,
    sent: AtomicU64,
    dropped: AtomicU64,
    errors: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Notifier {
    pub fn new(options: NotifierOptions, targets: Vec<Target>) -> Self {
        Self {
            queue: Mutex::new(VecDeque::new()),
            wake: tokio::sync::Notify::new(),
            setup: Mutex::new((options, targets)),
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            errors: AtomicU64::new(0),
        }
    }

    /// Takes over a new configuration; what is queued stays.
    pub fn configure(&self, options: NotifierOptions, targets: Vec<Target>) {
        *lock(&self.setup) = (options, targets);
    }

    /// The Alertmanagers' addresses.
    pub fn targets(&self) -> Vec<Target> {
        lock(&self.setup).1.clone()
    }

    pub fn stats(&self) -> NotifierStats {
        NotifierStats {
            queued: lock(&self.queue).len() as u64,
            sent: self.sent.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
        }
    }

    fn prepare(options: &NotifierOptions, mut alert: Alert) -> Option<Alert> {
        let mut builder = alert.labels.to_builder();
        for (name, value) in &options.external_labels {
            if alert.labels.get(name).is_none() {
                builder.set(name, value);
            }
        }
        alert.labels = builder.build();
        if let Some(relabel) = &options.relabel {
            alert.labels = relabel(&alert.labels)?;
        }
        Some(alert)
    }
}

impl Notify for Notifier {
    fn send(&self, alerts: Vec<Alert>) {
        let options = lock(&self.setup).0.clone();
        {
            let mut queue = lock(&self.queue);
            queue.extend(alerts.into_iter().filter_map(|alert| Self::prepare(&options, alert)));
            let excess = queue.len().saturating_sub(options.capacity);
            if excess > 0 {
                queue.drain(..excess);
                self.dropped.fetch_add(excess as u64, Ordering::Relaxed);
                tracing::warn!(dropped = excess, capacity = options.capacity, "the queue of alerts is full");
            }
        }
        self.wake.notify_one();
    }
}

#[cfg(test)]
mod tests;
