//! Evaluates queries against a [`LogQuerier`]. Log queries are in `logs`; a metric query is evaluated node by node for
//! all steps at once: `load` (lines to samples), `over_time` (samples in a window to one value), `aggregate`, `binary`.
//!
//! The engine has no clock: the caller stops a query that takes too long through [`Interrupt`].

mod aggregate;
mod binary;
mod extrapolate;
mod load;
mod logs;
mod over_time;

use crate::ast::{Expr, LabelReplace, LogExpr, MetricExpr, RangeAggregation, RangeOp};
use crate::{EvalError, LabelSet};
use model::MatchOp;
use model::clock::Nanos;
use model::logs::{LogQuerier, NanosRange};

pub(crate) use binary::fold;
pub use logs::{LogAnswer, LogLine, OutStream};

/// Asked now and then while a query runs.
pub trait Interrupt: Sync {
    fn interrupted(&self) -> bool;
}

/// For callers without a time-out, such as tests.
pub struct NeverInterrupted;

impl Interrupt for NeverInterrupted {
    fn interrupted(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// Most instants of one range query; callers allow far fewer.
const MAX_STEPS: usize = 1_000_000;

/// What one query may cost. The defaults are Loki's `limits_config` where it has one.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Series in an answer (`max_query_series`).
    pub max_series: usize,
    /// Samples held while a metric query is evaluated; 16 bytes each.
    pub max_samples: usize,
    /// Bytes of lines read by one query (`max_query_bytes_read`); 0 = no limit.
    pub max_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_series: 500, max_samples: 20_000_000, max_bytes: 0 }
    }
}

/// The value of a metric query. Times in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Scalar { t: Nanos, value: f64 },
    Vector(Vec<(LabelSet, Nanos, f64)>),
    Matrix(Vec<(LabelSet, Vec<(Nanos, f64)>)>),
}

pub struct Engine {
    limits: Limits,
}

/// The instants at which a query is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub start: Nanos,
    pub step: Nanos,
    pub count: usize,
}

impl Steps {
    pub fn at(&self, index: usize) -> Nanos {
        self.start.saturating_add(self.step.saturating_mul(index as i64))
    }

    pub fn end(&self) -> Nanos {
        self.at(self.count.saturating_sub(1))
    }
}

/// A series of one node: its values by index of the step, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub labels: LabelSet,
    pub points: Vec<(u32, f64)>,
}

/// What all nodes need.
pub(crate) struct Context<'a> {
    pub store: &'a dyn LogQuerier,
    pub steps: Steps,
    pub limits: &'a Limits,
    pub interrupt: &'a dyn Interrupt,
}

impl Engine {
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Runs a log query: `limit` lines from the start or from the end of the range (start included, end excluded).
    ///
    /// # Errors
    /// [`EvalError`] when the store cannot be read, a limit is met or the caller interrupts.
    pub fn logs(
        &self,
        store: &dyn LogQuerier,
        log: &LogExpr,
        range: NanosRange,
        limit: usize,
        direction: Direction,
        interrupt: &dyn Interrupt,
    ) -> Result<LogAnswer, EvalError> {
        logs::run(store, log, range, limit, direction, &self.limits, interrupt)
    }

