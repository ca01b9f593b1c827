//! A group: rules that are evaluated one after the other at one time, so that later ones see what earlier ones recorded.

use crate::error::RuleError;
use crate::notify::Notify;
use crate::restore::{RestoreOptions, restore};
use crate::rule::{Asker, Rule, Written};
use crate::template::Expander;
use crate::view::{GroupView, RuleHealth, RuleKind, RuleView};
use model::Labels;
use model::clock::Millis;
use model::metrics::{AppendOutcome, AppendRow, Sample, SeriesKey, SeriesRef, stale_marker};
use stackconf::rules::RuleGroup;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A rule with what its evaluations left behind.
pub(crate) struct Slot {
    pub rule: Rule,
    /// The rule's own labels as configured.
    labels: BTreeMap<String, String>,
    /// The series of the last successful evaluation, with their numbers in the store.
    series: HashMap<Labels, Option<SeriesRef>>,
    health: RuleHealth,
    last_error: Option<String>,
    last_evaluation: Option<Millis>,
    evaluation_time: Duration,
}

pub(crate) struct Group {
    pub config: RuleGroup,
    pub file: String,
    pub interval: Duration,
    pub slots: Vec<Slot>,
    /// Series of rules that an older version of this group had; they get a stale marker at the next evaluation.
    orphans: Vec<Labels>,
    last_evaluation: Option<Millis>,
    evaluation_time: Duration,
    pub evaluations: u64,
    pub failures: u64,
    pub expander: Arc<Expander>,
    /// What others see: as it was after the last evaluation, so that nobody has to wait for one that is under way.
    pub shown: Arc<Mutex<Shown>>,
}

#[derive(Clone)]
pub(crate) struct Shown {
    pub view: GroupView,
    pub evaluations: u64,
    pub failures: u64,
}

/// What a group needs to run.
pub(crate) struct Tools {
    pub asker: Asker,
    pub notify: Arc<dyn Notify>,
    pub resend_delay: Duration,
    pub restore: RestoreOptions,
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

impl Group {
    pub fn new(
        file: &str,
        config: &RuleGroup,
        default_interval: Duration,
        expander: &Arc<Expander>,
    ) -> Result<Self, RuleError> {
        let slot = |rule: &stackconf::rules::Rule| {
            Ok(Slot {
                rule: Rule::new(file, config, rule, expander)?,
                labels: rule.labels.clone(),
                series: HashMap::new(),
                health: RuleHealth::Unknown,
                last_error: None,
                last_evaluation: None,
                evaluation_time: Duration::ZERO,
            })
        };
        let slots: Vec<Slot> = config.rules.iter().map(slot).collect::<Result<_, _>>()?;
        let interval = config.interval.unwrap_or(default_interval).max(Duration::from_millis(1));
        let view = GroupView {
            name: config.name.clone(),
            file: file.to_owned(),
            interval,
            limit: config.limit,
            rules: slots.iter().map(Slot::view).collect(),
            last_evaluation: None,
            evaluation_time: Duration::ZERO,
        };
        Ok(Self {
            shown: Arc::new(Mutex::new(Shown { view, evaluations: 0, failures: 0 })),
            expander: expander.clone(),
            config: config.clone(),
            file: file.to_owned(),
            interval,
            slots,
            orphans: Vec::new(),
            last_evaluation: None,
            evaluation_time: Duration::ZERO,
            evaluations: 0,
            failures: 0,
        })
    }

    /// Says that there is no state from before, so that alerts with a hold are written from the first evaluation on.
    pub fn assume_restored(&mut self) {
        for slot in &mut self.slots {
            if let Rule::Alerting(rule) = &mut slot.rule {
                rule.restored = true;
            }
        }
    }

    /// Takes over from an older version of the group what belongs to rules that are the same: alerts, and which series exist.
    pub fn inherit(&mut self, old: &mut Self) {
        for slot in &mut self.slots {
            let same = |other: &&mut Slot| {
                other.rule.name() == slot.rule.name()
                    && other.labels == slot.labels
                    && other.rule.expr().to_string() == slot.rule.expr().to_string()
                    && matches!(
                        (&other.rule, &slot.rule),
                        (Rule::Recording(_), Rule::Recording(_)) | (Rule::Alerting(_), Rule::Alerting(_))
                    )
            };
            let Some(other) = old.slots.iter_mut().find(same) else { continue };
            slot.series = std::mem::take(&mut other.series);
            if let (Rule::Alerting(new), Rule::Alerting(old)) = (&mut slot.rule, &mut other.rule) {
                new.active = std::mem::take(&mut old.active);
                new.restored = old.restored;
            }
        }
        self.orphans = old.series();
        self.show();
    }

    /// All series the group wrote last time and those it still has to mark as ended.
    pub fn series(&mut self) -> Vec<Labels> {
        let mut series = std::mem::take(&mut self.orphans);
        for slot in &mut self.slots {
            series.extend(std::mem::take(&mut slot.series).into_keys());
        }
        series
    }

