//! Aggregations over time: one number from the samples of a window.

use super::Window;
use crate::ast::Call;
use crate::column::{ABSENT, Column};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use crate::num::{self, Mean, add};
use model::metrics::Sample;

pub(super) fn sum(window: &Window<'_>) -> f64 {
    let (sum, lost) = window.samples.iter().fold((0.0, 0.0), |(sum, lost), sample| add(sample.v, sum, lost));
    if sum.is_infinite() { sum } else { sum + lost }
}

pub(super) fn avg(window: &Window<'_>) -> f64 {
    let mut mean = Mean::default();
    window.samples.iter().for_each(|sample| mean.push(sample.v));
    mean.get()
}

pub(super) fn count(window: &Window<'_>) -> f64 {
    window.samples.len() as f64
}

pub(super) fn present(_: &Window<'_>) -> f64 {
    1.0
}

pub(super) fn first(window: &Window<'_>) -> f64 {
    window.samples.first().map_or(ABSENT, |sample| sample.v)
}

pub(super) fn last(window: &Window<'_>) -> f64 {
    window.samples.last().map_or(ABSENT, |sample| sample.v)
}

/// The sample that `better` prefers to all before it; NaN gives way to anything.
fn best(samples: &[Sample], better: impl Fn(f64, f64) -> bool) -> Sample {
    samples[1..].iter().fold(samples[0], |best, sample| {
        if better(sample.v, best.v) || best.v.is_nan() { *sample } else { best }
    })
}

pub(super) fn max(window: &Window<'_>) -> f64 {
    best(window.samples, |new, old| new > old).v
}

pub(super) fn min(window: &Window<'_>) -> f64 {
    best(window.samples, |new, old| new < old).v
}

fn seconds(sample: Sample) -> f64 {
    sample.t as f64 / 1e3
}

/// Of equal extremes the last one counts.
pub(super) fn ts_of_max(window: &Window<'_>) -> f64 {
    seconds(best(window.samples, |new, old| new >= old))
}

pub(super) fn ts_of_min(window: &Window<'_>) -> f64 {
    seconds(best(window.samples, |new, old| new <= old))
}

pub(super) fn ts_of_first(window: &Window<'_>) -> f64 {
    seconds(window.samples[0])
}

pub(super) fn ts_of_last(window: &Window<'_>) -> f64 {
    seconds(window.samples[window.samples.len() - 1])
}

/// Variance by Welford's method with compensated sums.
pub(super) fn stdvar(window: &Window<'_>) -> f64 {
    let mut count = 0.0;
    let (mut mean, mut squares) = ((0.0, 0.0), (0.0, 0.0));
    for sample in window.samples {
        count += 1.0;
        let delta = sample.v - (mean.0 + mean.1);
        mean = add(delta / count, mean.0, mean.1);
        squares = add(delta * (sample.v - (mean.0 + mean.1)), squares.0, squares.1);
    }
    (squares.0 + squares.1) / count
}

pub(super) fn stddev(window: &Window<'_>) -> f64 {
    stdvar(window).sqrt()
}

/// Median of the distances from the median.
pub(super) fn mad(window: &Window<'_>) -> f64 {
    let mut values: Vec<f64> = window.samples.iter().map(|sample| sample.v).collect();
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let median = num::quantile(0.5, &mut values);
    values.iter_mut().for_each(|value| *value = (*value - median).abs());
    num::quantile(0.5, &mut values)
}

pub(super) fn quantile(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let (param, range) = (&call.args[0], &call.args[1]);
    let quantiles = evaluator.scalar(param, grid)?;
    let mut columns = Vec::new();
    let mut sorted = Vec::new();
    evaluator.each_window(range, grid, &mut |evaluator, source, samples, windows| {
        evaluator.charge(windows.len())?;
        let mut values = vec![ABSENT; windows.len()];
        for (step, within) in windows.over(samples) {
            if within.is_empty() {
                continue;
            }
            evaluator.work(within.len())?;
            let q = quantiles[step];
            if !(0.0..=1.0).contains(&q) {
                evaluator.notes.quantile_out_of_range(q, param.pos);
            }
            sorted.clear();
            sorted.extend(samples[within].iter().map(|sample| sample.v));
            values[step] = num::quantile(q, &mut sorted);
        }
        let column = Column::new(source.labels.clone(), true, values);
        if column.any_present() {
            columns.push(column);
        }
        Ok(())
    })?;
    Ok(Out::Vector(columns))
}
