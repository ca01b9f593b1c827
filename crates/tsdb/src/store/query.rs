//! Answers questions: which series, which samples, which exemplars.

use super::Store;
use crate::metadata::MetadataTable;
use crate::postings::union;
use crate::series::MemSeries;
use crate::wal::list;
use model::metrics::{
    Exemplar, Metadata, MetricQuerier, MetricStats, MillisRange, SeriesExemplars, SeriesReader, StoreCounter,
};
use model::{Labels, Matcher, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLockReadGuard};

/// Below this many series a plain sort is cheaper than ranking all.
const RANK_FROM: usize = 64;

/// Entries of `MetricStats::largest_pairs`.
const LARGEST_PAIRS: usize = 100;

impl Store {
    pub(super) fn metadata(&self) -> RwLockReadGuard<'_, MetadataTable> {
        self.metadata.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The series that satisfy any of the sets (all when there is none) and have samples in the range, unsorted.
    fn find(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> Vec<Arc<MemSeries>> {
        let index = self.index();
        let overlapping = |series: &Arc<MemSeries>| series.data().overlaps(range);
        if sets.is_empty() {
            return index.iter().filter(|series| overlapping(series)).cloned().collect();
        }
        let lists: Vec<Vec<u64>> = sets.iter().map(|matchers| index.matching(matchers)).collect();
        let ids = union(lists.iter().map(Vec::as_slice));
        ids.iter().filter_map(|id| index.by_id(*id)).filter(|series| overlapping(series)).cloned().collect()
    }

    fn sort(&self, series: &mut [Arc<MemSeries>]) {
        let index = self.index();
        if index.is_ranked() || series.len() < RANK_FROM || series.len() * 4 < index.len() {
            index.sort(series);
            return;
        }
        drop(index);
        let mut index = self.index_mut();
        index.rank();
        index.sort(series);
    }
}

impl MetricQuerier for Store {
    fn select(
        &self,
        range: MillisRange,
        matchers: &[Matcher],
    ) -> Result<Vec<Arc<dyn SeriesReader>>, StoreError> {
        let ids = self.index().matching(matchers);
        let mut found: Vec<Arc<MemSeries>> = {
            let index = self.index();
            let known = ids.iter().filter_map(|id| index.by_id(*id));
            known.filter(|series| series.data().overlaps(range)).cloned().collect()
        };
        self.sort(&mut found);
        Ok(found.into_iter().map(|series| series as Arc<dyn SeriesReader>).collect())
    }

    fn series(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError> {
        let mut found = self.find(range, sets);
        self.sort(&mut found);
        Ok(found.into_iter().map(|series| series.labels.clone()).collect())
    }

    fn label_names(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        let found = self.find(range, sets);
        let names: BTreeSet<&str> =
            found.iter().flat_map(|series| series.labels.iter().map(|(name, _)| name)).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn label_values(
        &self,
        name: &str,
        range: MillisRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<String>, StoreError> {
        if sets.is_empty() {
            let index = self.index();
            let alive = |ids: &[u64]| {
                ids.iter().rev().filter_map(|id| index.by_id(*id)).any(|series| series.data().overlaps(range))
            };
            let values = index.values(name).filter(|(_, ids)| alive(ids));
            return Ok(values.map(|(value, _)| value.as_ref().to_owned()).collect());
        }
        let found = self.find(range, sets);
        let values: BTreeSet<&str> = found.iter().filter_map(|series| series.labels.get(name)).collect();
        Ok(values.into_iter().map(str::to_owned).collect())
    }

    fn exemplars(
        &self,
        range: MillisRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<SeriesExemplars>, StoreError> {
        // Exemplars outlast the samples they came with, so the series are not asked whether they have samples in range.
        let mut found = self.find(MillisRange::ALL, sets);
        self.sort(&mut found);
        let places: HashMap<u64, usize> =
            found.iter().enumerate().map(|(place, series)| (series.id, place)).collect();
        let mut by_series: Vec<Vec<Exemplar>> = vec![Vec::new(); found.len()];
        for entry in self.ring().iter().filter(|entry| range.contains(entry.t)) {
            if let Some(place) = places.get(&entry.series) {
                by_series[*place].push(entry.unpack());
            }
        }
        let with_any = found.iter().zip(by_series).filter(|(_, exemplars)| !exemplars.is_empty());
        Ok(with_any
            .map(|(series, mut exemplars)| {
                exemplars.sort_by_key(|exemplar| exemplar.t);
                SeriesExemplars { series: series.labels.clone(), exemplars }
            })
            .collect())
    }

    fn metadata(&self) -> BTreeMap<String, Vec<Metadata>> {
        Store::metadata(self).all().clone()
    }

    fn stats(&self) -> MetricStats {
        let index = self.index();
        let mut stats = MetricStats { series: index.len() as u64, ..MetricStats::default() };
        for series in index.iter() {
            let data = series.data();
            // The entry itself: the series, its place in the tables, a posting a label.
            stats.bytes_in_memory += 400 + 24 * series.labels.len() as u64;
            for extent in &data.extents {
                stats.samples += u64::from(extent.samples);
                stats.bytes_in_memory += size_of_val(extent) as u64;
            }
            for chunk in &data.closed {
                stats.samples += u64::from(chunk.samples);
                stats.bytes_in_memory += (chunk.bytes.len() + size_of_val(&**chunk) + 24) as u64;
            }
            if let Some(open) = &data.open {
                stats.samples += u64::from(open.samples());
                stats.bytes_in_memory += open.bytes().len() as u64;
            }
            stats.chunks += data.closed.len() as u64 + u64::from(data.open.is_some());
            stats.min_time = stats.min_time.into_iter().chain(data.min_time()).min();
            stats.max_time = stats.max_time.max(data.max_time());
        }
        let mut pairs = Vec::new();
        for name in index.names() {
            let (mut values, mut bytes) = (0, 0);
            for (value, ids) in index.values(name) {
                values += 1;
                bytes += value.len() as u64;
                pairs.push((ids.len() as u64, name, value));
            }
            stats.values_by_label.insert(Arc::clone(name), values);
            stats.bytes_by_label.insert(Arc::clone(name), bytes);
        }
        pairs.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
        let shown = pairs.into_iter().take(LARGEST_PAIRS);
        stats.largest_pairs = shown.map(|(count, name, value)| (format!("{name}={value}"), count)).collect();
        for (value, ids) in index.values(model::labels::METRIC_NAME) {
            stats.series_by_name.insert(Arc::clone(value), ids.len() as u64);
        }
        drop(index);
        stats.bytes_in_memory += 120 * self.ring().len() as u64;
        stats.bytes_on_disk = self.bytes_on_disk();
        stats
    }

    fn store_counters(&self) -> Vec<StoreCounter> {
        self.counters().named()
    }
}

impl Store {
    /// Segments, checkpoint and log files.
    pub(super) fn bytes_on_disk(&self) -> u64 {
        let Some(disk) = &self.disk else { return 0 };
        let segments: u64 = self.segments().iter().map(|segment| segment.bytes).sum();
        let files = list(&disk.log_dir).unwrap_or_default();
        let logs = files.iter().filter_map(|(_, _, path)| path.metadata().ok());
        segments + logs.map(|metadata| metadata.len()).sum::<u64>()
    }

    /// The newest sample's time, if there is one.
    pub fn newest(&self) -> Option<i64> {
        Some(self.newest.load(Ordering::Relaxed)).filter(|newest| *newest != i64::MIN)
    }
}
