//! Metrics from spans: range and instant queries.
//!
//! Samples sit on absolute multiples of the step and count what started in the interval that ends there.

mod combine;
mod compare;
mod quantile;
mod series;

use crate::ast::{Attribute, Expr, MetricsFn};
use crate::check::check;
use crate::error::EvalError;
use crate::eval::{Engine, Interrupt, TraceView, run};
use crate::plan::{functions, hints, metrics_of, pipeline_plan, same_span};
use crate::value::Value;
use model::clock::{NANOS_PER_SECOND, Nanos};
use model::logs::NanosRange;
use model::traces::{TraceQuerier, TraceScan};
use series::Accumulator;
use std::ops::ControlFlow;

/// When and how finely. All in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct MetricsRequest {
    pub start: Nanos,
    pub end: Nanos,
    /// None for an instant query: one interval from start to end.
    pub step: Option<Nanos>,
    /// At most so many exemplars over all series.
    pub exemplars: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsAnswer {
    pub series: Vec<MetricsSeries>,
    pub inspected_traces: u64,
    pub inspected_bytes: u64,
    pub inspected_spans: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MetricsSeries {
    /// In the order of `by`.
    pub labels: Vec<(String, Value)>,
    /// Instants in nanoseconds, ascending. Times without a sample are absent.
    pub samples: Vec<(Nanos, f64)>,
    pub exemplars: Vec<MetricsExemplar>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MetricsExemplar {
    pub labels: Vec<(String, Value)>,
    pub t: Nanos,
    pub value: f64,
}

/// The intervals of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intervals {
    /// End of the first interval.
    pub first: Nanos,
    pub step: Nanos,
    pub count: usize,
    instant: bool,
}

impl Intervals {
    fn of(request: &MetricsRequest) -> Self {
        match request.step {
            None => {
                let step = request.end.saturating_sub(request.start).max(1);
                Self { first: request.end, step, count: 1, instant: true }
            }
            Some(step) => {
                let first = request.start.div_euclid(step).saturating_mul(step);
                let last = request.end.saturating_add(step - 1).div_euclid(step) * step;
                Self { first, step, count: (last.saturating_sub(first) / step) as usize + 1, instant: false }
            }
        }
    }

    /// The number of the interval that holds an instant: after its start, up to and with its end.
    pub(crate) fn index(&self, t: Nanos) -> Option<usize> {
        let lowest = if self.instant { self.first.saturating_sub(self.step) } else { self.first };
        if t < lowest {
            return None;
        }
        let behind = t.saturating_sub(self.first).saturating_add(self.step - 1);
        let index = behind.div_euclid(self.step).max(0) as usize;
        (index < self.count).then_some(index)
    }

    pub(crate) fn time(&self, index: usize) -> Nanos {
        self.first.saturating_add(self.step.saturating_mul(index as i64))
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.step as f64 / NANOS_PER_SECOND as f64
    }
}

/// The step when a query names none: whole seconds, about 240 samples, at least one second.
pub fn default_step_nanos(start: Nanos, end: Nanos) -> Nanos {
    /// An hour at 15 s.
    const SAMPLES: i64 = 240;
    (end.saturating_sub(start) / SAMPLES / NANOS_PER_SECOND).max(1) * NANOS_PER_SECOND
}

impl Engine {
    /// Evaluates a metrics query.
    ///
    /// # Errors
    /// [`EvalError`] when it is no metrics query, wrong, too large, interrupted, or when the store fails.
    pub fn metrics(
        &self,
        store: &dyn TraceQuerier,
        expr: &Expr,
        request: &MetricsRequest,
        interrupt: &dyn Interrupt,
    ) -> Result<MetricsAnswer, EvalError> {
        let Some(metrics) = metrics_of(expr) else { return Err(EvalError::NotMetrics) };
        check(expr)?;
        let intervals = Intervals::of(request);
        if intervals.count > self.limits.max_points {
            let limit = self.limits.max_points;
            return Err(EvalError::Limit(format!(
                "{} samples a series exceed the limit of {limit}",
                intervals.count
            )));
        }
        let mut answer = MetricsAnswer::default();
        let mut parts = Vec::new();
        for (pipeline, function, by) in functions(metrics) {
            let series = match function {
                MetricsFn::Compare { .. } => {
                    compare::run(self, store, pipeline, function, &intervals, interrupt, &mut answer)?
                }
                _ => {
                    self.function(store, pipeline, function, by, &intervals, request, interrupt, &mut answer)?
                }
            };
            parts.push(series);
        }
        let mut parts = parts.into_iter();
        answer.series = combine::combine(metrics, &mut parts);
        Ok(answer)
    }

    #[expect(clippy::too_many_arguments, reason = "one call, each argument of another kind")]
    fn function(
        &self,
        store: &dyn TraceQuerier,
        pipeline: &crate::ast::Pipeline,
        function: &MetricsFn,
        by: &[Attribute],
        intervals: &Intervals,
        request: &MetricsRequest,
        interrupt: &dyn Interrupt,
        answer: &mut MetricsAnswer,
    ) -> Result<Vec<MetricsSeries>, EvalError> {
        let (mut plan, steps) = pipeline_plan(pipeline)?;
        let groups: Vec<usize> = by.iter().map(|attribute| plan.want_everything(attribute)).collect();
        let measured = function.attribute().map(|attribute| plan.want_everything(attribute));
        let mut accumulator =
            Accumulator::new(function, by, *intervals, request.exemplars, self.limits.max_series);
        let hints = hints(pipeline);
        let range = NanosRange {
            start: intervals.time(0).saturating_sub(intervals.step),
            end: intervals.time(intervals.count),
        };
        let scan = TraceScan {
            range: Some(range),
            hints: &hints,
            same_span: same_span(pipeline),
            newest_first: false,
        };
        let mut outcome = Ok(());
        let stats = store.scan(&scan, &mut |trace| {
            if interrupt.interrupted() {
                outcome = Err(EvalError::Interrupted);
                return ControlFlow::Break(());
            }
            let view = TraceView::new(trace);
            for set in run(&steps, &plan, &view) {
                for span in &set.spans {
                    let at = *span as usize;
                    let Some(interval) = intervals.index(view.spans[at].start) else { continue };
                    let key = groups
                        .iter()
                        .map(|want| label_value(&plan.wants[*want].attribute, view.value(&plan, *want, at)));
                    let value = measured.map(|want| view.value(&plan, want, at));
                    if let Err(error) = accumulator.observe(key.collect(), value, interval, &view, at) {
                        outcome = Err(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        outcome?;
        answer.inspected_traces += stats.traces;
        answer.inspected_bytes += stats.bytes;
        answer.inspected_spans += stats.spans;
        Ok(accumulator.finish())
    }
}

/// A group's value: texts that Tempo keeps in columns of their own are empty when absent, everything else is nil.
fn label_value(attribute: &Attribute, value: Value) -> Value {
    use crate::ast::Intrinsic;
    let text_column = matches!(
        attribute.intrinsic,
        Some(
            Intrinsic::EventName
                | Intrinsic::LinkTraceId
                | Intrinsic::LinkSpanId
                | Intrinsic::InstrumentationName
                | Intrinsic::InstrumentationVersion
        )
    );
    if value.is_nil() && text_column { Value::str("") } else { value }
}

/// The pipelines' number of series is bounded; this is the error when there are more.
pub(crate) fn too_many_series(limit: usize) -> EvalError {
    EvalError::Limit(format!("number of series exceeds the limit of {limit}"))
}

#[cfg(test)]
mod tests;
