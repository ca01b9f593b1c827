//! The generator: spans in, series out.

use crate::graph::{Connection, Edge, Waiting};
use crate::names;
use crate::observed::Observed;
use crate::registry::{Collection, Family};
use model::clock::{Millis, NANOS_PER_MILLI, Nanos};
use model::metrics::{Metadata, MetricAppender};
use model::traces::{SpanBatch, SpanKind, StatusCode};
use model::{Labels, LabelsBuilder, StoreError};
use stackconf::tempo::TempoConfig;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the generator did since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub spans: u64,
    /// Spans that ended too long ago (or lie far in the future).
    pub discarded: u64,
    /// Observations that would have made a series too many.
    pub over_limit: u64,
    pub active_series: u64,
    /// Halves of requests that wait for the other.
    pub waiting_edges: u64,
    pub dropped_edges: u64,
    pub unpaired_spans: u64,
}

type SpanKey = (Arc<str>, Arc<str>, SpanKind, StatusCode, Vec<Arc<str>>);
type EdgeKey = (Arc<str>, Arc<str>, Connection, Vec<Arc<str>>);

/// Makes span metrics and the service graph. Call [`Self::collect`] every [`Self::interval`].
pub struct Generator {
    config: TempoConfig,
    to: Arc<dyn MetricAppender>,
    state: Mutex<State>,
}

struct State {
    calls: Family<SpanKey>,
    latency: Family<SpanKey>,
    size: Family<SpanKey>,
    requests: Family<EdgeKey>,
    failed: Family<EdgeKey>,
    server_seconds: Family<EdgeKey>,
    client_seconds: Family<EdgeKey>,
    waiting: Waiting,
    stats: Stats,
    /// Series at the last collection.
    series: usize,
}

/// Spans that were looked at but are not counted yet.
pub struct Prepared(Vec<Observed>);

fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

impl Generator {
    /// Reads buckets, intervals, dimensions and switches from tempo.yaml; series go to `to`.
    pub fn new(config: TempoConfig, to: Arc<dyn MetricAppender>) -> Self {
        for (family, kind, help) in names::FAMILIES {
            to.set_metadata(family, Metadata { kind, help: help.to_owned(), unit: String::new() });
        }
        let span_buckets = &config.generator.span_metrics.histogram_buckets;
        let graph_buckets = &config.generator.service_graphs.histogram_buckets;
        let state = State {
            calls: Family::new(names::CALLS, &[]),
            latency: Family::new(names::LATENCY, span_buckets),
            size: Family::new(names::SIZE, &[]),
            requests: Family::new(names::REQUESTS, &[]),
            failed: Family::new(names::FAILED, &[]),
            server_seconds: Family::new(names::SERVER_SECONDS, graph_buckets),
            client_seconds: Family::new(names::CLIENT_SECONDS, graph_buckets),
            waiting: Waiting::default(),
            stats: Stats::default(),
            series: 0,
        };
        Self { config, to, state: Mutex::new(state) }
    }

    /// How often series are to be written.
    pub fn interval(&self) -> Duration {
        self.config.generator.collection_interval
    }

    /// Takes out of spans what will be counted, so that the spans can go to the store first.
    pub fn prepare(&self, batches: &[SpanBatch]) -> Prepared {
        let dimensions = &self.config.generator.span_metrics.dimensions;
        let graph_dimensions = &self.config.generator.service_graphs.dimensions;
        let mut out = Vec::with_capacity(batches.iter().map(|batch| batch.spans.len()).sum());
        for batch in batches {
            let service: Arc<str> = batch.resource.service_name().unwrap_or("").into();
            let spans = batch.spans.iter();
            out.extend(spans.map(|span| Observed::of(batch, span, &service, dimensions, graph_dimensions)));
        }
        Prepared(out)
    }

    /// Counts spans.
    pub fn observe(&self, prepared: Prepared, now: Nanos) {
        let slack = nanos(self.config.generator.ingestion_slack);
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for span in prepared.0 {
            state.stats.spans += 1;
            if span.end < now.saturating_sub(slack) || span.end > now.saturating_add(slack) {
                state.stats.discarded += 1;
                continue;
            }
            if self.config.overrides.span_metrics {
                self.span(state, &span, now / NANOS_PER_MILLI);
            }
            if self.config.overrides.service_graphs {
                let graphs = &self.config.generator.service_graphs;
                let most = usize::try_from(graphs.max_items).unwrap_or(usize::MAX);
                if let Some(edge) = state.waiting.add(&span, now, nanos(graphs.wait), most) {
                    self.edge(state, &edge, now / NANOS_PER_MILLI);
                }
            }
        }
    }

    /// Whether series of `count` more may be made. 0 is no limit.
    fn has_room(&self, state: &mut State, count: usize) -> bool {
        let limit = self.config.overrides.max_active_series;
        let room = limit == 0 || (state.series + count) as u64 <= limit;
        if room {
            state.series += count;
        } else {
            state.stats.over_limit += 1;
        }
        room
    }

