//! Runs work that may take long: on a thread of its own, for a limited time, and not for a client that went away.

use super::PrometheusApi;
use super::reply::{ApiError, Class};
use promql::{EvalError, Interrupt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Raised when the answer is not waited for any more.
#[derive(Clone, Debug, Default)]
pub struct Flag(Arc<AtomicBool>);

impl Interrupt for Flag {
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Raises the flag when it is dropped: the client has gone, or the time is up.
struct Raise(Flag);

impl Drop for Raise {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl PrometheusApi {
    /// Runs `work` when a slot is free. Waiting counts towards the time-out.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&Self, &Flag) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let began = Instant::now();
        let flag = Flag::default();
        let _raise = Raise(flag.clone());
        let api = self.clone();
        let answer = async move {
            let slots = Arc::clone(&api.slots);
            // The semaphore is never closed.
            let slot =
                slots.acquire_owned().await.map_err(|error| ApiError::new(Class::Unavailable, error))?;
            let task = tokio::task::spawn_blocking(move || {
                let _slot = slot;
                work(&api, &flag)
            });
            task.await.map_err(|error| ApiError::new(Class::Internal, error))?
        };
        // Without any time there is nothing to start: a quick query could otherwise be done before its time-out is looked at.
        let answer = match tokio::time::timeout(timeout, answer).await {
            Ok(answer) if !timeout.is_zero() => answer,
            _ => Err(EvalError::Interrupted.into()),
        };
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counts.queries.fetch_add(1, Ordering::Relaxed);
        self.counts.query_nanos.fetch_add(nanos, Ordering::Relaxed);
        self.counts.query_failures.fetch_add(u64::from(answer.is_err()), Ordering::Relaxed);
        answer
    }
}
