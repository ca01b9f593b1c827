//! The way out: streams are snapshots (an `Arc` of the head, chunks by reference), so a scan holds no lock while it runs.
//!
//! Chunks that overlap in time form a run; a run is unpacked when the scan reaches it and forgotten behind it, so a scan
//! that stops early has read little.

use super::{Inner, LogDb};
use crate::block::Block;
use crate::chunk::Chunk;
use crate::stream::{Stream, block_overlaps};
use model::logs::{LogRow, LogScan, ScanOrder, ScanStats};
use model::{Labels, StoreError};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A head or a chunk, with its bounds.
enum Source {
    Head(Arc<Block>),
    Chunk(Chunk),
}

struct Part {
    source: Source,
    min_t: i64,
    max_t: i64,
}

/// A stream as it was when the scan began.
struct Snapshot {
    id: u32,
    labels: Labels,
    /// Ascending by start; parts of one run overlap.
    runs: Vec<Vec<Part>>,
    /// What is still to be looked for in metadata: pairs that the labels do not have.
    metadata: Vec<(String, String)>,
}

/// An unpacked run: entries of all its blocks in the order of the scan.
struct Run {
    blocks: Vec<Arc<Block>>,
    /// Block and entry, in ascending order of time.
    order: Vec<(u32, u32)>,
}

impl LogDb {
    pub(super) fn scan_rows(
        &self,
        scan: &LogScan<'_>,
        visit: &mut dyn FnMut(LogRow<'_>) -> ControlFlow<()>,
    ) -> Result<ScanStats, StoreError> {
        let snapshots = self.inner.snapshots(scan);
        let mut stats = ScanStats { streams: snapshots.len() as u64, ..ScanStats::default() };
        if scan.order == ScanOrder::ByStream {
            for snapshot in &snapshots {
                let mut cursor = Cursor::new(snapshot, false);
                while cursor.advance(scan, &mut stats)? {
                    if cursor.show(&mut stats, visit).is_break() {
                        return Ok(stats);
                    }
                }
            }
            return Ok(stats);
        }
        let backward = scan.order == ScanOrder::Backward;
        // A cursor enters the heap with the bound of its first run and is unpacked only when its turn comes.
        let mut cursors: Vec<_> = snapshots.iter().map(|snapshot| Cursor::new(snapshot, backward)).collect();
        let mut heap: BinaryHeap<Next> =
            cursors.iter().enumerate().filter_map(|(at, cursor)| cursor.bound(at)).collect();
        while let Some(next) = heap.pop() {
            let cursor = &mut cursors[next.cursor];
            if next.is_bound {
                if cursor.advance(scan, &mut stats)? {
                    heap.extend(cursor.current(next.cursor));
                }
                continue;
            }
            if cursor.show(&mut stats, visit).is_break() {
                break;
            }
            // Within an open run the next line is known; behind it only a bound is.
            match cursor.advance_within(scan) {
                true => heap.extend(cursor.current(next.cursor)),
                false => heap.extend(cursor.bound(next.cursor)),
            }
        }
        Ok(stats)
    }
}

/// What is next in a merge over streams.
struct Next {
    t: i64,
    cursor: usize,
    /// The time is that of a run that is not unpacked: no line of it comes earlier in the scan.
    is_bound: bool,
    backward: bool,
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first. Bounds come before lines of their time: they may hide one. Among streams
        // the first one is first forward and last backward, so that one order is the reverse of the other.
        let by_place = if self.backward {
            self.t.cmp(&other.t).then(self.cursor.cmp(&other.cursor))
        } else {
            other.t.cmp(&self.t).then(other.cursor.cmp(&self.cursor))
        };
        self.is_before_bound(other).then(by_place)
    }
}

impl Next {
    fn is_before_bound(&self, other: &Self) -> Ordering {
        if self.t == other.t { self.is_bound.cmp(&other.is_bound) } else { Ordering::Equal }
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Next {}

impl Inner {
    fn snapshots(&self, scan: &LogScan<'_>) -> Vec<Snapshot> {
        let all = self.read();
        let mut found: Vec<_> = all
            .all
            .values()
            .filter(|stream| model::matcher::all_match(scan.matchers, &stream.labels))
            .filter_map(|stream| snapshot(stream, scan, self.oldest()))
            .collect();
        // A fixed order of the streams makes answers with lines of one instant repeatable.
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        found
    }

    /// Lines before this are on their way out.
    pub(super) fn oldest(&self) -> i64 {
        let retention = i64::try_from(self.config.retention.as_nanos()).unwrap_or(i64::MAX);
        if retention == 0 { i64::MIN } else { self.clock.now_nanos().saturating_sub(retention) }
    }
}

fn snapshot(stream: &Stream, scan: &LogScan<'_>, oldest: i64) -> Option<Snapshot> {
    let (start, end) = (scan.range.start.max(oldest), scan.range.end);
    let missing = |(name, value): &&(String, String)| stream.labels.get(name) != Some(value.as_str());
    let metadata: Vec<_> = scan.metadata_equals.iter().filter(missing).cloned().collect();
    let mut parts: Vec<Part> = stream
        .chunks
        .iter()
        .filter(|chunk| chunk.overlaps(start, end))
        .filter(|chunk| metadata.iter().all(|(name, value)| chunk.meta.bloom.may_contain(name, value)))
        .map(|chunk| Part {
            min_t: chunk.meta.min_t,
            max_t: chunk.meta.max_t,
            source: Source::Chunk(chunk.clone()),
        })
        .collect();
    if block_overlaps(&stream.head, start, end) {
        let head = stream.head.clone();
        let (min_t, max_t) = (head.min_t()?, head.max_t()?);
        parts.push(Part { source: Source::Head(head), min_t, max_t });
    }
    // Stable: parts with one start stay in the order in which they were written.
    parts.sort_by_key(|part| part.min_t);
    let mut runs: Vec<Vec<Part>> = Vec::new();
    let mut last = i64::MIN;
    for part in parts {
        let max_t = part.max_t;
        match runs.last_mut() {
            Some(run) if part.min_t <= last => run.push(part),
            _ => runs.push(vec![part]),
        }
        last = last.max(max_t);
    }
    (!runs.is_empty()).then(|| Snapshot { id: stream.id, labels: stream.labels.clone(), runs, metadata })
}

/// Walks one stream in one direction.
struct Cursor<'a> {
    snapshot: &'a Snapshot,
    backward: bool,
    /// How many runs are behind.
    done: usize,
    run: Option<Run>,
    /// Place in the order of the run, counted in the direction of the scan.
    at: usize,
    /// Time and place of the line before, to leave out lines that are in two chunks.
    last: Option<(u32, u32)>,
}

impl<'a> Cursor<'a> {
    fn new(snapshot: &'a Snapshot, backward: bool) -> Self {
        Self { snapshot, backward, done: 0, run: None, at: 0, last: None }
    }

