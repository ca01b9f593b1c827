//! Accumulates what spans contribute to each series and interval, and turns it into samples.

use super::quantile::{bucket_of, quantile};
use super::{Intervals, MetricsExemplar, MetricsSeries, too_many_series};
use crate::ast::{Attribute, Intrinsic, MetricsFn};
use crate::error::EvalError;
use crate::eval::TraceView;
use crate::value::Value;
use model::clock::{NANOS_PER_SECOND, Nanos};
use std::collections::{BTreeMap, HashMap};

/// One interval of one series.
#[derive(Clone, Debug, Default)]
struct Cell {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// Spans by the upper bound's power of two.
    buckets: BTreeMap<u8, u64>,
}

struct Group {
    key: Vec<Value>,
    cells: Vec<Cell>,
    exemplars: Vec<Mark>,
}

/// A span that stands for an interval.
struct Mark {
    interval: usize,
    t: Nanos,
    /// None for counts: no span has a value of its own.
    amount: Option<f64>,
    labels: Vec<(String, Value)>,
}

pub(super) struct Accumulator<'a> {
    function: &'a MetricsFn,
    by: &'a [Attribute],
    intervals: Intervals,
    exemplars_left: usize,
    max_series: usize,
    groups: Vec<Group>,
    known: HashMap<Vec<Value>, usize>,
}

impl<'a> Accumulator<'a> {
    pub(super) fn new(
        function: &'a MetricsFn,
        by: &'a [Attribute],
        intervals: Intervals,
        exemplars: usize,
        max_series: usize,
    ) -> Self {
        Self {
            function,
            by,
            intervals,
            exemplars_left: exemplars,
            max_series,
            groups: Vec::new(),
            known: HashMap::new(),
        }
    }

    fn group(&mut self, key: Vec<Value>) -> Result<usize, EvalError> {
        if let Some(at) = self.known.get(&key) {
            return Ok(*at);
        }
        if self.groups.len() >= self.max_series {
            return Err(too_many_series(self.max_series));
        }
        self.known.insert(key.clone(), self.groups.len());
        let cells = vec![Cell::default(); self.intervals.count];
        self.groups.push(Group { key, cells, exemplars: Vec::new() });
        Ok(self.groups.len() - 1)
    }

    pub(super) fn observe(
        &mut self,
        key: Vec<Value>,
        measured: Option<Value>,
        interval: usize,
        view: &TraceView<'_>,
        at: usize,
    ) -> Result<(), EvalError> {
        let buckets =
            matches!(self.function, MetricsFn::QuantileOverTime(..) | MetricsFn::HistogramOverTime(_));
        let mut power = None;
        if let (Some(value), true) = (&measured, buckets) {
            power = bucket_of(value);
            if power.is_none() {
                return Ok(());
            }
        }
        let amount = match &measured {
            None => None,
            Some(value) => match amount_of(value) {
                Some(amount) => Some(amount),
                None => return Ok(()),
            },
        };
        let group = self.group(key)?;
        let cell = &mut self.groups[group].cells[interval];
        cell.count += 1;
        if let Some(amount) = amount {
            cell.min = if cell.count == 1 { amount } else { cell.min.min(amount) };
            cell.max = if cell.count == 1 { amount } else { cell.max.max(amount) };
            cell.sum += amount;
        }
        if let Some(power) = power {
            *cell.buckets.entry(power).or_default() += 1;
        }
        // One exemplar for each series and interval, as long as the budget lasts.
        let group = &mut self.groups[group];
        if self.exemplars_left > 0 && group.exemplars.last().is_none_or(|mark| mark.interval != interval) {
            self.exemplars_left -= 1;
            let labels = vec![
                ("trace:id".to_owned(), Value::str(view.trace.id.to_string())),
                ("span:id".to_owned(), Value::str(view.spans[at].span_id.to_string())),
            ];
            group.exemplars.push(Mark { interval, t: view.spans[at].start, amount, labels });
        }
        Ok(())
    }

    /// The series, in no particular order.
    pub(super) fn finish(mut self) -> Vec<MetricsSeries> {
        let counts = matches!(self.function, MetricsFn::Rate | MetricsFn::CountOverTime);
        if self.groups.is_empty() && self.by.is_empty() && counts {
            // Nothing matched: still one series, of zeros. The bound on series cannot be reached by the first.
            let _ = self.group(Vec::new());
        }
        let groups = std::mem::take(&mut self.groups);
        groups.into_iter().flat_map(|group| self.series(group)).collect()
    }

