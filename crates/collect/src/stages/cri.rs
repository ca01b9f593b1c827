//! `cri`: unwraps lines of the container runtime interface, `<time> <stream> <P|F> <line>`, and joins partial ones.

use super::{Entry, Next, Stage};
use model::Labels;
use model::clock::Nanos;
use stackconf::promtail::stages::CriStage;
use std::collections::HashMap;

/// Longest joined line in bytes when the configuration sets no limit.
const MAX_BYTES: usize = 1 << 20;

pub(super) struct Cri {
    config: CriStage,
    /// Text of the partial lines of each stream.
    partial: HashMap<Labels, (String, u64)>,
}

impl Cri {
    pub(super) fn new(config: CriStage) -> Self {
        Self { config, partial: HashMap::new() }
    }

    fn longest(&self) -> usize {
        match usize::try_from(self.config.max_partial_line_size) {
            Ok(0) | Err(_) => MAX_BYTES,
            Ok(size) => size.min(MAX_BYTES),
        }
    }
}

impl Stage for Cri {
    fn process(&mut self, mut entry: Entry, _now: Nanos, next: Next<'_>) {
        let mut parts = entry.line.splitn(4, ' ');
        let (Some(time), Some(stream), Some(flags)) = (parts.next(), parts.next(), parts.next()) else {
            return next(entry);
        };
        let Ok(t) = chrono::DateTime::parse_from_rfc3339(time) else { return next(entry) };
        let text = parts.next().unwrap_or("").to_owned();
        let partial = flags.split(':').next() == Some("P");
        entry.t = t.timestamp_nanos_opt().unwrap_or(entry.t);
        let (stream, flags) = (stream.to_owned(), flags.to_owned());
        entry.labels.set("stream", &stream);
        entry.set("stream", stream);
        entry.set("flags", flags);
        let key = entry.labels.clone().build();
        let longest = self.longest();
        let (joined, lines) = self.partial.entry(key.clone()).or_default();
        let room = longest.saturating_sub(joined.len());
        let end = (0..=text.len().min(room)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        joined.push_str(&text[..end]);
        *lines += 1;
        if partial && *lines < self.config.max_partial_lines {
            return;
        }
        entry.line = std::mem::take(joined);
        self.partial.remove(&key);
        next(entry);
    }
}
