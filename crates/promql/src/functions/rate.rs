//! Counters: rate, increase and delta extrapolate to the window's edges; irate, idelta, changes and resets do not.
//!
//! Source of the extrapolation: Prometheus, promql/functions.go, `extrapolatedRate`: half an average interval beyond the
//! outer samples where the window goes on much further, never below zero for a counter.

use super::Window;
use crate::ast::Call;
use crate::column::{ABSENT, Column};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::{Grid, Windows};
use model::labels::METRIC_NAME;
use model::metrics::Sample;

/// An edge further away than this many average intervals is not where the series was scraped last.
const EXTRAPOLATION_LIMIT: f64 = 1.1;
/// How counters are called by convention.
const COUNTER_SUFFIXES: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Rate,
    Increase,
    Delta,
}

pub(super) fn rate(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    extrapolated(evaluator, call, grid, Kind::Rate)
}

pub(super) fn increase(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    extrapolated(evaluator, call, grid, Kind::Increase)
}

pub(super) fn delta(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    extrapolated(evaluator, call, grid, Kind::Delta)
}

fn extrapolated(
    evaluator: &mut Evaluator<'_>,
    call: &Call,
    grid: &Grid,
    kind: Kind,
) -> Result<Out, EvalError> {
    let arg = &call.args[0];
    let mut columns = Vec::new();
    let mut resets = Vec::new();
    evaluator.each_window(arg, grid, &mut |evaluator, source, samples, windows| {
        evaluator.charge(windows.len())?;
        resets.clear();
        if kind != Kind::Delta {
            resets.extend((1..samples.len()).filter(|at| samples[*at].v < samples[*at - 1].v));
        }
        let mut values = vec![ABSENT; windows.len()];
        let mut any = false;
        // Resets before this one lie before the window.
        let mut first_reset = 0;
        for (step, within) in windows.over(samples) {
            if within.len() < 2 {
                continue;
            }
            while first_reset < resets.len() && resets[first_reset] <= within.start {
                first_reset += 1;
            }
            let mut change = samples[within.end - 1].v - samples[within.start].v;
            for reset in resets[first_reset..].iter().take_while(|at| **at < within.end) {
                change += samples[reset - 1].v;
            }
            values[step] = extrapolate(&samples[within], change, windows, step, kind);
            any = true;
        }
        if any {
            if kind != Kind::Delta {
                let name = source.labels.value(METRIC_NAME);
                let counter = COUNTER_SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
                if !name.is_empty() && !counter {
                    evaluator.notes.not_a_counter(name, arg.pos);
                }
            }
            columns.push(Column::new(source.labels.clone(), true, values));
        }
        Ok(())
    })?;
    Ok(Out::Vector(columns))
}

#[inline]
fn extrapolate(samples: &[Sample], mut change: f64, windows: &Windows, step: usize, kind: Kind) -> f64 {
    let (first, last) = (samples[0], samples[samples.len() - 1]);
    let end = windows.end(step);
    let start = end - windows.length;
    let mut to_start = (first.t - start) as f64 / 1e3;
    let mut to_end = (end - last.t) as f64 / 1e3;
    let sampled = (last.t - first.t) as f64 / 1e3;
    let interval = sampled / (samples.len() - 1) as f64;
    let limit = interval * EXTRAPOLATION_LIMIT;
    if to_start >= limit {
        to_start = interval / 2.0;
    }
    if kind != Kind::Delta && change > 0.0 && first.v >= 0.0 {
        let to_zero = sampled * (first.v / change);
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= limit {
        to_end = interval / 2.0;
    }
    let mut factor = (sampled + to_start + to_end) / sampled;
    if kind == Kind::Rate {
        factor /= windows.length as f64 / 1e3;
    }
    change *= factor;
    change
}

pub(super) fn irate(window: &Window<'_>) -> f64 {
    let [.., before, last] = window.samples else { return ABSENT };
    // A smaller value means that the counter began again at zero.
    let change = if last.v < before.v { last.v } else { last.v - before.v };
    let millis = last.t - before.t;
    if millis == 0 { ABSENT } else { change / (millis as f64 / 1e3) }
}

pub(super) fn idelta(window: &Window<'_>) -> f64 {
    let [.., before, last] = window.samples else { return ABSENT };
    if last.t == before.t { ABSENT } else { last.v - before.v }
}

pub(super) fn changes(window: &Window<'_>) -> f64 {
    let differ = |pair: &&[Sample]| pair[0].v != pair[1].v && !(pair[0].v.is_nan() && pair[1].v.is_nan());
    window.samples.windows(2).filter(differ).count() as f64
}

pub(super) fn resets(window: &Window<'_>) -> f64 {
    window.samples.windows(2).filter(|pair| pair[1].v < pair[0].v).count() as f64
}