    /// Evaluates all rules at `t` and writes and sends what comes of it.
    pub fn evaluate(&mut self, tools: &Tools, t: Millis) {
        let clock = &tools.asker.clock;
        let began = clock.now_nanos();
        let at = t - millis(self.config.query_offset);
        for index in 0..self.slots.len() {
            let rule_began = clock.now_nanos();
            let result = self.evaluate_rule(tools, index, t, at);
            let spent = Duration::from_nanos(u64::try_from(clock.now_nanos() - rule_began).unwrap_or(0));
            self.evaluations += 1;
            self.failures += u64::from(result.is_err());
            let slot = &mut self.slots[index];
            slot.last_evaluation = Some(t);
            slot.evaluation_time = spent;
            slot.health = if result.is_ok() { RuleHealth::Ok } else { RuleHealth::Err };
            if let Err(error) = &result {
                tracing::warn!(file = self.file, group = self.config.name, rule = slot.rule.name(), %error, "rule failed");
            }
            slot.last_error = result.err();
        }
        let orphans = std::mem::take(&mut self.orphans);
        write_stale(tools, orphans.into_iter(), t);
        if self.last_evaluation.is_none() {
            for slot in &mut self.slots {
                if let Rule::Alerting(rule) = &mut slot.rule {
                    restore(rule, &tools.asker, &tools.restore, t);
                }
            }
        }
        self.last_evaluation = Some(t);
        let spent = Duration::from_nanos(u64::try_from(clock.now_nanos() - began).unwrap_or(0));
        self.evaluation_time = spent;
        self.show();
    }

    fn evaluate_rule(&mut self, tools: &Tools, index: usize, t: Millis, at: Millis) -> Result<(), String> {
        let (limit, interval) = (self.config.limit, self.interval);
        let slot = &mut self.slots[index];
        let samples = match &mut slot.rule {
            Rule::Recording(rule) => rule.evaluate(&tools.asker, at, limit)?,
            Rule::Alerting(rule) => {
                let samples = rule.evaluate(&tools.asker, t, at, limit)?;
                let alerts = rule.take_due(t, millis(tools.resend_delay), millis(interval));
                if !alerts.is_empty() {
                    tools.notify.send(alerts);
                }
                samples
            }
        };
        slot.write(tools, samples, t)
    }

    /// Shows the current state to others.
    pub fn show(&self) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.view.rules = self.slots.iter().map(Slot::view).collect();
        shown.view.last_evaluation = self.last_evaluation;
        shown.view.evaluation_time = self.evaluation_time;
        (shown.evaluations, shown.failures) = (self.evaluations, self.failures);
    }
}

impl Slot {
    /// Writes the samples, and a stale marker for each series that was there the last time and is not now.
    fn write(&mut self, tools: &Tools, samples: Vec<Written>, t: Millis) -> Result<(), String> {
        let mut last = std::mem::take(&mut self.series);
        let known =
            |labels: &Labels, last: &mut HashMap<Labels, Option<SeriesRef>>| last.remove(labels).flatten();
        let mut rows = Vec::with_capacity(samples.len());
        let mut series = Vec::with_capacity(samples.len());
        for (labels, v) in samples {
            let key =
                known(&labels, &mut last).map_or_else(|| SeriesKey::Labels(labels.clone()), SeriesKey::Ref);
            rows.push(AppendRow { series: key, sample: Sample { t, v }, exemplar: None });
            series.push(labels);
        }
        let outcomes = append(tools, rows)?;
        let mut unknown = Vec::new();
        for (labels, (outcome, v)) in series.into_iter().zip(outcomes) {
            let number = match outcome {
                AppendOutcome::Appended(number) | AppendOutcome::Duplicate(number) => Some(number),
                AppendOutcome::DuplicateTimestamp(number) | AppendOutcome::OutOfOrder(number) => {
                    tracing::debug!(%labels, t, "sample of a rule is not newer than the series' last");
                    Some(number)
                }
                AppendOutcome::SeriesLimit => {
                    tracing::debug!(%labels, "the store takes no more series");
                    None
                }
                AppendOutcome::UnknownRef => {
                    let key = SeriesKey::Labels(labels.clone());
                    unknown.push(AppendRow { series: key, sample: Sample { t, v }, exemplar: None });
                    None
                }
            };
            self.series.insert(labels, number);
        }
        if !unknown.is_empty() {
            append(tools, unknown)?;
        }
        write_stale(tools, last.into_keys(), t);
        Ok(())
    }

    fn view(&self) -> RuleView {
        RuleView {
            name: self.rule.name().to_owned(),
            query: self.rule.expr().to_string(),
            labels: self.labels.clone(),
            health: self.health,
            last_error: self.last_error.clone(),
            last_evaluation: self.last_evaluation,
            evaluation_time: self.evaluation_time,
            kind: match &self.rule {
                Rule::Recording(_) => RuleKind::Recording,
                Rule::Alerting(rule) => RuleKind::Alerting {
                    hold: Duration::from_millis(rule.hold.unsigned_abs()),
                    keep_firing_for: Duration::from_millis(rule.keep_firing_for.unsigned_abs()),
                    annotations: rule.annotations.texts().clone(),
                    state: rule.state(),
                    alerts: rule.views(),
                },
            },
        }
    }
}

/// Appends rows and gives the outcome of each with its value.
fn append(tools: &Tools, rows: Vec<AppendRow>) -> Result<Vec<(AppendOutcome, f64)>, String> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let report = tools.asker.store.append(&rows).map_err(|error| error.to_string())?;
    Ok(report.outcomes.into_iter().zip(rows.iter().map(|row| row.sample.v)).collect())
}

/// Marks series as ended. What cannot be marked ends five minutes later by itself.
pub(crate) fn write_stale(tools: &Tools, series: impl Iterator<Item = Labels>, t: Millis) {
    let row = |labels: Labels| AppendRow {
        series: SeriesKey::Labels(labels),
        sample: Sample { t, v: stale_marker() },
        exemplar: None,
    };
    if let Err(error) = append(tools, series.map(row).collect()) {
        tracing::warn!(%error, "cannot write stale markers");
    }
}
