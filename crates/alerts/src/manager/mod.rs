//! [`Alertmanager`]: the parts put together, driven by one task.

use crate::config::Config;
use crate::dispatch::{Dispatcher, Flush};
use crate::inhibit::inhibited_by;
use crate::notify::log::{NotificationLog, entry_key, needs_update};
use crate::notify::{FIRST_BACKOFF, MAX_BACKOFF, MIN_TIMEOUT, Notification, webhook};
use crate::provider::Provider;
use crate::route::Route;
use crate::silence::{Silence, SilenceError, Silences};
use crate::state::State;
use crate::{Alert, AlertsError, PostableAlert, timeinterval};
use model::clock::Millis;
use model::{Clock, Labels, Matcher, matcher::all_match};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often what is over is forgotten.
const GARBAGE_INTERVAL: Millis = 30_000;
/// Notifications under way at a time.
const MAX_SENDING: usize = 64;
/// Longest sleep of the driving task: bounds what a jump of the clock can delay.
const MAX_SLEEP: Duration = Duration::from_secs(5);
/// How long a stop waits for notifications that are under way.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// What an Alertmanager needs from outside.
pub struct Options {
    /// Folder of its state file.
    pub data_dir: PathBuf,
    /// Where its pages are, for links in notifications.
    pub external_url: String,
    pub clock: Arc<dyn Clock>,
    pub client: reqwest::Client,
    /// Leads the host names of the configuration to addresses.
    pub resolve: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

/// Which alerts a reader wants to see.
#[derive(Clone, Debug)]
pub struct AlertFilter {
    pub active: bool,
    pub silenced: bool,
    pub inhibited: bool,
    pub unprocessed: bool,
    pub muted: bool,
    pub matchers: Vec<Matcher>,
    pub receiver: Option<Matcher>,
}

impl Default for AlertFilter {
    fn default() -> Self {
        Self {
            active: true,
            silenced: true,
            inhibited: true,
            unprocessed: true,
            muted: true,
            matchers: Vec::new(),
            receiver: None,
        }
    }
}

/// An alert with what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertStatus {
    pub alert: Alert,
    pub receivers: Vec<String>,
    pub silenced_by: Vec<String>,
    pub inhibited_by: Vec<u64>,
    /// Names of the time intervals that mute its routes.
    pub muted_by: Vec<String>,
}

impl AlertStatus {
    pub fn state(&self) -> &'static str {
        let free = self.silenced_by.is_empty() && self.inhibited_by.is_empty();
        if free { "active" } else { "suppressed" }
    }
}

#[derive(Clone, Debug)]
pub struct GroupView {
    pub labels: Labels,
    pub receiver: String,
    pub route_key: String,
    pub alerts: Vec<AlertStatus>,
}

/// Counters since the start, for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub received: u64,
    pub invalid: u64,
    pub notifications: u64,
    pub notifications_failed: u64,
    pub dropped: u64,
}

struct Inner {
    config: Arc<Config>,
    provider: Provider,
    dispatcher: Dispatcher,
    silences: Silences,
    log: NotificationLog,
    counters: Counters,
    last_garbage: Millis,
}

/// One group on its way to one integration of its receiver.
struct Delivery<'a> {
    flush: &'a Flush,
    route: &'a Route,
    position: usize,
    webhook: &'a webhook::Webhook,
    /// What neither silences nor inhibition hold back.
    alerts: &'a [Alert],
    at: Millis,
}

struct Shared {
    inner: Mutex<Inner>,
    options: Options,
    started_at: Millis,
    wake: Notify,
    sending: Semaphore,
    stop: CancellationToken,
}

/// A running Alertmanager. Clones share one state; the driving task ends with [`Alertmanager::stop`].
#[derive(Clone)]
pub struct Alertmanager {
    shared: Arc<Shared>,
    driver: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

impl Alertmanager {
    /// Opens the state and starts the driving task; has to be called within a tokio runtime.
    ///
    /// # Errors
    /// [`AlertsError::State`] when the state file cannot be opened.
    pub fn start(config: Config, options: Options) -> Result<Self, AlertsError> {
        let state = Arc::new(State::open(&options.data_dir.join("alertmanager.redb"))?);
        let now = options.clock.now_millis();
        let inner = Inner {
            config: Arc::new(config),
            provider: Provider::default(),
            dispatcher: Dispatcher::default(),
            silences: Silences::load(state.clone())?,
            log: NotificationLog::load(state)?,
            counters: Counters::default(),
            last_garbage: now,
        };
        let shared = Arc::new(Shared {
            inner: Mutex::new(inner),
            options,
            started_at: now,
            wake: Notify::new(),
            sending: Semaphore::new(MAX_SENDING),
            stop: CancellationToken::new(),
        });
        let driver = tokio::spawn(drive(shared.clone()));
        Ok(Self { shared, driver: Arc::new(Mutex::new(Some(driver))) })
    }

