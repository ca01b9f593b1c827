//! Takes a batch: decide about every row, write one record, then change memory.

use super::{Store, Writer};
use crate::exemplars::{Packed, within_limit};
use crate::metadata::Noted;
use crate::report::Tally;
use crate::series::MemSeries;
use crate::wal::record::{LoggedSample, Record};
use model::metrics::{
    AppendOutcome, AppendReport, AppendRow, Exemplar, Metadata, MetricAppender, Sample, SeriesKey, SeriesRef,
};
use model::{Labels, StoreError};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// What a batch will do once its record is written.
#[derive(Default)]
struct Plan {
    fresh: Vec<Arc<MemSeries>>,
    fresh_by_labels: HashMap<Labels, usize>,
    samples: Vec<(Arc<MemSeries>, Sample)>,
    exemplars: Vec<Packed>,
    /// Series whose definition this batch's record holds.
    defined: Vec<Arc<MemSeries>>,
    record: Record,
}

impl MetricAppender for Store {
    fn append(&self, rows: &[AppendRow]) -> Result<AppendReport, StoreError> {
        let mut writer = self.writer();
        let mut plan = Plan::default();
        let mut report = AppendReport { outcomes: Vec::with_capacity(rows.len()), exemplars_refused: 0 };
        {
            let index = self.index();
            for row in rows {
                let known = match &row.series {
                    SeriesKey::Ref(SeriesRef(id)) => index.by_id(*id).cloned(),
                    SeriesKey::Labels(labels) => match index.by_labels(labels) {
                        Some(known) => Some(Arc::clone(known)),
                        None if plan.fresh_by_labels.contains_key(labels) => {
                            Some(Arc::clone(&plan.fresh[plan.fresh_by_labels[labels]]))
                        }
                        None if index.len() + plan.fresh.len() >= self.options.max_series => None,
                        None => {
                            let series = writer.create(labels);
                            plan.fresh_by_labels.insert(series.labels.clone(), plan.fresh.len());
                            plan.fresh.push(Arc::clone(&series));
                            Some(series)
                        }
                    },
                };
                let Some(series) = known else {
                    let by_ref = matches!(row.series, SeriesKey::Ref(_));
                    let cell = if by_ref { &self.tally.unknown_refs } else { &self.tally.series_refused };
                    Tally::add(cell, 1);
                    report.outcomes.push(match by_ref {
                        true => AppendOutcome::UnknownRef,
                        false => AppendOutcome::SeriesLimit,
                    });
                    continue;
                };
                report.outcomes.push(plan.sample(
                    &series,
                    row.sample,
                    self.min_valid.load(Ordering::Relaxed),
                ));
                if let Some(exemplar) = &row.exemplar
                    && !plan.exemplar(&series, exemplar)
                {
                    report.exemplars_refused += 1;
                }
            }
        }
        if let Err(error) = self.write(&mut writer, &plan.record) {
            plan.undo();
            return Err(error);
        }
        self.apply(plan);
        self.count(&report);
        Ok(report)
    }

    fn append_exemplars(&self, series: &SeriesKey, exemplars: &[Exemplar]) -> Result<usize, StoreError> {
        let mut writer = self.writer();
        let known = match series {
            SeriesKey::Ref(SeriesRef(id)) => self.index().by_id(*id).cloned(),
            SeriesKey::Labels(labels) => self.index().by_labels(labels).cloned(),
        };
        let mut plan = Plan::default();
        let taken = known
            .map_or(0, |series| exemplars.iter().filter(|exemplar| plan.exemplar(&series, exemplar)).count());
        if let Err(error) = self.write(&mut writer, &plan.record) {
            plan.undo();
            return Err(error);
        }
        self.apply(plan);
        let refused = exemplars.len() - taken;
        Tally::add(&self.tally.exemplars_refused, refused as u64);
        Ok(refused)
    }

    fn set_metadata(&self, family: &str, metadata: Metadata) {
        if self.metadata().knows(family, &metadata) {
            return;
        }
        let mut writer = self.writer();
        let mut record = Record::default();
        record.metadata(family, &metadata);
        let written = self.write(&mut writer, &record);
        let mut table = self.metadata.write().unwrap_or_else(PoisonError::into_inner);
        // Metadata that the log does not have is still good until the next start; scrapes bring it again.
        if table.set(family, metadata) == Noted::Refused || written.is_err() {
            Tally::add(&self.tally.metadata_refused, 1);
        }
    }
}

