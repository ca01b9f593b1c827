//! A histogram that remembers one sampled trace for each bucket.
//!
//! It wraps the histogram of the `prometheus` crate, which has no exemplars, and is a `Collector` of the same registry: the
//! crate's text encoder shows it as it shows any histogram, ours adds the exemplars.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

use opentelemetry::trace::{SpanContext, SpanId, TraceId};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec,
    core::{Collector, Desc},
    proto::{LabelPair, MetricFamily},
};

/// The trace behind one observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exemplar {
    pub trace: TraceId,
    pub span: SpanId,
    /// The observation itself.
    pub value: f64,
    pub time: SystemTime,
}

/// One slot a bucket, the last one for `+Inf`.
type Slots = Arc<[Mutex<Option<Exemplar>>]>;

/// Histograms of one family by label values. Cheap to clone.
#[derive(Clone)]
pub struct ExemplarHistogramVec {
    name: Arc<str>,
    inner: HistogramVec,
    bounds: Arc<[f64]>,
    /// By label values in the order of the label names, which is the order in which a scrape shows them.
    slots: Arc<RwLock<HashMap<Vec<String>, Slots>>>,
}

/// The histogram of one series, to be kept by who observes often.
#[derive(Clone)]
pub struct ExemplarHistogram {
    inner: Histogram,
    bounds: Arc<[f64]>,
    slots: Slots,
}

impl ExemplarHistogramVec {
    /// `labels` have to be in alphabetical order.
    ///
    /// # Errors
    /// Names that the format does not allow, labels that are not in order, bounds that do not grow.
    pub fn new(name: &str, help: &str, bounds: &[f64], labels: &[&str]) -> Result<Self, prometheus::Error> {
        if !labels.is_sorted() {
            return Err(prometheus::Error::Msg(format!("labels of {name} are not in alphabetical order")));
        }
        let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
        Ok(Self {
            name: name.into(),
            inner: HistogramVec::new(options, labels)?,
            bounds: bounds.into(),
            slots: Arc::default(),
        })
    }

    /// The series with `values`; takes locks, so keep what it returns.
    pub fn with_label_values(&self, values: &[&str]) -> ExemplarHistogram {
        let key: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        let slots = Arc::clone(
            self.slots
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(key)
                .or_insert_with(|| (0..=self.bounds.len()).map(|_| Mutex::new(None)).collect()),
        );
        ExemplarHistogram {
            inner: self.inner.with_label_values(values),
            bounds: Arc::clone(&self.bounds),
            slots,
        }
    }

    /// The family's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What each bucket of the series with `labels` remembers; empty for an unknown series.
    pub(super) fn exemplars(&self, labels: &[LabelPair]) -> Vec<Option<Exemplar>> {
        let key: Vec<String> = labels.iter().map(|pair| pair.value().to_owned()).collect();
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let Some(slots) = slots.get(&key) else { return Vec::new() };
        slots.iter().map(|slot| *slot.lock().unwrap_or_else(PoisonError::into_inner)).collect()
    }
}

impl ExemplarHistogram {
    /// Counts `value`. A sampled `span` becomes the bucket's exemplar: a link to a trace that nobody kept helps no one.
    pub fn observe(&self, value: f64, span: &SpanContext, time: SystemTime) {
        self.inner.observe(value);
        if !span.is_sampled() {
            return;
        }
        let bucket = self.bounds.iter().position(|&bound| value <= bound).unwrap_or(self.bounds.len());
        // Whoever holds the lock writes an exemplar that is just as good.
        if let Ok(mut slot) = self.slots[bucket].try_lock() {
            *slot = Some(Exemplar { trace: span.trace_id(), span: span.span_id(), value, time });
        }
    }

    pub fn count(&self) -> u64 {
        self.inner.get_sample_count()
    }
}

impl Collector for ExemplarHistogramVec {
    fn desc(&self) -> Vec<&Desc> {
        self.inner.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.inner.collect()
    }
}