    /// Ends the driving task; notifications under way get a moment.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            let _ = driver.await;
        }
    }

    /// Takes a new configuration: groups start anew under the new tree, what was sent is remembered.
    pub fn reload(&self, config: Config) {
        let mut inner = self.shared.lock();
        let now = self.shared.now();
        inner.config = Arc::new(config);
        let mut dispatcher = Dispatcher::default();
        dispatcher.dropped = inner.dispatcher.dropped;
        let config = inner.config.clone();
        for alert in inner.provider.iter() {
            for route in config.route.matching(&alert.labels) {
                dispatcher.insert(route, alert, now);
            }
        }
        inner.dispatcher = dispatcher;
        drop(inner);
        self.shared.wake.notify_one();
    }

    /// Takes alerts; the good ones of a request are kept even when others are not.
    ///
    /// # Errors
    /// The reasons of those that were refused, joined by semicolons.
    pub fn put_alerts(&self, posted: Vec<PostableAlert>) -> Result<(), String> {
        let now = self.shared.now();
        let mut inner = self.shared.lock();
        let Inner { config, provider, dispatcher, counters, .. } = &mut *inner;
        let mut errors = Vec::new();
        for posted in posted {
            counters.received += 1;
            let alert = match Alert::from_postable(posted, now, config.resolve_timeout) {
                Ok(alert) => alert,
                Err(reason) => {
                    counters.invalid += 1;
                    errors.push(reason);
                    continue;
                }
            };
            match provider.put(alert, now) {
                Some(alert) => {
                    for route in config.route.matching(&alert.labels) {
                        dispatcher.insert(route, alert, now);
                    }
                }
                None => errors.push(format!("more than {} alerts", crate::provider::MAX_ALERTS)),
            }
        }
        counters.dropped = dispatcher.dropped;
        drop(inner);
        self.shared.wake.notify_one();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
    }

    /// The unresolved alerts that a filter lets through, sorted by labels.
    pub fn alerts(&self, filter: &AlertFilter) -> Vec<AlertStatus> {
        let now = self.shared.now();
        let inner = self.shared.lock();
        let alerts = inner.provider.iter().filter(|alert| !alert.resolved_at(now));
        let mut found: Vec<AlertStatus> =
            alerts.map(|alert| inner.status(alert, now)).filter(|status| filter.accepts(status)).collect();
        found.sort_by(|a, b| a.alert.labels.cmp(&b.alert.labels));
        found
    }

    pub fn groups(&self, filter: &AlertFilter) -> Vec<GroupView> {
        let now = self.shared.now();
        let inner = self.shared.lock();
        let routes = inner.config.route.walk();
        let mut groups = Vec::new();
        for (id, receiver, alerts) in inner.dispatcher.groups() {
            let alerts: Vec<AlertStatus> = alerts
                .into_iter()
                .filter(|alert| !alert.resolved_at(now))
                .map(|alert| inner.status(alert, now))
                .filter(|status| filter.accepts(status))
                .collect();
            if !alerts.is_empty() {
                let route_key = routes.get(id.route).map_or(String::new(), |route| route.key.clone());
                groups.push(GroupView {
                    labels: id.labels.clone(),
                    receiver: receiver.to_owned(),
                    route_key,
                    alerts,
                });
            }
        }
        groups.sort_by(|a, b| (&a.labels, &a.receiver).cmp(&(&b.labels, &b.receiver)));
        groups
    }

    /// Receiver names in the order of the alphabet.
    pub fn receivers(&self) -> Vec<String> {
        self.shared.lock().config.receivers.keys().cloned().collect()
    }

    pub fn config_text(&self) -> String {
        self.shared.lock().config.text.clone()
    }

    pub fn started_at(&self) -> Millis {
        self.shared.started_at
    }

    pub fn now(&self) -> Millis {
        self.shared.now()
    }

    pub fn counters(&self) -> Counters {
        self.shared.lock().counters
    }

    /// All silences that `matchers` are not against: one of a silence's own matchers has to be satisfied by each.
    pub fn silences(&self) -> Vec<Silence> {
        self.shared.lock().silences.iter().map(|(silence, _)| silence.clone()).collect()
    }

    pub fn silence(&self, id: &str) -> Option<Silence> {
        self.shared.lock().silences.get(id).cloned()
    }

    /// # Errors
    /// As [`Silences::set`].
    pub fn set_silence(&self, silence: Silence) -> Result<String, SilenceError> {
        let now = self.shared.now();
        let result = self.shared.lock().silences.set(silence, now, new_id());
        self.shared.wake.notify_one();
        result
    }

    /// # Errors
    /// As [`Silences::expire`].
    pub fn expire_silence(&self, id: &str) -> Result<(), SilenceError> {
        let now = self.shared.now();
        let result = self.shared.lock().silences.expire(id, now);
        self.shared.wake.notify_one();
        result
    }
}

