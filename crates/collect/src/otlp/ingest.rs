//! What both protocols share: the bound on requests under way, the work itself, and how a failure is named.

use super::truncate::truncate;
use super::{Inner, Otlp};
use model::StoreError;
use model::logs::PushReport;
use model::metrics::AppendOutcome;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::otlp::{LogRequest, MetricRequest, OtlpError, Refused, TraceRequest};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Traces,
    Logs,
    Metrics,
}

/// Counters of one signal since the start.
#[derive(Debug, Default)]
pub struct SignalCounts {
    pub accepted: AtomicU64,
    pub refused: AtomicU64,
    /// Requests that were told to come back later.
    pub busy: AtomicU64,
}

#[derive(Debug, Default)]
pub struct Counts {
    pub traces: SignalCounts,
    pub logs: SignalCounts,
    pub metrics: SignalCounts,
}

impl Counts {
    pub fn of(&self, signal: Signal) -> &SignalCounts {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metrics,
        }
    }
}

/// Why a whole request was turned away.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Retryable: too many requests at once.
    #[error("{limit} requests are under way already; try again later")]
    Busy { limit: usize },
    /// Retryable: a rate limit of the store.
    #[error("{0}")]
    Throttled(String),
    /// Retryable: the store cannot write now.
    #[error("cannot store: {0}")]
    Store(StoreError),
    /// Not retryable.
    #[error(transparent)]
    Malformed(#[from] OtlpError),
    #[error("{0}")]
    BadRequest(String),
    #[error("request body exceeds {limit} bytes")]
    TooLarge { limit: usize },
    #[error("unsupported content type {found:?}, expected application/x-protobuf or application/json")]
    ContentType { found: String },
    #[error("this receiver takes no {0:?}")]
    NoSink(Signal),
    #[error("the request was given up")]
    Lost,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Limit { what } => Self::Throttled(what),
            other => Self::Store(other),
        }
    }
}

impl Otlp {
    /// Runs `work` on a blocking thread (it decodes and writes a file) unless too much is under way.
    pub(super) async fn run<W>(&self, signal: Signal, work: W) -> Result<Refused, Refusal>
    where
        W: FnOnce(&Inner) -> Result<Refused, Refusal> + Send + 'static,
    {
        let counts = self.inner.counts.of(signal);
        let Ok(permit) = self.inner.in_flight.clone().try_acquire_owned() else {
            counts.busy.fetch_add(1, Ordering::Relaxed);
            return Err(Refusal::Busy { limit: self.inner.limits.max_in_flight });
        };
        let inner: Arc<Inner> = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&inner)
        });
        done.await.map_err(|_| Refusal::Lost)?
    }
}

impl Inner {
    fn count(&self, signal: Signal, accepted: u64, refused: &Refused) {
        let counts = self.counts.of(signal);
        counts.accepted.fetch_add(accepted, Ordering::Relaxed);
        counts.refused.fetch_add(refused.count, Ordering::Relaxed);
    }

    pub(super) fn traces(&self, request: TraceRequest) -> Result<Refused, Refusal> {
        let sink = self.sinks.traces.as_ref().ok_or(Refusal::NoSink(Signal::Traces))?;
        let mut refused = request.refused;
        let mut accepted = 0;
        if !request.batches.is_empty() {
            let mut batches = request.batches;
            truncate(&mut batches, self.limits.max_attribute_bytes);
            let report = sink.push(batches)?;
            accepted = report.accepted;
            merge(&mut refused, report.refused, report.reason);
        }
        self.count(Signal::Traces, accepted, &refused);
        Ok(refused)
    }

    pub(super) fn logs(&self, request: LogRequest) -> Result<Refused, Refusal> {
        let sink = self.sinks.logs.as_ref().ok_or(Refusal::NoSink(Signal::Logs))?;
        let mut refused = request.refused;
        let mut accepted = 0;
        if !request.streams.is_empty() {
            let PushReport { accepted: taken, refused: why, refused_lines, .. } =
                sink.push(request.streams)?;
            // A limit that passes with time refuses the request as a whole when nothing got in: then a retry is right.
            if let Some(limit) = why.iter().find(|error| error.status() == 429).filter(|_| taken == 0) {
                return Err(Refusal::Throttled(limit.to_string()));
            }
            accepted = taken;
            merge(&mut refused, refused_lines, why.first().map(ToString::to_string));
        }
        self.count(Signal::Logs, accepted, &refused);
        Ok(refused)
    }

    pub(super) fn metrics(&self, request: MetricRequest) -> Result<Refused, Refusal> {
        let sink = self.sinks.metrics.as_ref().ok_or(Refusal::NoSink(Signal::Metrics))?;
        let mut refused = request.refused;
        if !request.rows.is_empty() {
            for (family, metadata) in request.metadata {
                sink.set_metadata(&family, metadata);
            }
            let report = sink.append(&request.rows)?;
            let late = report
                .outcomes
                .iter()
                .filter(|outcome| {
                    matches!(
                        outcome,
                        AppendOutcome::OutOfOrder(_)
                            | AppendOutcome::DuplicateTimestamp(_)
                            | AppendOutcome::SeriesLimit
                    )
                })
                .count() as u64;
            merge(
                &mut refused,
                late,
                Some("out of order or duplicate sample".to_owned()).filter(|_| late > 0),
            );
        }
        self.count(Signal::Metrics, request.points, &refused);
        Ok(refused)
    }

    pub(super) fn now(&self) -> model::clock::Nanos {
        self.clock.now_nanos()
    }
}

fn merge(refused: &mut Refused, count: u64, reason: Option<String>) {
    refused.count += count;
    if refused.reason.is_none() {
        refused.reason = reason;
    }
}
