//! Faults on purpose, switched at run time.
//!
//! [`ChaosSpec`] says what is wanted, [`Chaos`] holds what is in force, [`routes`] is the HTTP side. The request layer asks
//! [`Chaos::decide`] before each handler.

pub(crate) mod routes;
mod spec;

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use arc_swap::ArcSwap;
use rand::RngExt;
use tokio::{task::AbortHandle, time::Instant};
use tracing::Level;

use crate::{logs::Logger, names::log, telemetry::Service};
pub use spec::{ChaosSpec, Violation};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    pub latency: Duration,
    pub error: bool,
}

/// The faults of one service. Clones share their state.
#[derive(Clone)]
pub struct Chaos(Arc<Inner>);

struct Inner {
    service: Service,
    logger: Logger,
    active: ArcSwap<Active>,
    /// Serialises changes and holds the task that ends the current fault.
    timer: Mutex<Option<AbortHandle>>,
}

struct Active {
    spec: ChaosSpec,
    expires: Option<Instant>,
}

/// Why the state changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Start,
    Set,
    Reset,
    Expired,
}

impl Chaos {
    /// Starts with `spec` in force.
    pub(crate) fn new(service: Service, spec: ChaosSpec, logger: Logger) -> Self {
        let off = Active { spec: ChaosSpec::default(), expires: None };
        let chaos = Self(Arc::new(Inner {
            service,
            logger,
            active: ArcSwap::from_pointee(off),
            timer: Mutex::new(None),
        }));
        if !spec.is_off() {
            chaos.put(spec, Cause::Start);
        }
        chaos
    }

    /// Whether no fault is in force: one load, for the path of every request.
    pub fn is_off(&self) -> bool {
        self.0.active.load().spec.is_off()
    }

    /// What is in force now.
    pub fn current(&self) -> ChaosSpec {
        let active = self.0.active.load();
        if active.expired() { ChaosSpec::default() } else { active.spec.clone() }
    }

    /// How long the current fault lasts; `None` when there is none or it has no end.
    pub fn remaining(&self) -> Option<Duration> {
        let active = self.0.active.load();
        if active.spec.is_off() || active.expired() {
            return None;
        }
        Some(active.expires?.saturating_duration_since(Instant::now()))
    }

    /// Throws the dice for a request on `route`.
    pub fn decide(&self, route: &str) -> Option<Fault> {
        let active = self.0.active.load();
        let spec = &active.spec;
        if spec.is_off()
            || active.expired()
            || !(spec.routes.is_empty() || spec.routes.iter().any(|wanted| wanted == route))
        {
            return None;
        }
        let mut rng = rand::rng();
        let jitter = if spec.jitter_ms > 0 { rng.random_range(0..=spec.jitter_ms) } else { 0 };
        Some(Fault {
            latency: Duration::from_millis(spec.latency_ms + jitter),
            error: spec.error_rate > 0.0 && rng.random::<f64>() < spec.error_rate,
        })
    }

    /// Puts `spec` in force at once.
    pub(crate) fn set(&self, spec: ChaosSpec) {
        let cause = if spec.is_off() { Cause::Reset } else { Cause::Set };
        self.put(spec, cause);
    }

    /// Ends all faults.
    pub(crate) fn reset(&self) {
        self.put(ChaosSpec::default(), Cause::Reset);
    }

    /// The routes that a fault can be limited to.
    pub(crate) fn routes(&self) -> Vec<&'static str> {
        let mut routes: Vec<_> = self.0.service.endpoints.iter().map(|endpoint| endpoint.path).collect();
        routes.dedup();
        routes
    }

    pub(crate) fn service(&self) -> &'static str {
        self.0.service.name
    }

    fn put(&self, spec: ChaosSpec, cause: Cause) {
        let mut timer = self.0.timer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = timer.take() {
            old.abort();
        }
        self.0.put(spec.clone(), cause);
        if !spec.is_off() && spec.ttl_seconds > 0 {
            let after = Duration::from_secs(spec.ttl_seconds);
            *timer = Some(tokio::spawn(expire(Arc::downgrade(&self.0), after)).abort_handle());
        }
    }
}

impl Inner {
    fn put(&self, spec: ChaosSpec, cause: Cause) {
        let ends = !spec.is_off() && spec.ttl_seconds > 0;
        let expires = ends.then(|| Instant::now() + Duration::from_secs(spec.ttl_seconds));
        let level = if spec.is_off() { Level::INFO } else { Level::WARN };
        self.active.store(Arc::new(Active { spec: spec.clone(), expires }));
        self.logger.line(level, |line| {
            line.str("cause", cause.word())
                .float("error_rate", spec.error_rate)
                .uint("latency_ms", spec.latency_ms)
                .uint("jitter_ms", spec.jitter_ms)
                .str("routes", &spec.routes.join(","))
                .uint("ttl_seconds", spec.ttl_seconds)
                .msg(log::CHAOS_CHANGED);
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            timer.abort();
        }
    }
}

impl Active {
    fn expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= Instant::now())
    }
}

impl Cause {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Set => "set",
            Self::Reset => "reset",
            Self::Expired => "expired",
        }
    }
}

/// Ends a fault after its time. A change aborts this task and starts another.
async fn expire(chaos: Weak<Inner>, after: Duration) {
    tokio::time::sleep(after).await;
    let Some(inner) = chaos.upgrade() else { return };
    let mut timer = inner.timer.lock().unwrap_or_else(PoisonError::into_inner);
    // A change that took the lock first has put another fault in force, which is not this task's to end.
    if inner.active.load().expired() {
        timer.take();
        inner.put(ChaosSpec::default(), Cause::Expired);
    }
}

#[cfg(test)]
mod tests;
