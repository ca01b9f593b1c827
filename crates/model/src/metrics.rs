//! Metrics: samples, exemplars, metadata, and the trait of a metrics store.

use crate::clock::Millis;
use crate::{Labels, Matcher, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The value that marks the end of a series: a NaN with this exact payload. Source: Prometheus, model/value/value.go.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The stale marker as a float. Compare with [`is_stale`], never with `==`.
pub fn stale_marker() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Milliseconds since the epoch.
    pub t: Millis,
    pub v: f64,
}

/// A span of time, both ends included, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MillisRange {
    pub start: Millis,
    pub end: Millis,
}

impl MillisRange {
    pub const ALL: Self = Self { start: Millis::MIN, end: Millis::MAX };

    pub fn contains(&self, t: Millis) -> bool {
        (self.start..=self.end).contains(&t)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    pub labels: Labels,
    pub value: f64,
    pub t: Millis,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SeriesExemplars {
    pub series: Labels,
    /// Sorted by time.
    pub exemplars: Vec<Exemplar>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum MetricType {
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
    #[default]
    Unknown,
}

impl MetricType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }
}

/// What a metric family says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Metadata {
    pub kind: MetricType,
    pub help: String,
    pub unit: String,
}

/// A store's own number for a series. It stays valid until the store forgets the series; see [`AppendReport`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesRef(pub u64);

/// How a row names its series: by labels, or by the number that an earlier append gave back (no lookup needed).
#[derive(Clone, Debug)]
pub enum SeriesKey {
    Labels(Labels),
    Ref(SeriesRef),
}

#[derive(Clone, Debug)]
pub struct AppendRow {
    pub series: SeriesKey,
    pub sample: Sample,
    pub exemplar: Option<Exemplar>,
}

/// What happened to one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Written; append later samples of the series by this number.
    Appended(SeriesRef),
    /// The same time and the same value are there already. Not an error.
    Duplicate(SeriesRef),
    /// The same time with another value.
    DuplicateTimestamp(SeriesRef),
    /// Older than the series' newest sample by more than the store takes.
    OutOfOrder(SeriesRef),
    /// The store does not know the number (any more): append again by labels.
    UnknownRef,
    /// A new series over the store's limit on series: not written, counted.
    SeriesLimit,
}

/// One outcome a row, in the rows' order, and how many exemplars were refused (too old or over 128 characters).
#[derive(Clone, Debug, Default)]
pub struct AppendReport {
    pub outcomes: Vec<AppendOutcome>,
    pub exemplars_refused: usize,
}

/// One series of a selection. Samples are decoded only when asked for.
pub trait SeriesReader: Send + Sync {
    fn labels(&self) -> &Labels;

    /// Appends the samples within `range` to `out`, oldest first, stale markers included.
    ///
    /// # Errors
    /// [`StoreError`] when a segment cannot be read.
    fn read(&self, range: MillisRange, out: &mut Vec<Sample>) -> Result<(), StoreError>;
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricStats {
    pub series: u64,
    pub samples: u64,
    pub chunks: u64,
    pub bytes_in_memory: u64,
    pub bytes_on_disk: u64,
    pub min_time: Option<Millis>,
    pub max_time: Option<Millis>,
    /// Number of series by metric name, and number of values by label name; the API shows the largest.
    pub series_by_name: BTreeMap<Arc<str>, u64>,
    pub values_by_label: BTreeMap<Arc<str>, u64>,
    /// Bytes of all values of a label name together.
    pub bytes_by_label: BTreeMap<Arc<str>, u64>,
    /// Pairs `name=value` that most series have, with their number, largest first; at most a hundred.
    pub largest_pairs: Vec<(String, u64)>,
}

/// Something a store counts about itself since it was opened, for a `/metrics` page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreCounter {
    /// Without `_total`.
    pub name: &'static str,
    pub help: &'static str,
    pub value: u64,
}

/// The reading side of a metrics store. `matchers` are joined by *and*; `sets` of matchers by *or* (empty = everything).
pub trait MetricQuerier: Send + Sync {
    /// The series with samples in `range` that satisfy all matchers, sorted by labels.
    fn select(
        &self,
        range: MillisRange,
        matchers: &[Matcher],
    ) -> Result<Vec<Arc<dyn SeriesReader>>, StoreError>;
    fn series(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError>;
    fn label_names(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError>;
    fn label_values(
        &self,
        name: &str,
        range: MillisRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<String>, StoreError>;
    fn exemplars(
        &self,
        range: MillisRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<SeriesExemplars>, StoreError>;
    /// By metric family name.
    fn metadata(&self) -> BTreeMap<String, Vec<Metadata>>;
    fn stats(&self) -> MetricStats;

    /// What the store counts about itself; nothing when it does not.
    fn store_counters(&self) -> Vec<StoreCounter> {
        Vec::new()
    }
}

/// The writing side. A batch is in the write-ahead log before the call returns (`kill -9` loses nothing acknowledged).
pub trait MetricAppender: Send + Sync {
    fn append(&self, rows: &[AppendRow]) -> Result<AppendReport, StoreError>;
    fn set_metadata(&self, family: &str, metadata: Metadata);

    /// Exemplars that come without a sample (remote write sends them so), for a series that is known already. Gives back
    /// how many were refused: too old, over 128 characters, or of an unknown series. A store without exemplars refuses all.
    fn append_exemplars(&self, series: &SeriesKey, exemplars: &[Exemplar]) -> Result<usize, StoreError> {
        let _ = series;
        Ok(exemplars.len())
    }
}

pub trait MetricStore: MetricQuerier + MetricAppender {}
impl<T: MetricQuerier + MetricAppender> MetricStore for T {}
