//! The ring of exemplars: a bounded number of them over all series, the oldest goes first.

use crate::codec::{Cursor, put_labels};
use model::Labels;
use model::clock::Millis;
use model::metrics::Exemplar;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Characters that an exemplar's label names and values may have together. Source: OpenMetrics 1.0, "Exemplars".
pub const MAX_EXEMPLAR_CHARS: usize = 128;

/// An exemplar in about a hundred bytes: its labels are packed, because trace ids are all different.
#[derive(Clone, Debug)]
pub struct Packed {
    pub series: u64,
    pub t: Millis,
    pub value: f64,
    pub labels: Box<[u8]>,
}

impl Packed {
    pub fn new(series: u64, exemplar: &Exemplar) -> Self {
        let mut labels = Vec::new();
        put_labels(&mut labels, &exemplar.labels);
        Self { series, t: exemplar.t, value: exemplar.value, labels: labels.into() }
    }

    pub fn unpack(&self) -> Exemplar {
        let labels = Cursor::new(&self.labels).labels().unwrap_or_else(|_| Labels::empty());
        Exemplar { labels, value: self.value, t: self.t }
    }

    /// The same for the same labels and value: a target shows its last exemplar at every scrape until it has a new one.
    pub fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.labels, self.value.to_bits()).hash(&mut hasher);
        hasher.finish()
    }
}

/// Whether the labels are within the limit of the specification.
pub fn within_limit(exemplar: &Exemplar) -> bool {
    let chars = exemplar.labels.iter().map(|(name, value)| name.chars().count() + value.chars().count());
    chars.sum::<usize>() <= MAX_EXEMPLAR_CHARS
}

#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<Packed>,
    limit: usize,
}

impl Ring {
    pub fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit }
    }

    pub fn push(&mut self, entry: Packed) {
        if self.limit == 0 {
            return;
        }
        if self.entries.len() >= self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Packed> {
        self.entries.iter()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Drops the exemplars of series that are gone.
    pub fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        self.entries.retain(|entry| keep(entry.series));
    }
}