impl Plan {
    /// Decides about a sample. The series remembers it as its newest at once, so that the next row is held against it.
    fn sample(&mut self, series: &Arc<MemSeries>, sample: Sample, min_valid: i64) -> AppendOutcome {
        let id = SeriesRef(series.id);
        let (last_time, last_bits) = series.last();
        let bits = sample.v.to_bits();
        if sample.t == last_time {
            return match bits == last_bits {
                true => AppendOutcome::Duplicate(id),
                false => AppendOutcome::DuplicateTimestamp(id),
            };
        }
        if sample.t < last_time || sample.t < min_valid {
            return AppendOutcome::OutOfOrder(id);
        }
        series.set_last(sample.t, bits);
        self.define(series);
        self.record.sample(LoggedSample { series: series.id, t: sample.t, bits });
        self.samples.push((Arc::clone(series), sample));
        AppendOutcome::Appended(id)
    }

    /// Whether the exemplar is taken, or known already.
    fn exemplar(&mut self, series: &Arc<MemSeries>, exemplar: &Exemplar) -> bool {
        if !within_limit(exemplar) {
            return false;
        }
        let packed = Packed::new(series.id, exemplar);
        let hash = packed.hash();
        let mut data = series.data();
        match data.last_exemplar {
            Some((_, known)) if known == hash => return true,
            Some((newest, _)) if exemplar.t <= newest => return false,
            _ => data.last_exemplar = Some((exemplar.t, hash)),
        }
        drop(data);
        self.define(series);
        self.record.exemplar(&packed);
        self.exemplars.push(packed);
        true
    }

    fn define(&mut self, series: &Arc<MemSeries>) {
        if !series.logged.swap(true, Ordering::Relaxed) {
            self.record.series(series.id, &series.labels);
            self.defined.push(Arc::clone(series));
        }
    }

    /// Takes back what the series remember of a batch that was not written.
    fn undo(self) {
        for (series, _) in &self.samples {
            series.reset_last();
        }
        for series in &self.defined {
            series.logged.store(false, Ordering::Relaxed);
        }
        for series in self.samples.iter().map(|(series, _)| series).chain(&self.defined) {
            series.data().last_exemplar = None;
        }
    }
}

impl Store {
    fn write(&self, writer: &mut Writer, record: &Record) -> Result<(), StoreError> {
        if let Some(log) = &mut writer.log
            && !record.is_empty()
        {
            let written = log.append(&record.payload())?;
            Tally::add(&self.tally.log_bytes, written);
        }
        Ok(())
    }

    fn apply(&self, plan: Plan) {
        if !plan.fresh.is_empty() {
            Tally::add(&self.tally.series_created, plan.fresh.len() as u64);
            let mut index = self.index_mut();
            for series in plan.fresh {
                index.insert(series);
            }
        }
        let mut newest = self.newest.load(Ordering::Relaxed);
        for (series, sample) in &plan.samples {
            series.data().push(*sample);
            newest = newest.max(sample.t);
        }
        self.newest.fetch_max(newest, Ordering::Relaxed);
        Tally::add(&self.tally.exemplars_appended, plan.exemplars.len() as u64);
        if !plan.exemplars.is_empty() {
            let mut ring = self.ring();
            for exemplar in plan.exemplars {
                ring.push(exemplar);
            }
        }
    }

    fn count(&self, report: &AppendReport) {
        let (mut appended, mut duplicate, mut out_of_order) = (0, 0, 0);
        for outcome in &report.outcomes {
            match outcome {
                AppendOutcome::Appended(_) => appended += 1,
                AppendOutcome::Duplicate(_) => duplicate += 1,
                AppendOutcome::DuplicateTimestamp(_) | AppendOutcome::OutOfOrder(_) => out_of_order += 1,
                AppendOutcome::UnknownRef | AppendOutcome::SeriesLimit => {}
            }
        }
        Tally::add(&self.tally.samples_appended, appended);
        Tally::add(&self.tally.samples_duplicate, duplicate);
        Tally::add(&self.tally.samples_out_of_order, out_of_order);
        Tally::add(&self.tally.exemplars_refused, report.exemplars_refused as u64);
    }
}
