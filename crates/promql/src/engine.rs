//! The engine: limits, and the two kinds of queries.

use crate::ast::{Expr, Node, Type};
use crate::column::{present, remove_names};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::{Grid, Windows};
use crate::value::{Answer, Series, Value, VectorSample};
use model::Labels;
use model::clock::Millis;
use model::metrics::{MetricQuerier, Sample};

/// Tells a running query that nobody waits for it any more. Asked often, so it has to be cheap.
pub trait Interrupt {
    fn interrupted(&self) -> bool;
}

/// Lets every query run to its end.
pub struct Never;

impl Interrupt for Never {
    fn interrupted(&self) -> bool {
        false
    }
}

/// What a query may use. Defaults are those of Prometheus.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Samples read and values computed, summed over the whole query.
    pub max_samples: usize,
    /// Steps of a range query.
    pub max_points: usize,
    /// How long a sample stands for its series, in milliseconds.
    pub lookback: Millis,
    /// Step of a subquery that names none, in milliseconds: the global evaluation interval.
    pub default_step: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_samples: 50_000_000, max_points: 11_000, lookback: 300_000, default_step: 60_000 }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Engine {
    limits: Limits,
}

impl Engine {
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Evaluates at one time (milliseconds since the epoch).
    ///
    /// # Errors
    /// [`EvalError`]; its kind says whose fault it is.
    pub fn instant(
        &self,
        store: &dyn MetricQuerier,
        expr: &Expr,
        t: Millis,
        interrupt: &dyn Interrupt,
    ) -> Result<Answer, EvalError> {
        let grid = Grid::instant(t);
        let mut evaluator = Evaluator::new(store, interrupt, self.limits, grid);
        let value = if expr.kind() == Type::Matrix {
            matrix(&mut evaluator, expr, grid)?
        } else {
            match evaluator.eval(expr, &grid)? {
                Out::Scalar(values) => {
                    Value::Scalar(Sample { t, v: values.first().copied().unwrap_or(f64::NAN) })
                }
                Out::Text(text) => Value::String { t, text: text.value },
                Out::Vector(columns) => {
                    let mut columns = columns;
                    columns.retain(|column| present(column.values[0]));
                    let columns = remove_names(columns)?;
                    let sample = |v: f64| Sample { t, v };
                    Value::Vector(
                        columns
                            .into_iter()
                            .map(|column| VectorSample {
                                sample: sample(column.values[0]),
                                labels: column.labels,
                            })
                            .collect(),
                    )
                }
            }
        };
        Ok(evaluator.answer(value))
    }

    /// Evaluates at `start`, `start + step` … up to `end` (milliseconds).
    ///
    /// # Errors
    /// [`EvalError`]; its kind says whose fault it is.
    pub fn range(
        &self,
        store: &dyn MetricQuerier,
        expr: &Expr,
        start: Millis,
        end: Millis,
        step: Millis,
        interrupt: &dyn Interrupt,
    ) -> Result<Answer, EvalError> {
        if step <= 0 {
            return Err(EvalError::ZeroStep);
        }
        if end < start {
            return Err(EvalError::EndBeforeStart);
        }
        if matches!(expr.kind(), Type::Matrix | Type::String) {
            return Err(EvalError::NotRangeable { found: expr.kind().name() });
        }
        let grid = Grid::between(start, end, step);
        if grid.len > self.limits.max_points {
            return Err(EvalError::TooManyPoints { limit: self.limits.max_points });
        }
        let mut evaluator = Evaluator::new(store, interrupt, self.limits, grid);
        evaluator.ends_at(end);
        evaluator.range_query();
        let points = |values: &[f64]| -> Vec<Sample> {
            let each = grid.times().zip(values).filter(|(_, v)| present(**v));
            each.map(|(t, v)| Sample { t, v: *v }).collect()
        };
        let mut series: Vec<Series> = match evaluator.eval(expr, &grid)? {
            Out::Scalar(values) => vec![Series { labels: Labels::empty(), samples: points(&values) }],
            Out::Vector(columns) => remove_names(columns)?
                .into_iter()
                .map(|column| Series { samples: points(&column.values), labels: column.labels })
                .filter(|series| !series.samples.is_empty())
                .collect(),
            Out::Text(_) => return Err(EvalError::NotRangeable { found: Type::String.name() }),
        };
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(evaluator.answer(Value::Matrix(series)))
    }
}

/// A range selector or subquery as a whole query: the samples of its one window.
fn matrix(evaluator: &mut Evaluator<'_>, expr: &Expr, grid: Grid) -> Result<Value, EvalError> {
    let expr = expr.unwrapped();
    debug_assert!(matches!(expr.node, Node::Matrix(..) | Node::Subquery(_)), "BUG: {expr} is no range");
    let mut found: Vec<Series> = Vec::new();
    evaluator.each_window(expr, &grid, &mut |_, series, samples, windows: &Windows| {
        let within = windows.over(samples).next().map_or(0..0, |(_, within)| within);
        if !within.is_empty() {
            let labels = if series.drop_name { series.labels.without_name() } else { series.labels.clone() };
            found.push(Series { labels, samples: samples[within].to_vec() });
        }
        Ok(())
    })?;
    found.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(Value::Matrix(found))
}
