//! Traces: spans as OTLP has them, and the trait of a trace store.

use crate::StoreError;
use crate::clock::Nanos;
use crate::logs::NanosRange;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub [u8; 16]);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(pub [u8; 8]);

/// An id that is not hexadecimal or has the wrong number of digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what}: found {found:?}, expected 1 to {digits} hexadecimal digits")]
pub struct IdError {
    pub what: &'static str,
    pub found: String,
    pub digits: usize,
}

/// Reads up to `N` bytes of hexadecimal digits, upper or lower case, padded with zeros on the left.
fn parse_hex<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], IdError> {
    let error = || IdError { what, found: text.chars().take(80).collect(), digits: 2 * N };
    if text.is_empty() || text.len() > 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(error());
    }
    let mut bytes = [0_u8; N];
    for (place, digit) in text.bytes().rev().enumerate() {
        let nibble = (digit as char).to_digit(16).ok_or_else(error)? as u8;
        bytes[N - 1 - place / 2] |= nibble << (4 * (place % 2));
    }
    Ok(bytes)
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl TraceId {
    /// # Errors
    /// [`IdError`] unless `text` is 1 to 32 hexadecimal digits (short ids are padded with zeros).
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_hex("trace id", text).map(Self)
    }

    pub fn is_zero(&self) -> bool {
        self.0 == [0; 16]
    }
}

impl SpanId {
    /// # Errors
    /// [`IdError`] unless `text` is 1 to 16 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_hex("span id", text).map(Self)
    }

    pub fn is_zero(&self) -> bool {
        self.0 == [0; 8]
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum AttrValue {
    Str(Arc<str>),
    Int(i64),
    Double(f64),
    Bool(bool),
    Bytes(Arc<[u8]>),
    Array(Vec<AttrValue>),
    Map(Vec<(Arc<str>, AttrValue)>),
    /// An AnyValue with nothing in it.
    Empty,
}

pub type Attributes = Vec<(Arc<str>, AttrValue)>;

/// OTLP's numbers: 0 unspecified … 5 consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum SpanKind {
    #[default]
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum StatusCode {
    #[default]
    Unset,
    Ok,
    Error,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SpanEvent {
    pub t: Nanos,
    pub name: Arc<str>,
    pub attributes: Attributes,
    pub dropped_attributes: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SpanLink {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub trace_state: Arc<str>,
    pub attributes: Attributes,
    pub dropped_attributes: u32,
    pub flags: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    /// None for a root.
    pub parent: Option<SpanId>,
    pub trace_state: Arc<str>,
    pub flags: u32,
    pub name: Arc<str>,
    pub kind: SpanKind,
    pub start: Nanos,
    pub end: Nanos,
    pub status: StatusCode,
    pub status_message: Arc<str>,
    pub attributes: Attributes,
    pub events: Vec<SpanEvent>,
    pub links: Vec<SpanLink>,
    pub dropped_attributes: u32,
    pub dropped_events: u32,
    pub dropped_links: u32,
}

impl Span {
    /// Nanoseconds; 0 when the clock went backwards.
    pub fn duration(&self) -> Nanos {
        (self.end - self.start).max(0)
    }
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Resource {
    pub attributes: Attributes,
    pub dropped_attributes: u32,
}

impl Resource {
    pub fn service_name(&self) -> Option<&str> {
        self.attributes.iter().find_map(|(key, value)| match value {
            AttrValue::Str(name) if &**key == "service.name" => Some(&**name),
            _ => None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Scope {
    pub name: Arc<str>,
    pub version: Arc<str>,
    pub attributes: Attributes,
    pub dropped_attributes: u32,
}

/// Spans of one resource and one scope: how they arrive, how they are kept, how they are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanBatch {
    pub resource: Arc<Resource>,
    pub resource_schema_url: Arc<str>,
    pub scope: Arc<Scope>,
    pub scope_schema_url: Arc<str>,
    pub spans: Vec<Span>,
}

/// All spans of one trace that have arrived, in batches by resource and scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub id: TraceId,
    pub batches: Vec<SpanBatch>,
}

impl Trace {
    pub fn spans(&self) -> impl Iterator<Item = (&SpanBatch, &Span)> {
        self.batches.iter().flat_map(|batch| batch.spans.iter().map(move |span| (batch, span)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttrScope {
    Span,
    Resource,
    Event,
    Link,
    Instrumentation,
}

/// A condition that at least one span of a wanted trace satisfies. A hint: the store may ignore it.
#[derive(Clone, Debug, PartialEq)]
pub enum SpanHint {
    ServiceName(String),
    Name(String),
    Status(StatusCode),
    Kind(SpanKind),
    /// Longer than this many nanoseconds.
    DurationAtLeast(Nanos),
    Attribute {
        scope: Option<AttrScope>,
        name: String,
        value: AttrValue,
    },
}

/// What to read. Traces whose [first start, last end] overlaps `range`; all hints must be possible.
#[derive(Clone, Debug)]
pub struct TraceScan<'a> {
    pub range: Option<NanosRange>,
    pub hints: &'a [SpanHint],
    /// One and the same span has to satisfy all hints.
    pub same_span: bool,
    /// Newest trace first (by its last end) instead of any order.
    pub newest_first: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceStats {
    pub traces: u64,
    pub spans: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanReport {
    pub accepted: u64,
    pub refused: u64,
    /// Why the first was refused.
    pub reason: Option<String>,
}

pub trait TraceQuerier: Send + Sync {
    fn trace(&self, id: TraceId) -> Result<Option<Trace>, StoreError>;
    /// Shows traces to `visit` until it breaks.
    fn scan(
        &self,
        scan: &TraceScan<'_>,
        visit: &mut dyn FnMut(&Trace) -> ControlFlow<()>,
    ) -> Result<TraceStats, StoreError>;
    /// Attribute names by scope, sorted.
    fn tag_names(&self, range: Option<NanosRange>) -> Result<Vec<(AttrScope, Vec<String>)>, StoreError>;
    /// Distinct values of an attribute, at most `limit`. [`AttrValue::Empty`] among those of a resource's attribute says
    /// that some resources lack it.
    fn tag_values(
        &self,
        scope: Option<AttrScope>,
        name: &str,
        range: Option<NanosRange>,
        limit: usize,
    ) -> Result<Vec<AttrValue>, StoreError>;
    /// Distinct names of spans, at most `limit`; none when the store has no quicker way than to scan.
    fn span_names(
        &self,
        _range: Option<NanosRange>,
        _limit: usize,
    ) -> Result<Option<Vec<Arc<str>>>, StoreError> {
        Ok(None)
    }
    fn stats(&self) -> TraceStats;
}

/// The writing side. A push is in the write-ahead log before the call returns.
pub trait TraceAppender: Send + Sync {
    fn push(&self, batches: Vec<SpanBatch>) -> Result<SpanReport, StoreError>;
}

pub trait TraceStore: TraceQuerier + TraceAppender {}
impl<T: TraceQuerier + TraceAppender> TraceStore for T {}

#[cfg(test)]
mod tests;
