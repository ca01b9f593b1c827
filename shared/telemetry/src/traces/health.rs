//! Keeps account of spans: how many wait, left, and were lost, and says so once an outage.
//!
//! The SDK's batch processor drops spans when its queue is full and tells the number at shutdown only. Here the queue's
//! bound is kept in front of it, so that every loss is counted when it happens.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor},
};
use tracing::Level;

use crate::logs::Logger;

/// The account of one service's spans.
pub struct SpanHealth {
    logger: Logger,
    /// Ended and neither exported nor lost.
    waiting: AtomicUsize,
    exported: AtomicU64,
    lost_in_queue: AtomicU64,
    lost_in_export: AtomicU64,
    /// Whether the full queue was reported since the last successful export.
    overflow_reported: AtomicBool,
    outage: Mutex<Option<Outage>>,
}

struct Outage {
    since: Instant,
    lost_before: u64,
}

impl SpanHealth {
    pub(crate) fn new(logger: Logger) -> Self {
        Self {
            logger,
            waiting: AtomicUsize::new(0),
            exported: AtomicU64::new(0),
            lost_in_queue: AtomicU64::new(0),
            lost_in_export: AtomicU64::new(0),
            overflow_reported: AtomicBool::new(false),
            outage: Mutex::new(None),
        }
    }

    pub fn exported(&self) -> u64 {
        self.exported.load(Ordering::Relaxed)
    }

    /// Spans that found the queue full.
    pub fn lost_in_queue(&self) -> u64 {
        self.lost_in_queue.load(Ordering::Relaxed)
    }

    /// Spans in export calls that failed after the exporter's own retries.
    pub fn lost_in_export(&self) -> u64 {
        self.lost_in_export.load(Ordering::Relaxed)
    }

    /// Takes a place in the queue; `false` when there is none.
    fn admit(&self, limit: usize) -> bool {
        let taken = self.waiting.fetch_add(1, Ordering::Relaxed);
        if taken < limit {
            return true;
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.lost_in_queue.fetch_add(1, Ordering::Relaxed);
        if !self.overflow_reported.swap(true, Ordering::Relaxed) {
            self.logger.line(Level::WARN, |line| {
                line.uint("queue_size", limit as u64).msg("span queue is full, spans are dropped");
            });
        }
        false
    }

    fn succeeded(&self, spans: usize) {
        self.exported.fetch_add(spans as u64, Ordering::Relaxed);
        self.overflow_reported.store(false, Ordering::Relaxed);
        let Some(outage) = self.outage.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let lost = self.lost() - outage.lost_before;
        self.logger.line(Level::INFO, |line| {
            line.millis("outage_ms", outage.since.elapsed())
                .uint("spans_lost", lost)
                .msg("span export works again");
        });
    }

    fn failed(&self, spans: usize, error: &str) {
        let lost_before = self.lost();
        self.lost_in_export.fetch_add(spans as u64, Ordering::Relaxed);
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        if outage.is_some() {
            return;
        }
        *outage = Some(Outage { since: Instant::now(), lost_before });
        drop(outage);
        self.logger.line(Level::WARN, |line| {
            line.str("error", error).msg("span export failed, spans are lost until the collector answers");
        });
    }

    /// The end of the process: what still waits is lost.
    pub(crate) fn closed(&self, error: Option<String>) {
        let left = self.waiting.load(Ordering::Relaxed);
        if left == 0 {
            return;
        }
        self.logger.line(Level::WARN, |line| {
            line.uint("spans_lost", left as u64)
                .str("error", error.as_deref().unwrap_or("none"))
                .msg("spans were left at the end");
        });
    }

    fn lost(&self) -> u64 {
        self.lost_in_queue() + self.lost_in_export()
    }
}

/// The exporter, with every result noted.
#[derive(Debug)]
pub(super) struct WatchedExporter<E> {
    inner: E,
    health: Arc<SpanHealth>,
}

impl<E> WatchedExporter<E> {
    pub(super) fn new(inner: E, health: Arc<SpanHealth>) -> Self {
        Self { inner, health }
    }
}

impl<E: SpanExporter> SpanExporter for WatchedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.inner.export(batch).await;
        self.health.waiting.fetch_sub(spans, Ordering::Relaxed);
        match &result {
            Ok(()) => self.health.succeeded(spans),
            Err(error) => self.health.failed(spans, &error.to_string()),
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// The batch processor behind a bound that counts.
#[derive(Debug)]
pub(super) struct BoundedProcessor {
    inner: BatchSpanProcessor,
    health: Arc<SpanHealth>,
    limit: usize,
}

impl BoundedProcessor {
    /// `limit` must not exceed the queue of `inner`, or spans are lost uncounted.
    pub(super) fn new(inner: BatchSpanProcessor, health: Arc<SpanHealth>, limit: usize) -> Self {
        Self { inner, health, limit }
    }
}

impl SpanProcessor for BoundedProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.health.admit(self.limit) {
            self.inner.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl std::fmt::Debug for SpanHealth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpanHealth").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
