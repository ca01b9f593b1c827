//! What is in memory: rows by trace, one dictionary.

use crate::bytes::{Reader, put_bytes, put_varint};
use crate::dict::Dict;
use crate::hint::Filter;
use crate::merge::{dedupe, trace_from};
use crate::row::{front, put_span};
use model::clock::Nanos;
use model::logs::NanosRange;
use model::traces::{SpanBatch, SpanReport, Trace, TraceId};
use std::collections::HashMap;

/// A row larger than this is refused. Bytes.
const MAX_ROW_BYTES: usize = 1 << 20;
/// What a trace and its place in the map take beside its rows. Bytes, an estimate.
const TRACE_OVERHEAD: usize = 112;

#[derive(Default)]
pub(crate) struct HeadTrace {
    pub start: Nanos,
    pub end: Nanos,
    pub spans: u32,
    /// Number of the origin, length, row; again and again.
    pub rows: Vec<u8>,
}

impl HeadTrace {
    pub(crate) fn overlaps(&self, range: Option<NanosRange>) -> bool {
        range.is_none_or(|range| self.start < range.end && self.end >= range.start)
    }
}

#[derive(Default)]
pub(crate) struct Head {
    /// Grows with every head; the names of log and segment carry it.
    pub generation: u64,
    /// Rows count time from here: the start of the first span that came.
    pub base: Nanos,
    pub dict: Dict,
    pub traces: HashMap<TraceId, HeadTrace>,
    pub row_bytes: usize,
    pub spans: u64,
}

/// A push as bytes that are ready for the log, and what of it was refused.
pub(crate) struct Prepared {
    pub payload: Vec<u8>,
    rows: std::ops::Range<usize>,
    count: usize,
    pub report: SpanReport,
}

impl Head {
    pub(crate) fn new(generation: u64, base: Nanos) -> Self {
        Self { generation, base, ..Self::default() }
    }

    /// An estimate of the memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.row_bytes + self.dict.size() + self.traces.len() * TRACE_OVERHEAD
    }

    /// Encodes a push. The dictionary grows; the caller commits it or rolls it back.
    pub(crate) fn prepare(&mut self, batches: &[SpanBatch], max_trace_bytes: usize) -> Prepared {
        let mut report = SpanReport::default();
        let mut rows = Vec::new();
        let mut row = Vec::new();
        let mut count = 0;
        for batch in batches {
            let origin = self.dict.origin(batch);
            for span in &batch.spans {
                row.clear();
                put_span(&mut row, span, self.base, &mut self.dict);
                let held = self.traces.get(&span.trace_id).map_or(0, |trace| trace.rows.len());
                let (found, limit, what) = if row.len() > MAX_ROW_BYTES {
                    (row.len(), MAX_ROW_BYTES, "span")
                } else {
                    (held + row.len(), max_trace_bytes, "trace")
                };
                if found > limit {
                    report.refused += 1;
                    report.reason.get_or_insert_with(|| {
                        format!("{what} too large: trace {}, {found} bytes, limit {limit}", span.trace_id)
                    });
                    continue;
                }
                rows.extend_from_slice(&span.trace_id.0);
                put_varint(&mut rows, u64::from(origin));
                put_bytes(&mut rows, &row);
                count += 1;
            }
        }
        report.accepted = count as u64;
        let mut payload = Vec::with_capacity(rows.len() + 64);
        self.dict.news(&mut payload);
        put_varint(&mut payload, count as u64);
        let start = payload.len();
        payload.extend_from_slice(&rows);
        Prepared { rows: start..payload.len(), payload, count, report }
    }

    /// Takes in what was prepared; shows the ids of traces that are new here.
    pub(crate) fn apply(&mut self, prepared: &Prepared, new_trace: &mut dyn FnMut(TraceId)) -> Option<()> {
        self.apply_rows(&mut Reader::new(&prepared.payload[prepared.rows.clone()]), prepared.count, new_trace)
    }

    /// Takes in a record of the log. None for damaged bytes.
    pub(crate) fn replay(&mut self, payload: &[u8], new_trace: &mut dyn FnMut(TraceId)) -> Option<()> {
        let mut reader = Reader::new(payload);
        self.dict.read(&mut reader, true)?;
        let count = reader.count()?;
        self.apply_rows(&mut reader, count, new_trace)
    }

    fn apply_rows(
        &mut self,
        reader: &mut Reader<'_>,
        count: usize,
        new_trace: &mut dyn FnMut(TraceId),
    ) -> Option<()> {
        for _ in 0..count {
            let id = TraceId(reader.array()?);
            let start = reader.at();
            reader.varint()?;
            let row = reader.sized()?;
            let bytes = reader.since(start);
            let front = front(&mut Reader::new(row), self.base)?;
            let end = front.start.saturating_add(front.duration.max(0));
            let trace = self.traces.entry(id).or_insert_with(|| {
                new_trace(id);
                HeadTrace { start: front.start, end, ..HeadTrace::default() }
            });
            trace.start = trace.start.min(front.start);
            trace.end = trace.end.max(end);
            trace.spans += 1;
            let before = trace.rows.capacity();
            trace.rows.extend_from_slice(bytes);
            self.row_bytes += trace.rows.capacity() - before;
            self.spans += 1;
        }
        Some(())
    }

    pub(crate) fn trace(&self, id: TraceId) -> Option<Trace> {
        let mut trace = trace_from(id, &self.traces.get(&id)?.rows, self.base, &self.dict)?;
        dedupe(&mut trace);
        Some(trace)
    }

    /// The traces that overlap the range and may satisfy the filter, with their ends.
    pub(crate) fn candidates(&self, range: Option<NanosRange>, filter: &Filter) -> Vec<(Nanos, TraceId)> {
        self.traces
            .iter()
            .filter(|(_, trace)| trace.overlaps(range) && filter.passes(&trace.rows, self.base))
            .map(|(id, trace)| (trace.end, *id))
            .collect()
    }
}