    /// Evaluates a metric query at one instant.
    ///
    /// # Errors
    /// [`EvalError`] as for [`Engine::logs`]; also when the query is a log query, a line with an error reaches an
    /// aggregation, or vectors do not match.
    pub fn instant(
        &self,
        store: &dyn LogQuerier,
        expr: &Expr,
        t: Nanos,
        interrupt: &dyn Interrupt,
    ) -> Result<Answer, EvalError> {
        let metric = metric_of(expr)?;
        if let MetricExpr::Literal(value) = metric {
            return Ok(Answer::Scalar { t, value: *value });
        }
        let steps = Steps { start: t, step: 1, count: 1 };
        let series = self.evaluate(store, metric, steps, interrupt)?;
        let samples = series
            .into_iter()
            .filter_map(|series| series.points.first().map(|(_, value)| (series.labels.clone(), t, *value)));
        let mut samples: Vec<_> = samples.collect();
        if !aggregate::keeps_order(metric) {
            samples.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Ok(Answer::Vector(samples))
    }

    /// Evaluates a metric query at `start`, `start + step` … up to `end`. Loki moves both to whole multiples of the
    /// step, the start down and the end up; so does this.
    ///
    /// # Errors
    /// As [`Engine::instant`].
    pub fn range(
        &self,
        store: &dyn LogQuerier,
        expr: &Expr,
        start: Nanos,
        end: Nanos,
        step: Nanos,
        interrupt: &dyn Interrupt,
    ) -> Result<Answer, EvalError> {
        let metric = metric_of(expr)?;
        let step = step.max(1);
        let start = start.div_euclid(step).saturating_mul(step);
        let past = if end.rem_euclid(step) == 0 { 0 } else { step };
        let end = end.div_euclid(step).saturating_mul(step).saturating_add(past);
        // Wider than the times themselves: a range may go from one end of the calendar to the other.
        let count = (i128::from(end) - i128::from(start)) / i128::from(step) + 1;
        let count = usize::try_from(count).ok().filter(|count| *count <= MAX_STEPS);
        let count = count.ok_or(EvalError::TooManySteps { limit: MAX_STEPS })?;
        let steps = Steps { start, step, count };
        if let MetricExpr::Literal(value) = metric {
            let points = (0..count).map(|index| (steps.at(index), *value)).collect();
            return Ok(Answer::Matrix(vec![(LabelSet::default(), points)]));
        }
        let mut series = self.evaluate(store, metric, steps, interrupt)?;
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(Answer::Matrix(
            series
                .into_iter()
                .map(|series| {
                    let points = series.points.iter().map(|(at, value)| (steps.at(*at as usize), *value));
                    (series.labels, points.collect())
                })
                .collect(),
        ))
    }

    fn evaluate(
        &self,
        store: &dyn LogQuerier,
        metric: &MetricExpr,
        steps: Steps,
        interrupt: &dyn Interrupt,
    ) -> Result<Vec<Series>, EvalError> {
        let context = Context { store, steps, limits: &self.limits, interrupt };
        let mut series = context.evaluate(metric)?;
        series.retain(|series| !series.points.is_empty());
        if series.len() > self.limits.max_series {
            return Err(EvalError::TooManySeries { limit: self.limits.max_series });
        }
        Ok(series)
    }
}

fn metric_of(expr: &Expr) -> Result<&MetricExpr, EvalError> {
    match expr {
        Expr::Metric(metric) => Ok(metric),
        Expr::Log(_) => Err(EvalError::Unsupported {
            message: "log queries are not supported as an instant query type, please change your query to a range query type".to_owned(),
        }),
    }
}

impl Context<'_> {
    pub fn check(&self) -> Result<(), EvalError> {
        if self.interrupt.interrupted() { Err(EvalError::Interrupted) } else { Ok(()) }
    }

    pub fn evaluate(&self, metric: &MetricExpr) -> Result<Vec<Series>, EvalError> {
        self.check()?;
        match metric {
            MetricExpr::Literal(value) | MetricExpr::Constant(value) => {
                let points = (0..self.steps.count as u32).map(|at| (at, *value)).collect();
                Ok(vec![Series { labels: LabelSet::default(), points }])
            }
            MetricExpr::Range(range) => self.range_aggregation(range, None),
            MetricExpr::Vector(vector) => aggregate::evaluate(self, vector),
            MetricExpr::Binary(binary) => binary::evaluate(self, binary),
            MetricExpr::LabelReplace(replace) => Ok(label_replace(replace, self.evaluate(&replace.inner)?)),
        }
    }

    /// `outer` is the grouping of a `sum` around it, which may be applied while lines are read.
    pub fn range_aggregation(
        &self,
        range: &RangeAggregation,
        outer: Option<&load::Groups>,
    ) -> Result<Vec<Series>, EvalError> {
        let loaded = load::load(self, range, outer)?;
        if range.op == RangeOp::AbsentOverTime {
            return Ok(vec![over_time::absent(self, range, &loaded.series, absent_labels(range))]);
        }
        let mut out = Vec::with_capacity(loaded.series.len());
        for series in loaded.series {
            self.check()?;
            let points = over_time::evaluate(self.steps, range, &series.samples);
            if points.is_empty() {
                continue;
            }
            if let Some(error) = series.labels.get(crate::pipeline::fields::ERROR)
                && !loaded.keep_errors
            {
                return Err(EvalError::Pipeline { error: error.to_owned(), series: series.labels });
            }
            out.push(Series { labels: series.labels, points });
        }
        Ok(out)
    }
}

/// The labels of the series that `absent_over_time` makes: those that the selector fixes with `=`, each once.
fn absent_labels(range: &RangeAggregation) -> LabelSet {
    let matchers = &range.range.log.matchers;
    let once = |name: &str| matchers.iter().filter(|matcher| matcher.name == name).count() == 1;
    let fixed = matchers
        .iter()
        .filter(|matcher| matcher.op == MatchOp::Equal && !matcher.value.is_empty() && once(&matcher.name));
    LabelSet::from_pairs(fixed.map(|matcher| (&matcher.name, &matcher.value)))
}

/// Series may end up with equal labels: upstream lets them, and so do we.
fn label_replace(replace: &LabelReplace, series: Vec<Series>) -> Vec<Series> {
    let rename = |labels: &LabelSet| {
        let source = labels.get(&replace.source).unwrap_or("");
        let Some(captures) = replace.regex.captures(source) else { return labels.clone() };
        let mut value = String::new();
        captures.expand(&replace.replacement, &mut value);
        labels.with(&replace.destination, &value)
    };
    series.into_iter().map(|one| Series { labels: rename(&one.labels), points: one.points }).collect()
}

#[cfg(test)]
mod tests;
