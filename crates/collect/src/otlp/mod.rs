//! The OTLP receiver: gRPC and HTTP, three signals, into the stores' appenders.
//!
//! A request is answered when its records are in the write-ahead log. The number of requests under way is bounded;
//! one too many is told to come back later with the codes that the specification calls retryable (gRPC
//! `UNAVAILABLE`, HTTP 503 with `Retry-After`), because a sender that waits keeps its data while a full queue here
//! would lose it. Source: OpenTelemetry protocol specification, "Failures", "Throttling", "Partial Success".

mod grpc;
mod http;
mod ingest;
mod truncate;

pub use grpc::ServeError;
pub use ingest::{Counts, Refusal, Signal, SignalCounts};

use model::clock::Clock;
use model::logs::LogAppender;
use model::metrics::MetricAppender;
use model::traces::TraceAppender;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Where the signals go. A signal without a sink is answered with "not implemented".
#[derive(Clone, Default)]
pub struct Sinks {
    pub traces: Option<Arc<dyn TraceAppender>>,
    pub logs: Option<Arc<dyn LogAppender>>,
    pub metrics: Option<Arc<dyn MetricAppender>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest request, compressed or not, in bytes.
    pub max_body_bytes: usize,
    /// Requests worked on at the same time, over both protocols.
    pub max_in_flight: usize,
    /// Longer texts in the attributes of spans are cut. Tempo's `max_attribute_bytes`.
    pub max_attribute_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // 16 MiB is four times the gRPC default: a batch of 512 spans takes a quarter of a megabyte.
        Self { max_body_bytes: 16 << 20, max_in_flight: 64, max_attribute_bytes: 2_048 }
    }
}

/// The receiver. Cheap to clone; all clones share limits and counts.
#[derive(Clone)]
pub struct Otlp {
    inner: Arc<Inner>,
}

struct Inner {
    sinks: Sinks,
    clock: Arc<dyn Clock>,
    limits: Limits,
    in_flight: Arc<Semaphore>,
    counts: Counts,
}

impl Otlp {
    pub fn new(sinks: Sinks, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        let in_flight = Arc::new(Semaphore::new(limits.max_in_flight));
        Self { inner: Arc::new(Inner { sinks, clock, limits, in_flight, counts: Counts::default() }) }
    }

    /// What was taken and refused since the start, by signal.
    pub fn counts(&self) -> &Counts {
        &self.inner.counts
    }
}

#[cfg(test)]
mod tests;
