//! A metrics store that keeps everything in memory: small and plain, for tests and scripts only.

use model::clock::Millis;
use model::matcher::all_match;
use model::metrics::{
    AppendOutcome, AppendReport, AppendRow, Exemplar, Metadata, MetricAppender, MetricQuerier, MetricStats,
    MillisRange, Sample, SeriesExemplars, SeriesKey, SeriesReader, SeriesRef,
};
use model::{Labels, Matcher, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

#[derive(Default)]
struct Content {
    /// By labels: the series' number and its samples, oldest first.
    series: BTreeMap<Labels, (u64, Vec<Sample>)>,
    /// The labels of each number.
    refs: Vec<Labels>,
    exemplars: BTreeMap<Labels, Vec<Exemplar>>,
    metadata: BTreeMap<String, Vec<Metadata>>,
}

#[derive(Default)]
pub struct MemoryStore(RwLock<Content>);

struct Reader {
    labels: Labels,
    samples: Vec<Sample>,
}

/// The samples of a time range.
fn within(samples: &[Sample], range: MillisRange) -> &[Sample] {
    let start = samples.partition_point(|sample| sample.t < range.start);
    let end = samples.partition_point(|sample| sample.t <= range.end);
    &samples[start..end.max(start)]
}

impl SeriesReader for Reader {
    fn labels(&self) -> &Labels {
        &self.labels
    }

    fn read(&self, range: MillisRange, out: &mut Vec<Sample>) -> Result<(), StoreError> {
        out.extend_from_slice(within(&self.samples, range));
        Ok(())
    }
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    fn content(&self) -> RwLockReadGuard<'_, Content> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one sample by labels. Samples of a series come in the order of time.
    pub fn add(&self, labels: &Labels, t: Millis, v: f64) -> AppendOutcome {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Self::add_to(&mut content, labels, Sample { t, v })
    }

    fn add_to(content: &mut Content, labels: &Labels, sample: Sample) -> AppendOutcome {
        let next = content.refs.len() as u64;
        let (number, samples) = content.series.entry(labels.clone()).or_insert_with(|| (next, Vec::new()));
        let number = SeriesRef(*number);
        let outcome = match samples.last() {
            Some(last) if last.t > sample.t => AppendOutcome::OutOfOrder(number),
            Some(last) if last.t == sample.t && last.v.to_bits() == sample.v.to_bits() => {
                AppendOutcome::Duplicate(number)
            }
            Some(last) if last.t == sample.t => AppendOutcome::DuplicateTimestamp(number),
            _ => {
                samples.push(sample);
                AppendOutcome::Appended(number)
            }
        };
        if number.0 == next {
            content.refs.push(labels.clone());
        }
        outcome
    }

    fn matching(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> BTreeSet<Labels> {
        let content = self.content();
        let wanted = |labels: &Labels| sets.is_empty() || sets.iter().any(|set| all_match(set, labels));
        let found = content.series.iter();
        let found =
            found.filter(|(labels, (_, samples))| wanted(labels) && !within(samples, range).is_empty());
        found.map(|(labels, _)| labels.clone()).collect()
    }
}

impl MetricQuerier for MemoryStore {
    fn select(
        &self,
        range: MillisRange,
        matchers: &[Matcher],
    ) -> Result<Vec<Arc<dyn SeriesReader>>, StoreError> {
        let mut found: Vec<Arc<dyn SeriesReader>> = Vec::new();
        for (labels, (_, samples)) in &self.content().series {
            if !all_match(matchers, labels) {
                continue;
            }
            let within = within(samples, range);
            if !within.is_empty() {
                found.push(Arc::new(Reader { labels: labels.clone(), samples: within.to_vec() }));
            }
        }
        Ok(found)
    }

    fn series(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError> {
        Ok(self.matching(range, sets).into_iter().collect())
    }

    fn label_names(&self, range: MillisRange, sets: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        let found = self.matching(range, sets);
        let names: BTreeSet<&str> =
            found.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn label_values(
        &self,
        name: &str,
        range: MillisRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<String>, StoreError> {
        let found = self.matching(range, sets);
        let values: BTreeSet<&str> = found.iter().filter_map(|labels| labels.get(name)).collect();
        Ok(values.into_iter().map(str::to_owned).collect())
    }

    fn exemplars(
        &self,
        range: MillisRange,
        sets: &[Vec<Matcher>],
    ) -> Result<Vec<SeriesExemplars>, StoreError> {
        let content = self.content();
        let wanted = |labels: &Labels| sets.is_empty() || sets.iter().any(|set| all_match(set, labels));
        let found = content.exemplars.iter().filter(|(labels, _)| wanted(labels)).map(|(labels, all)| {
            let exemplars = all.iter().filter(|exemplar| range.contains(exemplar.t)).cloned().collect();
            SeriesExemplars { series: labels.clone(), exemplars }
        });
        Ok(found.filter(|series| !series.exemplars.is_empty()).collect())
    }

    fn metadata(&self) -> BTreeMap<String, Vec<Metadata>> {
        self.content().metadata.clone()
    }

    fn stats(&self) -> MetricStats {
        let content = self.content();
        let samples = content.series.values().map(|(_, samples)| samples.len() as u64).sum();
        MetricStats { series: content.series.len() as u64, samples, ..MetricStats::default() }
    }
}

impl MetricAppender for MemoryStore {
    fn append(&self, rows: &[AppendRow]) -> Result<AppendReport, StoreError> {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut report = AppendReport::default();
        for row in rows {
            let labels = match &row.series {
                SeriesKey::Labels(labels) => Some(labels.clone()),
                SeriesKey::Ref(number) => content.refs.get(number.0 as usize).cloned(),
            };
            let Some(labels) = labels else {
                report.outcomes.push(AppendOutcome::UnknownRef);
                continue;
            };
            report.outcomes.push(Self::add_to(&mut content, &labels, row.sample));
            if let Some(exemplar) = &row.exemplar {
                content.exemplars.entry(labels).or_default().push(exemplar.clone());
            }
        }
        Ok(report)
    }

    fn set_metadata(&self, family: &str, metadata: Metadata) {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        content.metadata.insert(family.to_owned(), vec![metadata]);
    }
}
