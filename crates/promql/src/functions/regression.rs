//! Trends: linear regression and double exponential smoothing.

use super::Window;
use crate::ast::Call;
use crate::column::{ABSENT, Column};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use crate::num::add;
use model::metrics::Sample;

/// Slope per second, and value at `origin` (milliseconds), by least squares.
fn linear(samples: &[Sample], origin: i64) -> (f64, f64) {
    let first = samples[0].v;
    if samples.iter().all(|sample| sample.v == first) {
        // A constant needs no arithmetic that could lose digits.
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let n = samples.len() as f64;
    let [mut x, mut y, mut xy, mut xx] = [(0.0, 0.0); 4];
    for sample in samples {
        let seconds = (sample.t - origin) as f64 / 1e3;
        x = add(seconds, x.0, x.1);
        y = add(sample.v, y.0, y.1);
        xy = add(seconds * sample.v, xy.0, xy.1);
        xx = add(seconds * seconds, xx.0, xx.1);
    }
    let [x, y, xy, xx] = [x, y, xy, xx].map(|(sum, lost)| sum + lost);
    let slope = (xy - x * y / n) / (xx - x * x / n);
    (slope, y / n - slope * x / n)
}

pub(super) fn deriv(window: &Window<'_>) -> f64 {
    if window.samples.len() < 2 {
        return ABSENT;
    }
    // Seconds since the first sample keep the numbers small.
    linear(window.samples, window.samples[0].t).0
}

pub(super) fn predict_linear(window: &Window<'_>) -> f64 {
    if window.samples.len() < 2 {
        return ABSENT;
    }
    let (slope, intercept) = linear(window.samples, window.t);
    slope * window.params[0] + intercept
}

/// Source: Holt's linear method; NIST Engineering Statistics Handbook 6.4.3.3.
pub(super) fn double_exponential_smoothing(
    evaluator: &mut Evaluator<'_>,
    call: &Call,
    grid: &Grid,
) -> Result<Out, EvalError> {
    let smoothing = evaluator.scalar(&call.args[1], grid)?;
    let trend = evaluator.scalar(&call.args[2], grid)?;
    let check = |what: &str, factor: f64| {
        if factor > 0.0 && factor < 1.0 {
            return Ok(());
        }
        Err(EvalError::Execution(format!(
            "invalid {what} factor. Expected: 0 < {}f < 1, got: {factor:.6}",
            &what[..1]
        )))
    };
    let mut columns = Vec::new();
    evaluator.each_window(&call.args[0], grid, &mut |evaluator, source, samples, windows| {
        evaluator.charge(windows.len())?;
        let mut values = vec![ABSENT; windows.len()];
        for (step, within) in windows.over(samples) {
            if within.is_empty() {
                continue;
            }
            evaluator.work(within.len())?;
            check("smoothing", smoothing[step])?;
            check("trend", trend[step])?;
            if within.len() >= 2 {
                values[step] = smooth(&samples[within], smoothing[step], trend[step]);
            }
        }
        let column = Column::new(source.labels.clone(), true, values);
        if column.any_present() {
            columns.push(column);
        }
        Ok(())
    })?;
    Ok(Out::Vector(columns))
}

fn smooth(samples: &[Sample], smoothing: f64, trend: f64) -> f64 {
    let mut level = samples[0].v;
    let mut slope = samples[1].v - samples[0].v;
    let mut before = 0.0;
    for (at, sample) in samples.iter().enumerate().skip(1) {
        if at > 1 {
            slope = trend * (level - before) + (1.0 - trend) * slope;
        }
        let next = smoothing * sample.v + (1.0 - smoothing) * (level + slope);
        (before, level) = (level, next);
    }
    level
}
