//! `multiline`: joins lines up to the next one that looks like a first line. Each stream is joined by itself.

use super::{Entry, Next, Stage};
use model::Labels;
use model::clock::Nanos;
use stackconf::promtail::stages::MultilineStage;
use std::collections::HashMap;

/// Streams that are held at a time; a further one is passed through.
const MAX_STREAMS: usize = 1_000;
/// Longest joined line in bytes.
const MAX_BYTES: usize = 256 << 10;

struct Held {
    entry: Entry,
    lines: u64,
    /// When its last line came.
    since: Nanos,
}

pub(super) struct Multiline {
    config: MultilineStage,
    held: HashMap<Labels, Held>,
}

impl Multiline {
    pub(super) fn new(config: &MultilineStage) -> Self {
        Self { config: config.clone(), held: HashMap::new() }
    }
}

impl Stage for Multiline {
    fn process(&mut self, entry: Entry, now: Nanos, next: Next<'_>) {
        let key = entry.labels.clone().build();
        let first = self.config.firstline.is_match(&entry.line);
        if let Some(held) = self.held.get_mut(&key) {
            let full =
                held.lines >= self.config.max_lines || held.entry.line.len() + entry.line.len() > MAX_BYTES;
            if !first && !full {
                held.entry.line.push('\n');
                held.entry.line.push_str(&entry.line);
                held.lines += 1;
                held.since = now;
                return;
            }
            if let Some(done) = self.held.remove(&key) {
                next(done.entry);
            }
        }
        // Lines before the first one are nobody's.
        if !first || self.held.len() >= MAX_STREAMS {
            return next(entry);
        }
        self.held.insert(key, Held { entry, lines: 1, since: now });
    }

    fn flush(&mut self, now: Nanos, next: Next<'_>) {
        let wait = i64::try_from(self.config.max_wait_time.as_nanos()).unwrap_or(i64::MAX);
        let due: Vec<_> = self
            .held
            .iter()
            .filter(|(_, held)| now.saturating_sub(held.since) >= wait)
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            if let Some(done) = self.held.remove(&key) {
                next(done.entry);
            }
        }
    }
}
