//! From a page to rows, with a memory of what the page said last time.
//!
//! A target shows the same series at every scrape: the text of a series leads to the store's number for it without taking
//! its labels apart. What was there last time and is not there now gets a stale marker.

use super::target::join;
use crate::relabel::relabel;
use model::Labels;
use model::clock::Millis;
use model::metrics::{
    AppendOutcome, AppendReport, AppendRow, Metadata, MetricAppender, MetricType, Sample, SeriesKey,
    SeriesRef, stale_marker,
};
use stackconf::prometheus::{ScrapeConfig, ScrapeLimits};
use std::collections::HashMap;
use wire::openmetrics::{Entry, Format, ParseError, Parser, Series};

/// Samples with a time of their own that is further ahead than this are left out, as upstream does. Milliseconds.
const MAX_AHEAD: Millis = 600_000;

/// Why a page counts as failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("sample limit exceeded: found more than {limit} samples")]
    SampleLimit { limit: u64 },
    #[error("label_limit exceeded: found {found} labels of {series}, expected at most {limit}")]
    LabelLimit { series: String, found: usize, limit: u64 },
    #[error("{what}_length_limit exceeded: found {found} bytes in {series}, expected at most {limit}")]
    LabelLength { what: &'static str, series: String, found: usize, limit: u64 },
}

/// What a scrape found on a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageCount {
    /// Samples on the page.
    pub scraped: u64,
    /// Samples that relabelling left.
    pub kept: u64,
    /// Series that the scrape before did not have.
    pub added: u64,
    /// Series that only the scrape before had.
    pub vanished: u64,
}

/// What is remembered of one target.
#[derive(Debug, Default)]
pub struct PageMemory {
    series: HashMap<Box<str>, Known>,
    metadata: HashMap<String, Metadata>,
    /// Number of the scrape.
    round: u64,
    /// The rows of this scrape and whose they are.
    rows: Vec<AppendRow>,
    owners: Vec<Owner>,
}

#[derive(Debug)]
struct Known {
    /// None when relabelling drops the series.
    labels: Option<Labels>,
    number: Option<SeriesRef>,
    /// The last scrape that had it.
    round: u64,
    /// Whether it gets a stale marker when it vanishes: not when the page gives the times.
    tracked: bool,
}

#[derive(Debug)]
enum Owner {
    /// A series of the page, by its text.
    Page(Box<str>),
    /// Anything else, such as `up`.
    Other,
}

/// What to do with a page.
pub struct PageRules<'a> {
    pub config: &'a ScrapeConfig,
    pub target: &'a Labels,
}

impl PageMemory {
    /// Reads a page into rows for time `now`. When it fails, no row is left.
    ///
    /// # Errors
    /// [`PageError`]; upstream rejects the whole page then, and so does this.
    pub fn read(
        &mut self,
        page: &[u8],
        format: Format,
        rules: &PageRules<'_>,
        now: Millis,
        store: &dyn MetricAppender,
    ) -> Result<PageCount, PageError> {
        self.round += 1;
        self.clear_rows();
        let read = self.read_entries(page, format, rules, now, store);
        match read {
            Ok(mut count) => {
                count.vanished = self.mark_vanished(now);
                Ok(count)
            }
            Err(error) => {
                self.clear_rows();
                Err(error)
            }
        }
    }

    fn read_entries(
        &mut self,
        page: &[u8],
        format: Format,
        rules: &PageRules<'_>,
        now: Millis,
        store: &dyn MetricAppender,
    ) -> Result<PageCount, PageError> {
        let mut count = PageCount::default();
        let mut family: Option<(String, Metadata)> = None;
        for entry in Parser::from_bytes(page, format)? {
            match entry? {
                Entry::Series(series) => self.series(&series, rules, now, &mut count)?,
                Entry::Type { family: name, kind } => {
                    self.begin(&mut family, &name, store).kind = kind;
                }
                Entry::Help { family: name, help } => {
                    self.begin(&mut family, &name, store).help = help.into_owned();
                }
                Entry::Unit { family: name, unit } => {
                    self.begin(&mut family, &name, store).unit = unit.to_owned();
                }
            }
        }
        self.tell(family, store);
        Ok(count)
    }