/// A random identifier in the form of a UUID of version 4.
fn new_id() -> String {
    let bits = (rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

impl AlertFilter {
    fn accepts(&self, status: &AlertStatus) -> bool {
        let (silenced, inhibited) = (!status.silenced_by.is_empty(), !status.inhibited_by.is_empty());
        (self.active || silenced || inhibited)
            && (self.silenced || !silenced)
            && (self.inhibited || !inhibited)
            && (self.muted || status.muted_by.is_empty())
            && all_match(&self.matchers, &status.alert.labels)
            && self
                .receiver
                .as_ref()
                .is_none_or(|wanted| status.receivers.iter().any(|name| wanted.matches(name)))
    }
}

impl Inner {
    fn status(&self, alert: &Alert, now: Millis) -> AlertStatus {
        let routes = self.config.route.matching(&alert.labels);
        let muted_by: BTreeSet<String> =
            routes.iter().flat_map(|route| self.muting_intervals(route, now)).collect();
        AlertStatus {
            alert: alert.clone(),
            receivers: routes.iter().map(|route| route.receiver.clone()).collect(),
            silenced_by: self.silences.silencing(&alert.labels, now),
            inhibited_by: inhibited_by(&self.config.inhibit_rules, &alert.labels, &self.provider, now),
            muted_by: muted_by.into_iter().collect(),
        }
    }

    /// The time intervals that keep a route quiet now: a mute one that holds, or all active ones when none holds.
    fn muting_intervals(&self, route: &Route, now: Millis) -> Vec<String> {
        let holds = |name: &&String| {
            let intervals = self.config.time_intervals.get(*name);
            intervals.is_some_and(|list| list.iter().any(|interval| timeinterval::contains(interval, now)))
        };
        let mut muting: Vec<String> = route.mute_time_intervals.iter().filter(holds).cloned().collect();
        let active = &route.active_time_intervals;
        if !active.is_empty() && !active.iter().any(|name| holds(&name)) {
            muting.extend(active.iter().cloned());
        }
        muting
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Millis {
        self.options.clock.now_millis()
    }

    /// The groups that are due, and how long to sleep until the next.
    fn step(&self) -> (Vec<Flush>, Duration) {
        let now = self.now();
        let mut inner = self.lock();
        if now - inner.last_garbage >= GARBAGE_INTERVAL {
            inner.last_garbage = now;
            inner.provider.collect_garbage(now);
            let collected = inner.silences.collect_garbage(now).and_then(|()| inner.log.collect_garbage(now));
            if let Err(error) = collected {
                tracing::warn!(%error, "cannot forget old alerting state");
            }
        }
        let due = inner.dispatcher.due(now);
        let wait = inner.dispatcher.next_due().map_or(MAX_SLEEP, |at| {
            Duration::from_millis(u64::try_from(at - now).unwrap_or(0)).min(MAX_SLEEP)
        });
        (due, wait)
    }

    /// Sends one group to every integration of its receiver. True when nothing is left to be sent.
    async fn notify(&self, flush: &Flush, at: Millis) -> bool {
        let (config, unmuted) = {
            let inner = self.lock();
            let config = inner.config.clone();
            let Some(route) = config.route.walk().into_iter().find(|route| route.index == flush.id.route)
            else {
                return true;
            };
            if !inner.muting_intervals(route, at).is_empty() {
                return true;
            }
            let free = |alert: &&Alert| {
                inhibited_by(&config.inhibit_rules, &alert.labels, &inner.provider, at).is_empty()
                    && inner.silences.silencing(&alert.labels, at).is_empty()
            };
            (config.clone(), flush.alerts.iter().filter(free).cloned().collect::<Vec<_>>())
        };
        let Some(route) = config.route.walk().into_iter().find(|route| route.index == flush.id.route) else {
            return true;
        };
        let Some(receiver) = config.receivers.get(&route.receiver) else { return true };
        let mut all_sent = true;
        for (position, webhook) in receiver.webhooks.iter().enumerate() {
            let delivery = Delivery { flush, route, position, webhook, alerts: &unmuted, at };
            all_sent &= self.deliver(delivery).await;
        }
        all_sent
    }

    /// Sends what an integration does not know yet and remembers it.
    async fn deliver(&self, delivery: Delivery<'_>) -> bool {
        let Delivery { flush, route, position, webhook, alerts, at } = delivery;
        let ids = |resolved: bool| {
            let mut ids: Vec<u64> = alerts
                .iter()
                .filter(|alert| alert.resolved_at(at) == resolved)
                .map(Alert::fingerprint)
                .collect();
            ids.sort_unstable();
            ids
        };
        let (firing, resolved) = (ids(false), ids(true));
        let key = entry_key(&flush.key, &route.receiver, position);
        {
            let inner = self.lock();
            let entry = inner.log.get(&key);
            if !needs_update(entry, &firing, &resolved, webhook.send_resolved, route.repeat_interval, at) {
                return true;
            }
        }
        let mut sent: Vec<Alert> = alerts.to_vec();
        if !webhook.send_resolved {
            sent.retain(|alert| !alert.resolved_at(at));
        }
        if !sent.is_empty() {
            let notification = Notification {
                receiver: route.receiver.clone(),
                group_key: flush.key.clone(),
                group_labels: flush.id.labels.clone(),
                external_url: self.options.external_url.clone(),
                alerts: sent,
            };
            let limit =
                Duration::from_millis(u64::try_from(route.group_interval).unwrap_or(0)).max(MIN_TIMEOUT);
            if !self.send(webhook, &notification, at, limit).await {
                return false;
            }
        }
        let mut inner = self.lock();
        let now = self.now();
        if let Err(error) = inner.log.put(key, firing, resolved, now, route.repeat_interval) {
            tracing::warn!(%error, "cannot remember a notification: it may be sent again after a restart");
        }
        true
    }

    /// Tries until it is sent, the error is final or the time is over.
    async fn send(
        &self,
        webhook: &webhook::Webhook,
        notification: &Notification,
        at: Millis,
        limit: Duration,
    ) -> bool {
        let url = (self.options.resolve)(&webhook.url);
        let mut pause = FIRST_BACKOFF;
        let mut last = String::new();
        let tries = async {
            loop {
                match webhook::send(&self.options.client, webhook, &url, notification, at).await {
                    Ok(()) => return true,
                    Err(error) => {
                        last.clone_from(&error.reason);
                        if !error.retry {
                            return false;
                        }
                    }
                }
                tokio::time::sleep(pause).await;
                pause = (pause + pause / 2).min(MAX_BACKOFF);
            }
        };
        let sent = tokio::select! {
            result = tokio::time::timeout(limit, tries) => result.unwrap_or(false),
            () = self.stop.cancelled() => false,
        };
        let mut inner = self.lock();
        inner.counters.notifications += 1;
        if !sent {
            inner.counters.notifications_failed += 1;
            drop(inner);
            tracing::warn!(
                receiver = notification.receiver,
                url = webhook.url,
                error = last,
                "a notification was not sent"
            );
        }
        sent
    }
}

/// Flushes groups when they are due, until it is told to stop.
async fn drive(shared: Arc<Shared>) {
    let mut running = JoinSet::new();
    while !shared.stop.is_cancelled() {
        let (due, wait) = shared.step();
        for flush in due {
            let shared = shared.clone();
            running.spawn(async move {
                let Ok(_permit) = shared.sending.acquire().await else { return };
                let at = shared.now();
                let sent = shared.notify(&flush, at).await;
                shared.lock().dispatcher.finish(&flush, sent, at);
                shared.wake.notify_one();
            });
        }
        while running.try_join_next().is_some() {}
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = shared.wake.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    let finish = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(STOP_GRACE, finish).await;
}

#[cfg(test)]
mod tests;
