//! Reading: a trace by its id, scans by time and hints, names and values of attributes.

use super::TraceDb;
use crate::head::Head;
use crate::hint::Filter;
use crate::merge::join;
use crate::segment::{Block, Segment};
use model::StoreError;
use model::clock::Nanos;
use model::logs::NanosRange;
use model::traces::{AttrScope, AttrValue, Trace, TraceId, TraceQuerier, TraceScan, TraceStats};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Traces that are read from the head under one hold of its lock.
const HEAD_BATCH: usize = 64;
/// Unpacked blocks that a scan in order of time keeps. About 4 MB.
const CACHED_BLOCKS: usize = 64;

/// Where a trace was found.
#[derive(Clone, Copy)]
enum Place {
    /// In the head, or in several places: by its id.
    ById(TraceId),
    Frozen(usize, TraceId),
    Segment {
        segment: usize,
        block: usize,
        entry: usize,
    },
}

/// What a scan goes over: taken under the lock, read without it.
struct Snapshot {
    /// Candidates of the head, and all traces that are in several places.
    by_id: Vec<(Nanos, TraceId)>,
    frozen: Vec<Arc<Head>>,
    /// Newest first.
    segments: Vec<Arc<Segment>>,
    split: HashSet<TraceId>,
}

pub(super) fn overlaps(start: Nanos, end: Nanos, range: Option<NanosRange>) -> bool {
    range.is_none_or(|range| start < range.end && end >= range.start)
}

fn trace_range(trace: &Trace) -> (Nanos, Nanos) {
    trace.spans().fold((Nanos::MAX, Nanos::MIN), |(start, end), (_, span)| {
        (start.min(span.start), end.max(span.end.max(span.start)))
    })
}

fn bytes_of(trace: &Trace) -> u64 {
    // An estimate for the statistics of answers: what a span takes in protobuf.
    trace.batches.iter().map(|batch| 120 * batch.spans.len() as u64).sum()
}

impl TraceDb {
    fn snapshot(&self, scan: &TraceScan<'_>) -> Snapshot {
        let state = self.read();
        let mut by_id: Vec<(Nanos, TraceId)> = match Filter::new(scan, &state.head.dict) {
            Some(filter) => state.head.candidates(scan.range, &filter),
            None => Vec::new(),
        };
        by_id.retain(|(_, id)| !state.split.contains(id));
        Snapshot {
            by_id,
            frozen: state.frozen.clone(),
            segments: state
                .segments
                .iter()
                .rev()
                .filter(|segment| segment.overlaps(scan.range))
                .cloned()
                .collect(),
            split: state.split.clone(),
        }
    }

    /// A trace from wherever its parts are.
    fn whole(&self, id: TraceId) -> Result<Option<Trace>, StoreError> {
        let (mut parts, segments) = {
            let state = self.read();
            let mut parts: Vec<Trace> = state.frozen.iter().filter_map(|head| head.trace(id)).collect();
            parts.extend(state.head.trace(id));
            // The bloom filters are in memory; most segments drop out here.
            let segments: Vec<Arc<Segment>> =
                state.segments.iter().filter(|segment| segment.may_contain(id)).cloned().collect();
            (parts, segments)
        };
        for segment in segments {
            parts.extend(segment.trace(id)?);
        }
        Ok(join(id, parts))
    }

    /// Reads many traces of the head under one lock; those that went elsewhere meanwhile are looked up.
    fn batch(&self, ids: &[(Nanos, TraceId)]) -> Result<Vec<Trace>, StoreError> {
        let (mut found, missing) = {
            let state = self.read();
            let mut missing = Vec::new();
            let mut found = Vec::with_capacity(ids.len());
            for (_, id) in ids {
                match state.head.trace(*id).filter(|_| !state.split.contains(id)) {
                    Some(trace) => found.push(trace),
                    None => missing.push(*id),
                }
            }
            (found, missing)
        };
        for id in missing {
            found.extend(self.whole(id)?);
        }
        Ok(found)
    }

    fn scan_any_order(
        &self,
        scan: &TraceScan<'_>,
        visit: &mut dyn FnMut(&Trace) -> ControlFlow<()>,
    ) -> Result<TraceStats, StoreError> {
        let snapshot = self.snapshot(scan);
        let mut stats = TraceStats::default();
        let mut show = |trace: &Trace| {
            let (start, end) = trace_range(trace);
            if !overlaps(start, end, scan.range) {
                return ControlFlow::Continue(());
            }
            stats.traces += 1;
            stats.spans += trace.batches.iter().map(|batch| batch.spans.len() as u64).sum::<u64>();
            stats.bytes += bytes_of(trace);
            visit(trace)
        };
        for ids in snapshot.by_id.chunks(HEAD_BATCH) {
            for trace in self.batch(ids)? {
                if show(&trace).is_break() {
                    return Ok(stats);
                }
            }
        }
        for head in &snapshot.frozen {
            let Some(filter) = Filter::new(scan, &head.dict) else { continue };
            for (_, id) in head.candidates(scan.range, &filter) {
                if snapshot.split.contains(&id) {
                    continue;
                }
                if let Some(trace) = head.trace(id)
                    && show(&trace).is_break()
                {
                    return Ok(stats);
                }
            }
        }
        for segment in &snapshot.segments {
            let dict = segment.dict()?;
            let Some(filter) = Filter::new(scan, &dict) else { continue };
            for number in segment.blocks(scan.range) {
                let block = segment.block(number)?;
                for entry in &block.entries {
                    let skip = !overlaps(entry.start, entry.end, scan.range)
                        || snapshot.split.contains(&entry.id)
                        || !(filter.is_trivial() || filter.passes(block.rows(entry), segment.base));
                    if !skip && show(&segment.read(&block, entry, &dict)?).is_break() {
                        return Ok(stats);
                    }
                }
            }
        }
        for id in &snapshot.split {
            if let Some(trace) = self.whole(*id)?
                && show(&trace).is_break()
            {
                return Ok(stats);
            }
        }
        Ok(stats)
    }