    fn series(
        &mut self,
        series: &Series<'_>,
        rules: &PageRules<'_>,
        now: Millis,
        count: &mut PageCount,
    ) -> Result<(), PageError> {
        count.scraped += 1;
        let timestamp = series.timestamp.filter(|_| rules.config.honor_timestamps);
        let round = self.round;
        if !self.series.contains_key(series.text) {
            let labels = labels_of(series, rules)?;
            let known = Known { labels, number: None, round: 0, tracked: false };
            self.series.insert(series.text.into(), known);
        }
        let Some(known) = self.series.get_mut(series.text) else { return Ok(()) };
        if known.labels.is_some() {
            count.kept += 1;
            let limit = rules.config.limits.samples;
            if limit > 0 && count.kept > limit {
                return Err(PageError::SampleLimit { limit });
            }
        }
        if known.round + 1 < round {
            count.added += u64::from(known.labels.is_some());
        }
        known.round = round;
        known.tracked = timestamp.is_none();
        let Some(labels) = &known.labels else { return Ok(()) };
        let t = timestamp.unwrap_or(now);
        if t > now.saturating_add(MAX_AHEAD) {
            return Ok(());
        }
        let key = known.number.map_or_else(|| SeriesKey::Labels(labels.clone()), SeriesKey::Ref);
        let exemplar = series.exemplar(now)?;
        self.rows.push(AppendRow { series: key, sample: Sample { t, v: series.value }, exemplar });
        self.owners.push(match known.number {
            Some(_) => Owner::Other,
            None => Owner::Page(series.text.into()),
        });
        Ok(())
    }

    /// Stale markers for what the scrape before had and this one has not.
    fn mark_vanished(&mut self, now: Millis) -> u64 {
        let (round, rows, owners) = (self.round, &mut self.rows, &mut self.owners);
        let before = rows.len();
        self.series.retain(|_, known| {
            if known.round == round {
                return true;
            }
            // What never got a number was never stored: a page that failed half-way, or the limit on series.
            if let (Some(number), true) = (known.number, known.tracked) {
                rows.push(AppendRow {
                    series: SeriesKey::Ref(number),
                    sample: Sample { t: now, v: stale_marker() },
                    exemplar: None,
                });
                owners.push(Owner::Other);
            }
            false
        });
        (rows.len() - before) as u64
    }

    /// Rows of stale markers for every series: the target failed or is gone.
    pub fn vanish(&mut self, now: Millis) -> u64 {
        self.round += 1;
        self.clear_rows();
        self.mark_vanished(now)
    }

    /// Adds a row that is not of the page.
    pub fn push(&mut self, labels: Labels, t: Millis, value: f64) {
        self.rows.push(AppendRow {
            series: SeriesKey::Labels(labels),
            sample: Sample { t, v: value },
            exemplar: None,
        });
        self.owners.push(Owner::Other);
    }

    /// Writes all rows as one batch and remembers the numbers that the store gave.
    pub fn write(&mut self, store: &dyn MetricAppender) -> Result<AppendReport, model::StoreError> {
        let mut report = store.append(&self.rows)?;
        self.append_forgotten(store, &mut report)?;
        for (owner, outcome) in self.owners.iter().zip(&report.outcomes) {
            if let (Owner::Page(text), Some(number)) = (owner, number_of(*outcome))
                && let Some(known) = self.series.get_mut(text)
            {
                known.number = Some(number);
            }
        }
        self.clear_rows();
        Ok(report)
    }

