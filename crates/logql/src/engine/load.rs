//! Lines to samples: reads what a range aggregation needs from the store, once for all steps.

use super::{Context, Interrupt, Limits};
use crate::ast::Stage;
use crate::ast::{Conversion, Grouping, RangeAggregation, RangeOp, Unwrap};
use crate::pipeline::fields::{Fields, SAMPLE_ERROR};
use crate::pipeline::hints::Hints;
use crate::pipeline::{Line, Pipeline};
use crate::{EvalError, LabelSet, units};
use model::logs::{LogRow, LogScan, NanosRange, ScanOrder};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// How series are told apart while lines are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    pub without: bool,
    pub labels: Vec<String>,
    /// One group for everything.
    pub single: bool,
}

impl Groups {
    pub fn of(grouping: Option<&Grouping>) -> Self {
        match grouping {
            None => Self { single: true, ..Self::default() },
            Some(grouping) => Self {
                without: grouping.without,
                labels: grouping.labels.clone(),
                single: grouping.is_single(),
            },
        }
    }

    /// All labels stay.
    fn none() -> Self {
        Self { without: true, ..Self::default() }
    }
}

pub(crate) struct SampleSeries {
    pub labels: LabelSet,
    /// Time in nanoseconds and value, ascending.
    pub samples: Vec<(i64, f64)>,
}

pub(crate) struct Loaded {
    pub series: Vec<SampleSeries>,
    /// The query asked for `__error__`, so series with errors count.
    pub keep_errors: bool,
}

/// How often the caller is asked whether to go on, in lines.
const CHECK_EVERY: u64 = 1024;

enum Extract {
    Count,
    Bytes,
    Unwrap { label: String, read: fn(&str) -> Result<f64, String> },
}

pub(crate) fn load(
    context: &Context<'_>,
    range: &RangeAggregation,
    outer: Option<&Groups>,
) -> Result<Loaded, EvalError> {
    let selector = &range.range;
    let mut groups = match (outer, &range.grouping) {
        (Some(outer), _) => outer.clone(),
        (None, Some(grouping)) => Groups::of(Some(grouping)),
        (None, None) => Groups::none(),
    };
    if range.op == RangeOp::AbsentOverTime {
        groups = Groups { single: true, ..Groups::default() };
    }
    let hints = if groups.single {
        Hints::for_groups(&[], selector)
    } else if groups.without {
        Hints::everything()
    } else {
        Hints::for_groups(&groups.labels, selector)
    };
    if let Some(unwrap) = selector.unwrap.as_ref().filter(|_| groups.without && !groups.single) {
        // The unwrapped label is the sample's value, no longer a name of its series.
        groups.labels.push(unwrap.label.clone());
    }
    let broken = |error: crate::ParseError| EvalError::Unsupported { message: error.to_string() };
    let stages = Pipeline::compile(&selector.log.stages).map_err(broken)?;
    let after = selector.unwrap.as_ref().map_or(Ok(None), |unwrap| {
        let filters: Vec<_> = unwrap.filters.iter().cloned().map(Stage::LabelFilter).collect();
        Pipeline::compile(&filters).map(Some).map_err(broken)
    })?;
    let extract = match &selector.unwrap {
        Some(unwrap) => Extract::Unwrap { label: unwrap.label.clone(), read: conversion(unwrap) },
        None if matches!(range.op, RangeOp::BytesRate | RangeOp::BytesOverTime) => Extract::Bytes,
        None => Extract::Count,
    };
    let steps = context.steps;
    let scan = LogScan {
        matchers: &selector.log.matchers,
        // A window is (t - range, t]; the scan's end is excluded, so one nanosecond more.
        range: NanosRange {
            start: steps
                .start
                .saturating_sub(selector.range)
                .saturating_sub(selector.offset)
                .saturating_add(1),
            end: steps.end().saturating_sub(selector.offset).saturating_add(1),
        },
        order: ScanOrder::ByStream,
        line_contains: stages.line_contains(),
        metadata_equals: stages.metadata_equals(),
    };
    let mut loader = Loader {
        stages: &stages,
        after: after.as_ref(),
        extract,
        keys: Keys::new(groups, hints.keep_errors),
        hints: &hints,
        fields: Fields::default(),
        series: Vec::new(),
        held: 0,
        seen: 0,
        bytes: 0,
        limits: context.limits,
        interrupt: context.interrupt,
        failure: None,
    };
    context.store.scan(&scan, &mut |row| loader.row(row))?;
    if let Some(failure) = loader.failure {
        return Err(failure);
    }
    let keep_errors = hints.keep_errors;
    let mut series = loader.series;
    for one in &mut series {
        if !one.samples.is_sorted_by_key(|(t, _)| *t) {
            one.samples.sort_by_key(|(t, _)| *t);
        }
    }
    Ok(Loaded { series, keep_errors })
}

fn conversion(unwrap: &Unwrap) -> fn(&str) -> Result<f64, String> {
    match unwrap.conversion {
        None => units::parse_float,
        Some(Conversion::Duration | Conversion::DurationSeconds) => |text| {
            units::parse_go_duration(text)
                .map(|nanos| nanos as f64 / 1e9)
                .ok_or_else(|| format!("time: invalid duration {}", units::quote(text)))
        },
        Some(Conversion::Bytes) => |text| {
            units::parse_bytes(text)
                .map(|bytes| bytes as f64)
                .ok_or_else(|| format!("strconv.ParseFloat: parsing {}: invalid syntax", units::quote(text)))
        },
    }
}

