//! Which series there are, and which of them satisfy matchers.

mod matching;

use crate::series::MemSeries;
use model::{Label, Labels};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Postings of one label name: by value, the sorted numbers of the series that have it.
type Values = BTreeMap<Arc<str>, Vec<u64>>;

#[derive(Debug, Default)]
pub struct Index {
    by_id: HashMap<u64, Arc<MemSeries>, BuildHasherDefault<IdHasher>>,
    by_labels: HashMap<Labels, Arc<MemSeries>>,
    postings: HashMap<Arc<str>, Values>,
    /// All numbers, sorted.
    all: Vec<u64>,
    /// Whether each series' `rank` is its place in the order of labels.
    ranked: bool,
}

impl Index {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn by_id(&self, id: u64) -> Option<&Arc<MemSeries>> {
        self.by_id.get(&id)
    }

    pub fn by_labels(&self, labels: &Labels) -> Option<&Arc<MemSeries>> {
        self.by_labels.get(labels)
    }

    /// Every series, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<MemSeries>> {
        self.all.iter().filter_map(|id| self.by_id.get(id))
    }

    /// Adds a series with a number that is higher than all before it.
    pub fn insert(&mut self, series: Arc<MemSeries>) {
        debug_assert!(self.all.last().is_none_or(|last| *last < series.id));
        for label in series.labels.as_slice() {
            let values = self.postings.entry(Arc::clone(&label.name)).or_default();
            values.entry(Arc::clone(&label.value)).or_default().push(series.id);
        }
        self.all.push(series.id);
        self.by_labels.insert(series.labels.clone(), Arc::clone(&series));
        self.by_id.insert(series.id, series);
        self.ranked = false;
    }

    /// Forgets series. The order of the others stays, so ranks stay usable.
    pub fn remove(&mut self, dead: &[Arc<MemSeries>]) {
        let ids: HashSet<u64> = dead.iter().map(|series| series.id).collect();
        let touched: HashSet<&Label> = dead.iter().flat_map(|series| series.labels.as_slice()).collect();
        for label in touched {
            let Some(values) = self.postings.get_mut(&label.name) else { continue };
            if let Some(list) = values.get_mut(&label.value) {
                list.retain(|id| !ids.contains(id));
                if list.is_empty() {
                    values.remove(&label.value);
                }
            }
            if values.is_empty() {
                self.postings.remove(&label.name);
            }
        }
        self.all.retain(|id| !ids.contains(id));
        for series in dead {
            self.by_id.remove(&series.id);
            self.by_labels.remove(&series.labels);
        }
    }

    /// Names in no order.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.postings.keys()
    }

    /// The values of a label with their series, sorted by value.
    pub fn values(&self, name: &str) -> impl Iterator<Item = (&Arc<str>, &Vec<u64>)> {
        self.postings.get(name).into_iter().flatten()
    }

    /// Gives each series its place in the order of labels, unless that is known.
    pub fn rank(&mut self) {
        if self.ranked {
            return;
        }
        let mut sorted: Vec<&Arc<MemSeries>> = self.by_id.values().collect();
        sorted.sort_unstable_by(|a, b| compare(&a.labels, &b.labels));
        for (place, series) in (0_u32..).zip(sorted) {
            series.rank.store(place, Ordering::Relaxed);
        }
        self.ranked = true;
    }

    /// Sorts by labels: by rank when that is known.
    pub fn sort(&self, series: &mut [Arc<MemSeries>]) {
        if self.ranked {
            series.sort_unstable_by_key(|series| series.rank.load(Ordering::Relaxed));
        } else {
            series.sort_unstable_by(|a, b| compare(&a.labels, &b.labels));
        }
    }

    pub fn is_ranked(&self) -> bool {
        self.ranked
    }
}

/// Every label name and value that is in use, once.
#[derive(Debug, Default)]
pub struct Strings(HashSet<Arc<str>>);

impl Strings {
    /// The same labels made of strings that are held once for all series.
    pub fn intern(&mut self, labels: &Labels) -> Labels {
        let mut once = |text: &Arc<str>| match self.0.get(text) {
            Some(known) => Arc::clone(known),
            None => {
                self.0.insert(Arc::clone(text));
                Arc::clone(text)
            }
        };
        let pairs = labels.as_slice().iter();
        Labels::from_sorted(
            pairs.map(|label| Label { name: once(&label.name), value: once(&label.value) }).collect(),
        )
    }

    /// Drops strings that only this table still holds. Call after the removed series are gone.
    pub fn shrink(&mut self) {
        self.0.retain(|text| Arc::strong_count(text) > 1);
    }
}

/// The order of `Labels`, quick where two sets share interned strings.
fn compare(left: &Labels, right: &Labels) -> std::cmp::Ordering {
    let text = |a: &Arc<str>, b: &Arc<str>| match Arc::ptr_eq(a, b) {
        true => std::cmp::Ordering::Equal,
        false => a.cmp(b),
    };
    for (a, b) in left.as_slice().iter().zip(right.as_slice()) {
        let order = text(&a.name, &b.name).then_with(|| text(&a.value, &b.value));
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

/// Spreads series numbers, which are dense: one multiplication is enough (Knuth, "Multiplicative hashing").
#[derive(Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(20);
    }
}

#[cfg(test)]
mod tests;
