//! Questions about streams: names, values, sizes.

use super::LogDb;
use crate::stream::Stream;
use model::logs::{LogQuerier, LogRow, LogScan, LogTail, NanosRange, ScanStats};
use model::{Labels, Matcher, StoreError, matcher};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

fn wanted(stream: &Stream, range: NanosRange, sets: &[Vec<Matcher>]) -> bool {
    let matches = sets.is_empty() || sets.iter().any(|set| matcher::all_match(set, &stream.labels));
    matches && stream.overlaps(range.start, range.end)
}

impl LogDb {
    fn each(&self, range: NanosRange, sets: &[Vec<Matcher>], mut visit: impl FnMut(&Stream)) {
        let range = NanosRange { start: range.start.max(self.inner.oldest()), end: range.end };
        self.inner.read().all.values().filter(|stream| wanted(stream, range, sets)).for_each(&mut visit);
    }
}

impl LogQuerier for LogDb {
    fn scan(
        &self,
        scan: &LogScan<'_>,
        visit: &mut dyn FnMut(LogRow<'_>) -> ControlFlow<()>,
    ) -> Result<ScanStats, StoreError> {
        self.scan_rows(scan, visit)
    }

    fn streams(&self, range: NanosRange, sets: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError> {
        let mut found = Vec::new();
        self.each(range, sets, |stream| found.push(stream.labels.clone()));
        found.sort();
        Ok(found)
    }

    fn label_names(&self, range: NanosRange, sets: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        let mut found = BTreeSet::new();
        self.each(range, sets, |stream| {
            for (name, _) in stream.labels.iter() {
                if !found.contains(name) {
                    found.insert(name.to_owned());
                }
            }
        });
        Ok(found.into_iter().collect())
    }

    fn label_values(
        &self,
        name: &str,
        range: NanosRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<String>, StoreError> {
        let mut found = BTreeSet::new();
        self.each(range, sets, |stream| {
            found.extend(stream.labels.get(name).map(str::to_owned));
        });
        Ok(found.into_iter().collect())
    }

    fn volumes(
        &self,
        range: NanosRange,
        matchers: &[Matcher],
    ) -> Result<Vec<(Labels, ScanStats)>, StoreError> {
        let mut found = Vec::new();
        let mut cut = Vec::new();
        self.each(range, &[matchers.to_vec()], |stream| {
            let mut stats = ScanStats { streams: 1, ..ScanStats::default() };
            for chunk in stream.chunks.iter().filter(|chunk| chunk.overlaps(range.start, range.end)) {
                stats.chunks += 1;
                if chunk.meta.min_t >= range.start && chunk.meta.max_t < range.end {
                    stats.lines += chunk.meta.lines;
                    stats.bytes += chunk.meta.bytes;
                } else {
                    cut.push((found.len(), chunk.clone()));
                }
            }
            for entry in stream.head.entries().iter().filter(|entry| range.contains(entry.t)) {
                stats.lines += 1;
                stats.bytes += stream.head.line(entry).len() as u64;
            }
            found.push((stream.labels.clone(), stats));
        });
        // Chunks that the range cuts are counted line by line, without the lock.
        for (at, chunk) in cut {
            let block = chunk.open()?;
            for entry in block.entries().iter().filter(|entry| range.contains(entry.t)) {
                found[at].1.lines += 1;
                found[at].1.bytes += block.line(entry).len() as u64;
            }
        }
        found.retain(|(_, stats)| stats.lines > 0);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    fn tail(&self, matchers: Vec<Matcher>, capacity: usize) -> Box<dyn LogTail> {
        self.inner.tails.add(matchers, capacity)
    }
}