    /// The next run that is not unpacked.
    fn pending(&self) -> Option<&'a [Part]> {
        let runs = &self.snapshot.runs;
        let index = if self.backward { runs.len().checked_sub(self.done + 1)? } else { self.done };
        runs.get(index).map(Vec::as_slice)
    }

    fn bound(&self, cursor: usize) -> Option<Next> {
        let parts = self.pending()?;
        let t = if self.backward {
            parts.iter().map(|part| part.max_t).max()?
        } else {
            parts.iter().map(|part| part.min_t).min()?
        };
        Some(Next { t, cursor, is_bound: true, backward: self.backward })
    }

    fn place(&self) -> Option<(&Run, (u32, u32))> {
        let run = self.run.as_ref()?;
        let index =
            if self.backward { run.order.len().checked_sub(self.at)? } else { self.at.checked_sub(1)? };
        Some((run, *run.order.get(index)?))
    }

    fn current(&self, cursor: usize) -> Option<Next> {
        let (run, (block, entry)) = self.place()?;
        let t = run.blocks[block as usize].entries()[entry as usize].t;
        Some(Next { t, cursor, is_bound: false, backward: self.backward })
    }

    /// Goes to the next line, unpacking runs as needed. `false` at the end.
    fn advance(&mut self, scan: &LogScan<'_>, stats: &mut ScanStats) -> Result<bool, StoreError> {
        loop {
            if self.run.is_some() && self.advance_within(scan) {
                return Ok(true);
            }
            let Some(parts) = self.pending() else { return Ok(false) };
            self.done += 1;
            self.at = 0;
            self.last = None;
            self.run = Some(unpack(parts, self.snapshot, scan, stats)?);
        }
    }

    /// Goes to the next line of the open run; closes it at its end.
    fn advance_within(&mut self, scan: &LogScan<'_>) -> bool {
        loop {
            self.at += 1;
            let Some((run, place)) = self.place() else {
                self.run = None;
                return false;
            };
            let block = &run.blocks[place.0 as usize];
            let entry = &block.entries()[place.1 as usize];
            if !scan.range.contains(entry.t) {
                continue;
            }
            if run.blocks.len() > 1
                && let Some(last) = self.last
            {
                let other = &run.blocks[last.0 as usize];
                let before = &other.entries()[last.1 as usize];
                if last.0 != place.0 && before.t == entry.t && other.line(before) == block.line(entry) {
                    continue;
                }
            }
            self.last = Some(place);
            return true;
        }
    }

    fn show(
        &self,
        stats: &mut ScanStats,
        visit: &mut dyn FnMut(LogRow<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some((run, (block, entry))) = self.place() else { return ControlFlow::Continue(()) };
        let block = &run.blocks[block as usize];
        let entry = &block.entries()[entry as usize];
        let line = block.line(entry);
        stats.lines += 1;
        stats.bytes += line.len() as u64;
        let mut few = [("", ""); 8];
        let mut count = 0;
        for pair in block.metadata(entry) {
            if count == few.len() {
                // More pairs than usual.
                let many: Vec<_> = block.metadata(entry).collect();
                return self.visit(entry.t, line, &many, visit);
            }
            few[count] = pair;
            count += 1;
        }
        self.visit(entry.t, line, &few[..count], visit)
    }

    fn visit(
        &self,
        t: i64,
        line: &str,
        metadata: &[(&str, &str)],
        visit: &mut dyn FnMut(LogRow<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        visit(LogRow { stream: self.snapshot.id, labels: &self.snapshot.labels, t, line, metadata })
    }
}

fn unpack(
    parts: &[Part],
    snapshot: &Snapshot,
    scan: &LogScan<'_>,
    stats: &mut ScanStats,
) -> Result<Run, StoreError> {
    let mut blocks = Vec::with_capacity(parts.len());
    for part in parts {
        let block = match &part.source {
            Source::Head(block) => block.clone(),
            Source::Chunk(chunk) => Arc::new(chunk.open()?),
        };
        stats.chunks += 1;
        let hit = scan.line_contains.iter().all(|text| block.text().contains(text.as_str()))
            && snapshot.metadata.iter().all(|(name, value)| block.has_pair(name, value));
        if hit {
            blocks.push(block);
        }
    }
    let mut order: Vec<(u32, u32)> = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        order.extend((0..block.len() as u32).map(|entry| (at as u32, entry)));
    }
    if blocks.len() > 1 || blocks.iter().any(|block| !block.is_sorted()) {
        order.sort_by_key(|(block, entry)| blocks[*block as usize].entries()[*entry as usize].t);
    }
    Ok(Run { blocks, order })
}