struct Loader<'a> {
    stages: &'a Pipeline,
    after: Option<&'a Pipeline>,
    extract: Extract,
    keys: Keys,
    hints: &'a Hints,
    fields: Fields,
    series: Vec<SampleSeries>,
    held: usize,
    seen: u64,
    bytes: u64,
    limits: &'a Limits,
    interrupt: &'a dyn Interrupt,
    failure: Option<EvalError>,
}

impl Loader<'_> {
    fn row(&mut self, row: LogRow<'_>) -> ControlFlow<()> {
        self.seen += 1;
        self.bytes += row.line.len() as u64;
        if self.seen.is_multiple_of(CHECK_EVERY) && self.interrupt.interrupted() {
            self.failure = Some(EvalError::Interrupted);
            return ControlFlow::Break(());
        }
        if self.limits.max_bytes > 0 && self.bytes > self.limits.max_bytes {
            self.failure = Some(EvalError::TooManyBytes { limit: self.limits.max_bytes });
            return ControlFlow::Break(());
        }
        self.fields.reset(row.labels, row.metadata);
        let mut line =
            Line { t: row.t, text: Cow::Borrowed(row.line), fields: &mut self.fields, hints: self.hints };
        if !self.stages.run(&mut line) {
            return ControlFlow::Continue(());
        }
        let value = match &self.extract {
            Extract::Count => 1.0,
            Extract::Bytes => line.text.len() as f64,
            Extract::Unwrap { label, read } => {
                // A line without the label is no error: it just has no sample.
                let Some(text) = line.fields.get(label).filter(|text| !text.is_empty()) else {
                    return ControlFlow::Continue(());
                };
                match read(text) {
                    Ok(value) => value,
                    Err(details) => {
                        line.fields.set_error(SAMPLE_ERROR, &details);
                        0.0
                    }
                }
            }
        };
        if !self.after.is_none_or(|after| after.run(&mut line)) {
            return ControlFlow::Continue(());
        }
        let (index, new) = self.keys.index(&self.fields);
        if new {
            let labels = self.keys.labels(&self.fields);
            self.series.push(SampleSeries { labels, samples: Vec::new() });
        }
        self.series[index].samples.push((row.t, value));
        self.held += 1;
        if self.held > self.limits.max_samples {
            self.failure = Some(EvalError::TooManySamples { limit: self.limits.max_samples });
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Finds the series of a line by the labels that tell series apart.
struct Keys {
    groups: Groups,
    keep_errors: bool,
    known: HashMap<Box<[u8]>, usize>,
    key: Vec<u8>,
    /// The key of the line before: most lines follow one of their own series.
    last: Option<(Vec<u8>, usize)>,
}

impl Keys {
    fn new(groups: Groups, keep_errors: bool) -> Self {
        Self { groups, keep_errors, known: HashMap::new(), key: Vec::new(), last: None }
    }

    /// Errors are never grouped away: they would be lost.
    fn groups_apply(&self, fields: &Fields) -> bool {
        self.keep_errors || !fields.has_error()
    }

    fn index(&mut self, fields: &Fields) -> (usize, bool) {
        self.key.clear();
        let key = &mut self.key;
        let mut add = |name: &str, value: &str| {
            key.extend_from_slice(name.as_bytes());
            key.push(0xff);
            key.extend_from_slice(value.as_bytes());
            key.push(0xfe);
        };
        let grouped = self.keep_errors || !fields.has_error();
        if !grouped || (self.groups.without && !self.groups.single) {
            let mut pairs: Vec<_> = fields
                .iter()
                .filter(|(name, _, _)| !grouped || !self.groups.labels.iter().any(|label| label == name))
                .map(|(name, value, _)| (name, value))
                .collect();
            pairs.sort_unstable();
            pairs.iter().for_each(|(name, value)| add(name, value));
        } else if !self.groups.single {
            for label in &self.groups.labels {
                if let Some(value) = fields.get(label) {
                    add(label, value);
                }
            }
        }
        if let Some((last, index)) = &self.last
            && *last == self.key
        {
            return (*index, false);
        }
        let (index, new) = match self.known.get(self.key.as_slice()) {
            Some(index) => (*index, false),
            None => {
                let index = self.known.len();
                self.known.insert(self.key.clone().into_boxed_slice(), index);
                (index, true)
            }
        };
        match &mut self.last {
            Some((last, at)) => {
                last.clone_from(&self.key);
                *at = index;
            }
            None => self.last = Some((self.key.clone(), index)),
        }
        (index, new)
    }

    fn labels(&self, fields: &Fields) -> LabelSet {
        if !self.groups_apply(fields) {
            return fields.label_set();
        }
        if self.groups.single {
            return LabelSet::default();
        }
        let kept = |name: &str| self.groups.labels.iter().any(|label| label == name) != self.groups.without;
        LabelSet::from_pairs(
            fields.iter().filter(|(name, _, _)| kept(name)).map(|(name, value, _)| (name, value)),
        )
    }
}
