//! Reading: a trace by its id, scans by time and hints, names and values of attributes.

use super::{State, TraceDb};
use crate::bytes::Reader;
use crate::dict::{Dict, find_attribute};
use crate::head::Head;
use crate::hint::{Filter, each_row, each_value};
use crate::merge::join;
use crate::row::{front, value_from};
use crate::segment::{Block, Segment};
use model::StoreError;
use model::clock::Nanos;
use model::logs::NanosRange;
use model::traces::{AttrScope, AttrValue, Trace, TraceId, TraceQuerier, TraceScan, TraceStats};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
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

fn overlaps(start: Nanos, end: Nanos, range: Option<NanosRange>) -> bool {
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

/// Gathers the distinct values of one attribute within one dictionary.
struct Values<'a> {
    dict: &'a Dict,
    scope: Option<AttrScope>,
    name: &'a str,
    encoded: HashSet<Vec<u8>>,
    origins: HashSet<u32>,
}

impl<'a> Values<'a> {
    fn new(dict: &'a Dict, scope: Option<AttrScope>, name: &'a str) -> Self {
        Self { dict, scope, name, encoded: HashSet::new(), origins: HashSet::new() }
    }

    fn add(&mut self, rows: &[u8], base: Nanos) {
        let of_rows = !matches!(self.scope, Some(AttrScope::Resource | AttrScope::Instrumentation));
        let key = if of_rows { self.dict.find(self.name) } else { None };
        let (encoded, origins) = (&mut self.encoded, &mut self.origins);
        let show = &mut |value: &[u8]| {
            if !encoded.contains(value) {
                encoded.insert(value.to_vec());
            }
        };
        // Damaged rows have no values; reading the trace itself names the damage.
        let _ = each_value(rows, base, self.scope, key, show, &mut |origin| {
            origins.insert(origin);
        });
    }

    fn finish(self, out: &mut Vec<AttrValue>) {
        let mut add = |value: AttrValue| {
            if !out.contains(&value) {
                out.push(value);
            }
        };
        for bytes in &self.encoded {
            value_from(&mut Reader::new(bytes), self.dict).into_iter().for_each(&mut add);
        }
        for origin in self.origins.iter().filter_map(|origin| self.dict.origins.get(*origin as usize)) {
            if matches!(self.scope, None | Some(AttrScope::Resource)) {
                match find_attribute(&origin.resource.attributes, self.name) {
                    Some(value) => add(value.clone()),
                    None if self.scope.is_some() => add(AttrValue::Empty),
                    None => {}
                }
            }
            if self.scope == Some(AttrScope::Instrumentation) {
                find_attribute(&origin.scope.attributes, self.name).cloned().into_iter().for_each(&mut add);
            }
        }
    }
}

/// Adds the names within the rows of a trace. `seen` are the numbers that were looked up already.
fn each_name(rows: &[u8], base: Nanos, dict: &Dict, seen: &mut HashSet<u64>, names: &mut BTreeSet<Arc<str>>) {
    // Damaged rows have no names; reading the trace itself names the damage.
    let _ = each_row(rows, &mut |_, row| {
        if let Some(front) = front(&mut Reader::new(row), base)
            // A text in the row has an odd number and may differ from the last with the same.
            && (front.name & 1 == 1 || seen.insert(front.name))
        {
            names.extend(front.name_text(row, dict));
        }
        false
    });
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
        let mut names: BTreeMap<AttrScope, BTreeSet<String>> = BTreeMap::new();
        let mut add = |dict: &Dict| {
            for (scope, name) in dict.names() {
                let of_scope = names.entry(scope).or_default();
                if !of_scope.contains(&**name) {
                    of_scope.insert(name.to_string());
                }
            }
        };
        let segments = {
            let state: &State = &self.read();
            for head in state.frozen.iter().map(|head| &**head).chain([&state.head]) {
                if head.traces.values().any(|trace| trace.overlaps(range)) {
                    add(&head.dict);
                }
            }
            state.segments.clone()
        };
        for segment in segments.iter().filter(|segment| segment.overlaps(range)) {
            add(&*segment.dict()?);
        }
        Ok(names.into_iter().map(|(scope, names)| (scope, names.into_iter().collect())).collect())
    }

    fn tag_values(
        &self,
        scope: Option<AttrScope>,
        name: &str,
        range: Option<NanosRange>,
        limit: usize,
    ) -> Result<Vec<AttrValue>, StoreError> {
        let mut out = Vec::new();
        let segments = {
            let state: &State = &self.read();
            for head in state.frozen.iter().map(|head| &**head).chain([&state.head]) {
                let mut values = Values::new(&head.dict, scope, name);
                for trace in head.traces.values().filter(|trace| trace.overlaps(range)) {
                    values.add(&trace.rows, head.base);
                    if values.encoded.len() >= limit {
                        break;
                    }
                }
                values.finish(&mut out);
            }
            state.segments.clone()
        };
        for segment in segments.iter().rev().filter(|segment| segment.overlaps(range)) {
            if out.len() >= limit {
                break;
            }
            let dict = segment.dict()?;
            let mut values = Values::new(&dict, scope, name);
            'blocks: for number in segment.blocks(range) {
                let block = segment.block(number)?;
                for entry in block.entries.iter().filter(|entry| overlaps(entry.start, entry.end, range)) {
                    values.add(block.rows(entry), segment.base);
                    if values.encoded.len() >= limit {
                        break 'blocks;
                    }
                }
            }
            values.finish(&mut out);
        }
        out.truncate(limit);
        Ok(out)
    }

    fn span_names(
        &self,
        range: Option<NanosRange>,
        limit: usize,
    ) -> Result<Option<Vec<Arc<str>>>, StoreError> {
        let mut names: BTreeSet<Arc<str>> = BTreeSet::new();
        let segments = {
            let state: &State = &self.read();
            for head in state.frozen.iter().map(|head| &**head).chain([&state.head]) {
                let mut seen = HashSet::new();
                for trace in head.traces.values().filter(|trace| trace.overlaps(range)) {
                    each_name(&trace.rows, head.base, &head.dict, &mut seen, &mut names);
                }
            }
            state.segments.clone()
        };
        for segment in segments.iter().rev().filter(|segment| segment.overlaps(range)) {
            let dict = segment.dict()?;
            let mut seen = HashSet::new();
            for number in segment.blocks(range) {
                if names.len() >= limit {
                    break;
                }
                let block = segment.block(number)?;
                for entry in block.entries.iter().filter(|entry| overlaps(entry.start, entry.end, range)) {
                    each_name(block.rows(entry), segment.base, &dict, &mut seen, &mut names);
                }
            }
        }
        Ok(Some(names.into_iter().take(limit).collect()))
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
