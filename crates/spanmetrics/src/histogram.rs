//! A classic histogram with the newest exemplar of each bucket.

use model::clock::Millis;
use model::traces::TraceId;

#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    /// Observations by bucket, not cumulated; the last is `+Inf`.
    pub counts: Vec<u64>,
    pub sum: f64,
    /// The newest since the last collection, by bucket.
    pub exemplars: Vec<Option<(TraceId, f64, Millis)>>,
}

impl Histogram {
    pub(crate) fn new(bounds: &[f64]) -> Self {
        Self { counts: vec![0; bounds.len() + 1], sum: 0.0, exemplars: vec![None; bounds.len() + 1] }
    }

    pub(crate) fn observe(&mut self, bounds: &[f64], seconds: f64, trace: TraceId, now: Millis) {
        let bucket = bounds.partition_point(|bound| *bound < seconds);
        self.counts[bucket] += 1;
        self.sum += seconds;
        self.exemplars[bucket] = Some((trace, seconds, now));
    }

    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// A bound as the label `le` has it.
pub(crate) fn le(bounds: &[f64], bucket: usize) -> String {
    bounds.get(bucket).map_or_else(|| "+Inf".to_owned(), ToString::to_string)
}