    fn span(&self, state: &mut State, span: &Observed, now: Millis) {
        let key: SpanKey =
            (span.service.clone(), span.name.clone(), span.kind, span.status, span.dimensions.clone());
        if !state.calls.contains(&key) {
            let buckets = self.config.generator.span_metrics.histogram_buckets.len();
            if !self.has_room(state, buckets + 5) {
                return;
            }
        }
        let labels = || {
            let mut labels = LabelsBuilder::default();
            for (name, value) in self.config.generator.span_metrics.dimensions.iter().zip(&span.dimensions) {
                labels.set(&names::dimension(name), value);
            }
            labels
                .set(names::SERVICE, &span.service)
                .set(names::SPAN_NAME, &span.name)
                .set(names::SPAN_KIND, kind_label(span.kind))
                .set(names::STATUS_CODE, status_label(span.status));
            labels.build()
        };
        state.calls.add(&key, 1, now, labels);
        state.size.add(&key, span.size, now, labels);
        state.latency.observe(&key, span.seconds, span.trace_id, now, labels);
    }

    fn edge(&self, state: &mut State, edge: &Edge, now: Millis) {
        let (Some(client), Some(server)) = (&edge.client, &edge.server) else { return };
        let key: EdgeKey = (client.clone(), server.clone(), edge.connection, edge.dimensions.clone());
        if !state.requests.contains(&key) {
            let buckets = self.config.generator.service_graphs.histogram_buckets.len();
            if !self.has_room(state, 2 * (buckets + 3) + 2) {
                return;
            }
        }
        let labels = || -> Labels {
            let mut labels = LabelsBuilder::default();
            for (name, value) in self.config.generator.service_graphs.dimensions.iter().zip(&edge.dimensions)
            {
                labels.set(&names::dimension(name), value);
            }
            labels
                .set(names::CLIENT, client)
                .set(names::SERVER, server)
                .set(names::CONNECTION_TYPE, edge.connection.as_str());
            labels.build()
        };
        state.requests.add(&key, 1, now, labels);
        if edge.failed {
            state.failed.add(&key, 1, now, labels);
        }
        state.server_seconds.observe(&key, edge.server_seconds, edge.trace, now, labels);
        state.client_seconds.observe(&key, edge.client_seconds, edge.trace, now, labels);
    }

    /// Lets go of what waited long enough and writes every series.
    ///
    /// # Errors
    /// [`StoreError`] when the metrics store cannot take them. Counters keep counting; the next call writes them.
    pub fn collect(&self, now: Nanos) -> Result<(), StoreError> {
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for edge in state.waiting.expire(now) {
            self.edge(state, &edge, now / NANOS_PER_MILLI);
        }
        let millis = |duration: Duration| Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX);
        let now = now / NANOS_PER_MILLI;
        let with = Collection {
            now,
            before: now - millis(self.config.generator.collection_interval),
            stale_after: millis(self.config.generator.stale_duration),
            trace_id_label: &self.config.overrides.trace_id_label_name,
            external: &self.config.generator.external_labels,
        };
        let to = &*self.to;
        state.calls.collect(to, &with)?;
        state.latency.collect(to, &with)?;
        state.size.collect(to, &with)?;
        state.requests.collect(to, &with)?;
        state.failed.collect(to, &with)?;
        state.server_seconds.collect(to, &with)?;
        state.client_seconds.collect(to, &with)?;
        state.series =
            [&state.calls, &state.latency, &state.size].iter().map(|family| family.series()).sum::<usize>()
                + [&state.requests, &state.failed, &state.server_seconds, &state.client_seconds]
                    .iter()
                    .map(|family| family.series())
                    .sum::<usize>();
        Ok(())
    }

    pub fn stats(&self) -> Stats {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Stats {
            active_series: state.series as u64,
            waiting_edges: state.waiting.len() as u64,
            dropped_edges: state.waiting.dropped,
            unpaired_spans: state.waiting.unpaired,
            ..state.stats
        }
    }
}

fn kind_label(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "SPAN_KIND_UNSPECIFIED",
        SpanKind::Internal => "SPAN_KIND_INTERNAL",
        SpanKind::Server => "SPAN_KIND_SERVER",
        SpanKind::Client => "SPAN_KIND_CLIENT",
        SpanKind::Producer => "SPAN_KIND_PRODUCER",
        SpanKind::Consumer => "SPAN_KIND_CONSUMER",
    }
}

fn status_label(status: StatusCode) -> &'static str {
    match status {
        StatusCode::Unset => "STATUS_CODE_UNSET",
        StatusCode::Ok => "STATUS_CODE_OK",
        StatusCode::Error => "STATUS_CODE_ERROR",
    }
}
