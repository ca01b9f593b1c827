//! Logs: streams of lines with structured metadata, and the trait of a log store.

use crate::clock::Nanos;
use crate::{Labels, Matcher, StoreError};
use std::ops::ControlFlow;

/// One line. `metadata` are structured metadata pairs, sorted by name, names unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Nanoseconds since the epoch.
    pub t: Nanos,
    pub line: String,
    pub metadata: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    pub labels: Labels,
    pub entries: Vec<LogEntry>,
}

/// A span of time in nanoseconds since the epoch: start included, end excluded (Loki's rule for log queries).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NanosRange {
    pub start: Nanos,
    pub end: Nanos,
}

impl NanosRange {
    pub fn contains(&self, t: Nanos) -> bool {
        (self.start..self.end).contains(&t)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOrder {
    /// Oldest first over all streams.
    Forward,
    /// Newest first over all streams; the exact reverse of `Forward`.
    Backward,
    /// Oldest first within a stream, streams one after the other: the cheapest, for metric queries.
    ByStream,
}

/// What to read. The hints let a store skip chunks; it may ignore them, so the reader filters again.
#[derive(Clone, Debug)]
pub struct LogScan<'a> {
    pub matchers: &'a [Matcher],
    pub range: NanosRange,
    pub order: ScanOrder,
    /// Texts that every wanted line contains.
    pub line_contains: &'a [String],
    /// Structured metadata that every wanted line carries with exactly this value, or has as a stream label.
    pub metadata_equals: &'a [(String, String)],
}

/// One line as a scan shows it; borrowed from the store for the length of the call.
#[derive(Clone, Copy, Debug)]
pub struct LogRow<'a> {
    /// Equal for rows of one stream within one scan.
    pub stream: u32,
    pub labels: &'a Labels,
    pub t: Nanos,
    pub line: &'a str,
    pub metadata: &'a [(&'a str, &'a str)],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanStats {
    pub streams: u64,
    pub chunks: u64,
    pub lines: u64,
    pub bytes: u64,
}

/// Why a part of a push was refused. Loki's limits: docs, "Configuration", `limits_config`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    #[error(
        "entry too far behind for stream {stream}, entry timestamp is {t}, oldest acceptable timestamp is {oldest}"
    )]
    TooFarBehind { stream: String, t: String, oldest: String },
    #[error(
        "entry for stream '{stream}' has timestamp too old: {t}, oldest acceptable timestamp is: {oldest}"
    )]
    TooOld { stream: String, t: String, oldest: String },
    #[error("entry for stream '{stream}' has timestamp too new: {t}")]
    TooNew { stream: String, t: String },
    #[error(
        "max entry size {limit} bytes exceeded for stream '{stream}' while adding an entry with length {found} bytes"
    )]
    LineTooLong { stream: String, found: usize, limit: usize },
    #[error("stream '{stream}' has {found} label names; limit {limit}")]
    TooManyLabels { stream: String, found: usize, limit: usize },
    #[error("stream '{stream}' has label name too long: '{name}', limit {limit}")]
    LabelNameTooLong { stream: String, name: String, limit: usize },
    #[error("stream '{stream}' has label value too long: label '{name}', {found} bytes, limit {limit}")]
    LabelValueTooLong { stream: String, name: String, found: usize, limit: usize },
    #[error("stream '{stream}' includes structured metadata, but this feature is disallowed")]
    MetadataDisallowed { stream: String },
    #[error("stream '{stream}' has structured metadata too large: '{found}' bytes, limit: '{limit}' bytes")]
    MetadataTooLarge { stream: String, found: usize, limit: usize },
    #[error("stream '{stream}' has too many structured metadata labels: '{found}', limit: '{limit}'")]
    TooManyMetadata { stream: String, found: usize, limit: usize },
    #[error(
        "per stream rate limit exceeded (limit: {limit} bytes/sec) while attempting to ingest for stream '{stream}' totaling {bytes} bytes, consider splitting a stream via additional labels"
    )]
    StreamRateLimited { stream: String, limit: u64, bytes: usize },
    #[error("error at least one label pair is required per stream")]
    NoLabels,
    #[error("maximum active stream limit exceeded when trying to create stream {stream}: limit {limit}")]
    StreamLimit { stream: String, limit: usize },
    #[error(
        "ingestion rate limit exceeded (limit: {limit} bytes/sec) while attempting to ingest {lines} lines totaling {bytes} bytes"
    )]
    RateLimited { limit: u64, lines: usize, bytes: usize },
}

impl PushError {
    /// The status code that Loki gives: 429 for limits that pass with time, 400 for data that never fits.
    pub fn status(&self) -> u16 {
        match self {
            Self::RateLimited { .. } | Self::StreamRateLimited { .. } | Self::StreamLimit { .. } => 429,
            _ => 400,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct PushReport {
    pub accepted: u64,
    /// Same stream, instant and line: dropped silently, as Loki does.
    pub duplicates: u64,
    /// The first of each kind of refusal; the rest of the batch is in.
    pub refused: Vec<PushError>,
    pub refused_lines: u64,
}

/// A live view of what is being pushed, for `tail`. Bounded: a slow reader loses lines and is told how many.
pub trait LogTail: Send {
    /// Lines pushed since the last call, oldest first, and how many were dropped.
    fn drain(&mut self) -> (Vec<(Labels, LogEntry)>, u64);
}

/// The reading side of a log store. `sets` of matchers are joined by *or* (empty = everything).
pub trait LogQuerier: Send + Sync {
    /// Shows the rows of a scan to `visit` until it breaks.
    ///
    /// # Errors
    /// [`StoreError`] when a segment cannot be read.
    fn scan(
        &self,
        scan: &LogScan<'_>,
        visit: &mut dyn FnMut(LogRow<'_>) -> ControlFlow<()>,
    ) -> Result<ScanStats, StoreError>;
    fn streams(&self, range: NanosRange, sets: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError>;
    fn label_names(&self, range: NanosRange, sets: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError>;
    fn label_values(
        &self,
        name: &str,
        range: NanosRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<String>, StoreError>;
    /// Streams with their size in the range, for `index/stats` and `index/volume`.
    fn volumes(
        &self,
        range: NanosRange,
        matchers: &[Matcher],
    ) -> Result<Vec<(Labels, ScanStats)>, StoreError>;
    fn tail(&self, matchers: Vec<Matcher>, capacity: usize) -> Box<dyn LogTail>;
}

/// The writing side. A push is in the write-ahead log before the call returns.
pub trait LogAppender: Send + Sync {
    /// # Errors
    /// [`StoreError`] when nothing could be written; lines refused one by one are in the report.
    fn push(&self, streams: Vec<LogStream>) -> Result<PushReport, StoreError>;
}

pub trait LogStore: LogQuerier + LogAppender {}
impl<T: LogQuerier + LogAppender> LogStore for T {}