    /// Rows whose number the store has forgotten go again by labels. Rare: a series that came back after retention.
    fn append_forgotten(
        &mut self,
        store: &dyn MetricAppender,
        report: &mut AppendReport,
    ) -> Result<(), model::StoreError> {
        let unknown = |outcome: &AppendOutcome| *outcome == AppendOutcome::UnknownRef;
        if !report.outcomes.iter().any(unknown) {
            return Ok(());
        }
        let by_number: HashMap<SeriesRef, &mut Known> =
            self.series.values_mut().filter_map(|known| Some((known.number?, known))).collect();
        let mut by_number = by_number;
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        for (place, row) in
            self.rows.iter().enumerate().filter(|(place, _)| unknown(&report.outcomes[*place]))
        {
            let SeriesKey::Ref(number) = row.series else { continue };
            let Some(known) = by_number.get_mut(&number) else { continue };
            known.number = None;
            if let Some(labels) = &known.labels {
                rows.push(AppendRow { series: SeriesKey::Labels(labels.clone()), ..row.clone() });
                places.push(place);
            }
        }
        let again = store.append(&rows)?;
        report.exemplars_refused += again.exemplars_refused;
        for (place, outcome) in places.into_iter().zip(again.outcomes) {
            report.outcomes[place] = outcome;
        }
        Ok(())
    }

    fn clear_rows(&mut self) {
        self.rows.clear();
        self.owners.clear();
    }

    /// What the lines before said of another family goes to the store when it is news.
    fn begin<'f>(
        &mut self,
        family: &'f mut Option<(String, Metadata)>,
        name: &str,
        store: &dyn MetricAppender,
    ) -> &'f mut Metadata {
        if family.as_ref().is_none_or(|(before, _)| before != name) {
            self.tell(family.take(), store);
        }
        let fresh = || {
            (
                name.to_owned(),
                Metadata { kind: MetricType::Unknown, help: String::new(), unit: String::new() },
            )
        };
        &mut family.get_or_insert_with(fresh).1
    }

    fn tell(&mut self, family: Option<(String, Metadata)>, store: &dyn MetricAppender) {
        let Some((name, metadata)) = family else { return };
        if self.metadata.get(&name) != Some(&metadata) {
            store.set_metadata(&name, metadata.clone());
            self.metadata.insert(name, metadata);
        }
    }
}

fn number_of(outcome: AppendOutcome) -> Option<SeriesRef> {
    match outcome {
        AppendOutcome::Appended(number)
        | AppendOutcome::Duplicate(number)
        | AppendOutcome::DuplicateTimestamp(number)
        | AppendOutcome::OutOfOrder(number) => Some(number),
        AppendOutcome::UnknownRef | AppendOutcome::SeriesLimit => None,
    }
}

/// The labels that a series is stored under; None when relabelling drops it.
fn labels_of(series: &Series<'_>, rules: &PageRules<'_>) -> Result<Option<Labels>, PageError> {
    let joined = join(&series.labels()?, rules.target, rules.config.honor_labels);
    let Some(labels) = relabel(&joined, &rules.config.metric_relabel_configs) else { return Ok(None) };
    // Relabelling may take the name away; such a series cannot be stored.
    if labels.metric_name().is_none() {
        return Ok(None);
    }
    check_limits(&labels, &rules.config.limits)?;
    Ok(Some(labels))
}

fn check_limits(labels: &Labels, limits: &ScrapeLimits) -> Result<(), PageError> {
    let over = |found: usize, limit: u64| limit > 0 && found as u64 > limit;
    if over(labels.len(), limits.labels) {
        let (found, limit) = (labels.len(), limits.labels);
        return Err(PageError::LabelLimit { series: labels.to_string(), found, limit });
    }
    for (name, value) in labels.iter() {
        for (what, text, limit) in [
            ("label_name", name, limits.label_name_length),
            ("label_value", value, limits.label_value_length),
        ] {
            if over(text.len(), limit) {
                let series = labels.metric_name().unwrap_or_default().to_owned();
                return Err(PageError::LabelLength { what, series, found: text.len(), limit });
            }
        }
    }
    Ok(())
}
