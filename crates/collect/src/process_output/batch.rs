//! Lines that wait to be sent together.

use crate::stages::Entry;
use model::Labels;
use model::clock::Nanos;
use model::logs::{LogEntry, LogStream};
use std::collections::HashMap;
use std::time::Duration;

pub struct Batch {
    wait: i64,
    size: usize,
    streams: HashMap<Labels, Vec<LogEntry>>,
    bytes: usize,
    lines: usize,
    /// When its first line came.
    since: Nanos,
}

impl Batch {
    pub fn new(wait: Duration, size: usize) -> Self {
        let wait = i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX);
        Self { wait, size, streams: HashMap::new(), bytes: 0, lines: 0, since: 0 }
    }

    /// Adds a line. `limit` is the longest line, 0 for any, and whether a longer one is cut; `false` when it is dropped.
    pub fn add(&mut self, entry: Entry, now: Nanos, (longest, cut): (usize, bool)) -> bool {
        let Entry { t, mut line, mut labels, metadata, .. } = entry;
        if longest > 0 && line.len() > longest {
            if !cut {
                return false;
            }
            let end = (0..=longest).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
            line.truncate(end);
        }
        if self.lines == 0 {
            self.since = now;
        }
        self.lines += 1;
        self.bytes += line.len();
        // Names with two underscores are for discovery and stages; they are never sent.
        labels.retain(|name, _| !name.starts_with("__"));
        self.streams.entry(labels.build()).or_default().push(LogEntry { t, line, metadata });
        true
    }

    pub fn is_due(&self, now: Nanos) -> bool {
        self.lines > 0 && (self.bytes >= self.size || now.saturating_sub(self.since) >= self.wait)
    }

    /// The streams and how many lines they have; the batch is empty afterwards.
    pub fn take(&mut self) -> (Vec<LogStream>, usize) {
        self.bytes = 0;
        let lines = std::mem::take(&mut self.lines);
        let streams = std::mem::take(&mut self.streams);
        (streams.into_iter().map(|(labels, entries)| LogStream { labels, entries }).collect(), lines)
    }
}
