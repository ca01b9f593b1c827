//! The series: their numbers, how they are written to a metrics store, when they end.

use crate::histogram::{Histogram, le};
use model::clock::Millis;
use model::metrics::{
    AppendOutcome, AppendRow, Exemplar, MetricAppender, Sample, SeriesKey, SeriesRef, stale_marker,
};
use model::traces::TraceId;
use model::{Labels, LabelsBuilder, StoreError, labels::METRIC_NAME};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::Hash;

/// A number that only grows, or a histogram.
#[derive(Clone, Debug)]
pub(crate) enum Metric {
    Counter(u64),
    Histogram(Histogram),
}

struct Entry {
    labels: Labels,
    metric: Metric,
    updated: Millis,
    /// The store's numbers of the series: one for a counter; buckets, sum and count for a histogram. Empty when new.
    refs: Vec<Option<SeriesRef>>,
}

/// All series of one family, by what tells them apart.
pub(crate) struct Family<K> {
    name: &'static str,
    bounds: Vec<f64>,
    entries: HashMap<K, Entry>,
}

/// What a collection needs to know.
pub(crate) struct Collection<'a> {
    pub now: Millis,
    /// When a new counter stood at zero.
    pub before: Millis,
    pub stale_after: Millis,
    pub trace_id_label: &'a str,
    pub external: &'a BTreeMap<String, String>,
}

impl<K: Hash + Eq + Clone> Family<K> {
    pub(crate) fn new(name: &'static str, bounds: &[f64]) -> Self {
        Self { name, bounds: bounds.to_vec(), entries: HashMap::new() }
    }

    /// Series that are written: a histogram has one for each bucket, a sum and a count.
    pub(crate) fn series(&self) -> usize {
        self.entries.values().map(|entry| self.width(&entry.metric)).sum()
    }

    fn width(&self, metric: &Metric) -> usize {
        match metric {
            Metric::Counter(_) => 1,
            Metric::Histogram(_) => self.bounds.len() + 3,
        }
    }

    fn entry(
        &mut self,
        key: &K,
        now: Millis,
        labels: impl FnOnce() -> Labels,
        metric: impl FnOnce() -> Metric,
    ) -> &mut Metric {
        if !self.entries.contains_key(key) {
            let made = Entry { labels: labels(), metric: metric(), updated: now, refs: Vec::new() };
            self.entries.insert(key.clone(), made);
        }
        let entry = self.entries.get_mut(key).expect("BUG: the entry was just put there");
        entry.updated = now;
        &mut entry.metric
    }

    pub(crate) fn add(&mut self, key: &K, by: u64, now: Millis, labels: impl FnOnce() -> Labels) {
        if let Metric::Counter(count) = self.entry(key, now, labels, || Metric::Counter(0)) {
            *count += by;
        }
    }

    pub(crate) fn observe(
        &mut self,
        key: &K,
        seconds: f64,
        trace: TraceId,
        now: Millis,
        labels: impl FnOnce() -> Labels,
    ) {
        let bounds = std::mem::take(&mut self.bounds);
        if let Metric::Histogram(histogram) =
            self.entry(key, now, labels, || Metric::Histogram(Histogram::new(&bounds)))
        {
            histogram.observe(&bounds, seconds, trace, now);
        }
        self.bounds = bounds;
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// Writes every series; those without news for long end with a stale marker.
    pub(crate) fn collect(
        &mut self,
        to: &dyn MetricAppender,
        with: &Collection<'_>,
    ) -> Result<(), StoreError> {
        let bounds = &self.bounds;
        let mut rows = Vec::new();
        let mut owners: Vec<(K, usize)> = Vec::new();
        let mut ended = Vec::new();
        for (key, entry) in &mut self.entries {
            let stale = entry.updated + with.stale_after < with.now;
            if stale {
                ended.push(key.clone());
            }
            let new = entry.refs.is_empty();
            let series = expand(self.name, bounds, &entry.labels, &mut entry.metric, with);
            let refs = &mut entry.refs;
            refs.resize(series.len(), None);
            for (number, (labels, value, exemplar)) in series.into_iter().enumerate() {
                let series = match refs[number] {
                    Some(known) => SeriesKey::Ref(known),
                    None => SeriesKey::Labels(labels()),
                };
                if new && !stale {
                    // Without it the first increase would be invisible to rate().
                    let sample = Sample { t: with.before, v: 0.0 };
                    owners.push((key.clone(), number));
                    rows.push(AppendRow { series: series.clone(), sample, exemplar: None });
                }
                let v = if stale { stale_marker() } else { value };
                owners.push((key.clone(), number));
                rows.push(AppendRow { series, sample: Sample { t: with.now, v }, exemplar });
            }
        }
        let report = to.append(&rows)?;
        for (outcome, (key, number)) in report.outcomes.iter().zip(&owners) {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            entry.refs[*number] = match outcome {
                AppendOutcome::Appended(known)
                | AppendOutcome::Duplicate(known)
                | AppendOutcome::DuplicateTimestamp(known)
                | AppendOutcome::OutOfOrder(known) => Some(*known),
                // Forgotten: the next collection names it by its labels.
                _ => None,
            };
        }
        for key in ended {
            self.entries.remove(&key);
        }
        Ok(())
    }
}

type Row<'a> = (Box<dyn Fn() -> Labels + 'a>, f64, Option<Exemplar>);

/// The series of an entry with their present values. Exemplars are handed out once.
fn expand<'a>(
    name: &'static str,
    bounds: &'a [f64],
    base: &'a Labels,
    metric: &'a mut Metric,
    with: &'a Collection<'_>,
) -> Vec<Row<'a>> {
    let labels = move |suffix: &'static str, le: Option<String>| -> Box<dyn Fn() -> Labels + 'a> {
        Box::new(move || {
            let mut out: LabelsBuilder = base.to_builder();
            for (name, value) in with.external {
                out.set(name, value);
            }
            out.set(METRIC_NAME, &format!("{name}{suffix}"));
            if let Some(le) = &le {
                out.set("le", le);
            }
            out.build()
        })
    };
    match metric {
        Metric::Counter(count) => vec![(labels("", None), *count as f64, None)],
        Metric::Histogram(histogram) => {
            let mut out = Vec::with_capacity(bounds.len() + 3);
            let mut cumulated = 0;
            for bucket in 0..histogram.counts.len() {
                cumulated += histogram.counts[bucket];
                let exemplar = histogram.exemplars[bucket].take().map(|(trace, value, t)| Exemplar {
                    labels: Labels::from_pairs([(with.trace_id_label, trace.to_string())]),
                    value,
                    t,
                });
                out.push((labels("_bucket", Some(le(bounds, bucket))), cumulated as f64, exemplar));
            }
            out.push((labels("_sum", None), histogram.sum, None));
            out.push((labels("_count", None), histogram.count() as f64, None));
            out
        }
    }
}