    fn labels(&self, key: &[Value], named: bool) -> Vec<(String, Value)> {
        let mut labels: Vec<(String, Value)> =
            self.by.iter().map(ToString::to_string).zip(key.iter().cloned()).collect();
        if labels.is_empty() && named {
            labels.push(("__name__".to_owned(), Value::str(self.function.name())));
        }
        labels
    }

    fn series(&self, group: Group) -> Vec<MetricsSeries> {
        let cells = group.cells.iter().enumerate();
        let seconds = self.intervals.seconds();
        let filled = |value: &dyn Fn(&Cell) -> f64| {
            cells.clone().map(|(at, cell)| (self.intervals.time(at), value(cell))).collect::<Vec<_>>()
        };
        let present = |value: &dyn Fn(&Cell) -> f64| {
            let cells = cells.clone().filter(|(_, cell)| cell.count > 0);
            cells.map(|(at, cell)| (self.intervals.time(at), value(cell))).collect::<Vec<_>>()
        };
        let one = |samples: Vec<(Nanos, f64)>| {
            let exemplars = self.exemplars(&group, &samples);
            vec![MetricsSeries { labels: self.labels(&group.key, true), samples, exemplars }]
        };
        match self.function {
            MetricsFn::Rate => one(filled(&|cell| cell.count as f64 / seconds)),
            MetricsFn::CountOverTime => one(filled(&|cell| cell.count as f64)),
            MetricsFn::MinOverTime(_) => one(present(&|cell| cell.min)),
            MetricsFn::MaxOverTime(_) => one(present(&|cell| cell.max)),
            MetricsFn::SumOverTime(_) => one(present(&|cell| cell.sum)),
            MetricsFn::AvgOverTime(_) => one(present(&|cell| cell.sum / cell.count as f64)),
            MetricsFn::QuantileOverTime(attribute, quantiles) => quantiles
                .iter()
                .enumerate()
                .map(|(number, p)| {
                    let samples = filled(&|cell| quantile(*p, &cell.buckets, unit(attribute)));
                    let mut labels = self.labels(&group.key, false);
                    labels.push(("p".to_owned(), Value::Float(*p)));
                    // Exemplars belong to the distribution, so they are shown once.
                    let exemplars = if number == 0 { self.exemplars(&group, &samples) } else { Vec::new() };
                    MetricsSeries { labels, samples, exemplars }
                })
                .collect(),
            MetricsFn::HistogramOverTime(attribute) => {
                let mut powers: Vec<u8> =
                    group.cells.iter().flat_map(|cell| cell.buckets.keys().copied()).collect();
                powers.sort_unstable();
                powers.dedup();
                powers
                    .into_iter()
                    .map(|power| {
                        let samples = filled(&|cell| cell.buckets.get(&power).copied().unwrap_or(0) as f64);
                        let mut labels = self.labels(&group.key, false);
                        let bound = super::quantile::bound(power, unit(attribute));
                        labels.push(("__bucket".to_owned(), Value::Float(bound)));
                        MetricsSeries { labels, samples, exemplars: Vec::new() }
                    })
                    .collect()
            }
            MetricsFn::Compare { .. } => Vec::new(),
        }
    }

    fn exemplars(&self, group: &Group, samples: &[(Nanos, f64)]) -> Vec<MetricsExemplar> {
        group
            .exemplars
            .iter()
            .map(|mark| {
                // A count has no value of its own at a span: the exemplar sits on the line.
                let of_line = || {
                    let end = self.intervals.time(mark.interval);
                    samples.iter().find(|(t, _)| *t == end).map_or(0.0, |(_, value)| *value)
                };
                let value = mark.amount.unwrap_or_else(of_line);
                MetricsExemplar { labels: mark.labels.clone(), t: mark.t, value }
            })
            .collect()
    }
}

/// What one unit of a bucket's bound is: durations are kept in nanoseconds and shown in seconds.
fn unit(attribute: &Attribute) -> f64 {
    let duration = matches!(
        attribute.intrinsic,
        Some(Intrinsic::Duration | Intrinsic::TraceDuration | Intrinsic::EventTimeSinceStart)
    );
    if duration { NANOS_PER_SECOND as f64 } else { 1.0 }
}

fn amount_of(value: &Value) -> Option<f64> {
    match value {
        Value::Duration(nanos) => Some(*nanos as f64 / NANOS_PER_SECOND as f64),
        Value::Int(_) | Value::Float(_) => value.number(),
        _ => None,
    }
}
