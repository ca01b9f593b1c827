//! Runs a query on a blocking thread: a bounded number at a time, stopped by a time-out or when the client goes away.

use super::error::LokiError;
use super::{Inner, LokiApi};
use axum::http::StatusCode;
use logql::Interrupt;
use model::Clock;
use model::logs::{LogQuerier, LogRow, LogScan, LogTail, NanosRange, ScanStats};
use model::{Labels, Matcher, StoreError};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

struct Stop {
    clock: Arc<dyn Clock>,
    deadline: i64,
    gone: Arc<AtomicBool>,
}

impl Interrupt for Stop {
    fn interrupted(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || self.clock.now_nanos() > self.deadline
    }
}

/// Says *stop* when the request's future is dropped.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` and gives its result.
pub async fn blocking<T: Send + 'static>(
    api: &LokiApi,
    work: impl FnOnce(&Inner, &dyn Interrupt) -> Result<T, LokiError> + Send + 'static,
) -> Result<T, LokiError> {
    let inner = api.inner.clone();
    let closed = || LokiError::new(StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down");
    let _slot = inner.slots.acquire().await.map_err(|_| closed())?;
    let timeout = i64::try_from(inner.limits.query_timeout.as_nanos()).unwrap_or(i64::MAX);
    let guard = Guard(Arc::default());
    let stop = Stop {
        clock: inner.clock.clone(),
        deadline: inner.clock.now_nanos().saturating_add(timeout),
        gone: guard.0.clone(),
    };
    let worker = inner.clone();
    tokio::task::spawn_blocking(move || work(&worker, &stop)).await.map_err(|_| {
        LokiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the query failed for an unknown reason")
    })?
}

/// Counts what a query reads, for the `stats` of its answer.
pub struct Counted<'a> {
    store: &'a dyn LogQuerier,
    lines: AtomicU64,
    bytes: AtomicU64,
    chunks: AtomicU64,
}

impl<'a> Counted<'a> {
    pub fn new(store: &'a dyn LogQuerier) -> Self {
        Self { store, lines: AtomicU64::new(0), bytes: AtomicU64::new(0), chunks: AtomicU64::new(0) }
    }

    pub fn stats(&self) -> ScanStats {
        ScanStats {
            streams: 0,
            chunks: self.chunks.load(Ordering::Relaxed),
            lines: self.lines.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

impl LogQuerier for Counted<'_> {
    fn scan(
        &self,
        scan: &LogScan<'_>,
        visit: &mut dyn FnMut(LogRow<'_>) -> ControlFlow<()>,
    ) -> Result<ScanStats, StoreError> {
        let stats = self.store.scan(scan, visit)?;
        self.lines.fetch_add(stats.lines, Ordering::Relaxed);
        self.bytes.fetch_add(stats.bytes, Ordering::Relaxed);
        self.chunks.fetch_add(stats.chunks, Ordering::Relaxed);
        Ok(stats)
    }

    fn streams(&self, range: NanosRange, sets: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError> {
        self.store.streams(range, sets)
    }

    fn label_names(&self, range: NanosRange, sets: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        self.store.label_names(range, sets)
    }

    fn label_values(
        &self,
        name: &str,
        range: NanosRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<String>, StoreError> {
        self.store.label_values(name, range, sets)
    }

    fn volumes(
        &self,
        range: NanosRange,
        matchers: &[Matcher],
    ) -> Result<Vec<(Labels, ScanStats)>, StoreError> {
        self.store.volumes(range, matchers)
    }

    fn tail(&self, matchers: Vec<Matcher>, capacity: usize) -> Box<dyn LogTail> {
        self.store.tail(matchers, capacity)
    }
}