    fn scan_newest_first(
        &self,
        scan: &TraceScan<'_>,
        visit: &mut dyn FnMut(&Trace) -> ControlFlow<()>,
    ) -> Result<TraceStats, StoreError> {
        let snapshot = self.snapshot(scan);
        let mut order: Vec<(Nanos, Place)> =
            snapshot.by_id.iter().map(|(end, id)| (*end, Place::ById(*id))).collect();
        for (number, head) in snapshot.frozen.iter().enumerate() {
            if let Some(filter) = Filter::new(scan, &head.dict) {
                let of_head = head.candidates(scan.range, &filter).into_iter();
                let of_head = of_head.filter(|(_, id)| !snapshot.split.contains(id));
                order.extend(of_head.map(|(end, id)| (end, Place::Frozen(number, id))));
            }
        }
        for (number, segment) in snapshot.segments.iter().enumerate() {
            let dict = segment.dict()?;
            let Some(filter) = Filter::new(scan, &dict) else { continue };
            for of_segment in segment.blocks(scan.range) {
                let block = segment.block(of_segment)?;
                for (at, entry) in block.entries.iter().enumerate() {
                    if overlaps(entry.start, entry.end, scan.range)
                        && !snapshot.split.contains(&entry.id)
                        && filter.passes(block.rows(entry), segment.base)
                    {
                        order.push((
                            entry.end,
                            Place::Segment { segment: number, block: of_segment, entry: at },
                        ));
                    }
                }
            }
        }
        for id in &snapshot.split {
            if let Some(trace) = self.whole(*id)? {
                order.push((trace_range(&trace).1, Place::ById(*id)));
            }
        }
        order.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
        let mut stats = TraceStats::default();
        let mut cache: HashMap<(usize, usize), Block> = HashMap::new();
        for (_, place) in order {
            let trace = match place {
                Place::ById(id) => self.whole(id)?,
                Place::Frozen(number, id) => snapshot.frozen[number].trace(id),
                Place::Segment { segment, block, entry } => {
                    let of = &snapshot.segments[segment];
                    if !cache.contains_key(&(segment, block)) {
                        if cache.len() >= CACHED_BLOCKS {
                            cache.clear();
                        }
                        cache.insert((segment, block), of.block(block)?);
                    }
                    let block = &cache[&(segment, block)];
                    Some(of.read(block, &block.entries[entry], &*of.dict()?)?)
                }
            };
            let Some(trace) = trace else { continue };
            let (start, end) = trace_range(&trace);
            if !overlaps(start, end, scan.range) {
                continue;
            }
            stats.traces += 1;
            stats.spans += trace.batches.iter().map(|batch| batch.spans.len() as u64).sum::<u64>();
            stats.bytes += bytes_of(&trace);
            if visit(&trace).is_break() {
                break;
            }
        }
        Ok(stats)
    }
}

impl TraceQuerier for TraceDb {
    fn trace(&self, id: TraceId) -> Result<Option<Trace>, StoreError> {
        self.whole(id)
    }

    fn scan(
        &self,
        scan: &TraceScan<'_>,
        visit: &mut dyn FnMut(&Trace) -> ControlFlow<()>,
    ) -> Result<TraceStats, StoreError> {
        if scan.newest_first { self.scan_newest_first(scan, visit) } else { self.scan_any_order(scan, visit) }
    }

    fn tag_names(&self, range: Option<NanosRange>) -> Result<Vec<(AttrScope, Vec<String>)>, StoreError> {
        self.names_of_attributes(range)
    }

    fn tag_values(
        &self,
        scope: Option<AttrScope>,
        name: &str,
        range: Option<NanosRange>,
        limit: usize,
    ) -> Result<Vec<AttrValue>, StoreError> {
        self.values_of_attribute(scope, name, range, limit)
    }

    fn span_names(
        &self,
        range: Option<NanosRange>,
        limit: usize,
    ) -> Result<Option<Vec<Arc<str>>>, StoreError> {
        self.names_of_spans(range, limit).map(Some)
    }

    fn stats(&self) -> TraceStats {
        let state = self.read();
        let heads = state.frozen.iter().map(|head| &**head).chain([&state.head]);
        let (mut traces, mut spans, mut bytes) = (0, 0, state.wal.len());
        for head in heads {
            traces += head.traces.len() as u64;
            spans += head.spans;
        }
        for segment in &state.segments {
            traces += segment.traces;
            spans += segment.spans;
            bytes += segment.file_len;
        }
        TraceStats { traces: traces - state.split.len().min(traces as usize) as u64, spans, bytes }
    }
}
