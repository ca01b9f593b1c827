//! Samples in a window `(t - range, t]` to one value.

use super::load::SampleSeries;
use super::{Context, Series, Steps, extrapolate};
use crate::LabelSet;
use crate::ast::{RangeAggregation, RangeOp};

/// The values of a series at every step at which its window holds samples.
pub(super) fn evaluate(steps: Steps, range: &RangeAggregation, samples: &[(i64, f64)]) -> Vec<(u32, f64)> {
    let length = range.range.range;
    let mut points = Vec::new();
    let (mut from, mut to) = (0, 0);
    let additive = additive(range.op);
    for index in 0..steps.count {
        let end = steps.at(index).saturating_sub(range.range.offset);
        let start = end.saturating_sub(length);
        while to < samples.len() && samples[to].0 <= end {
            to += 1;
        }
        while from < to && samples[from].0 <= start {
            from += 1;
        }
        if from == to {
            if to == samples.len() {
                break;
            }
            continue;
        }
        let window = &samples[from..to];
        let value = if additive && range.range.unwrap.is_none() && range.op == RangeOp::CountOverTime {
            window.len() as f64
        } else {
            aggregate(range, window, start, end)
        };
        if let Some(value) = Some(value).filter(|value| !(range.op == RangeOp::RateCounter && value.is_nan()))
        {
            points.push((index as u32, value));
        }
    }
    points
}

fn additive(op: RangeOp) -> bool {
    matches!(op, RangeOp::CountOverTime)
}

fn aggregate(range: &RangeAggregation, window: &[(i64, f64)], start: i64, end: i64) -> f64 {
    let values = || window.iter().map(|(_, value)| *value);
    let seconds = range.range.range as f64 / 1e9;
    match range.op {
        RangeOp::CountOverTime | RangeOp::BytesOverTime | RangeOp::SumOverTime => values().sum(),
        RangeOp::Rate | RangeOp::BytesRate => values().sum::<f64>() / seconds,
        RangeOp::RateCounter => extrapolate::rate(window, start, end).unwrap_or(f64::NAN),
        RangeOp::AbsentOverTime => 1.0,
        RangeOp::AvgOverTime => mean(values()),
        RangeOp::MinOverTime => pick(values(), |new, old| new < old),
        RangeOp::MaxOverTime => pick(values(), |new, old| new > old),
        RangeOp::FirstOverTime => window.first().map_or(f64::NAN, |(_, value)| *value),
        RangeOp::LastOverTime => window.last().map_or(f64::NAN, |(_, value)| *value),
        RangeOp::StdvarOverTime => variance(values()),
        RangeOp::StddevOverTime => variance(values()).sqrt(),
        RangeOp::QuantileOverTime => quantile(range.parameter.unwrap_or(f64::NAN), values().collect()),
    }
}

/// The mean, kept as a running mean so that large sums do not overflow.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut count) = (0.0, 0.0);
    for value in values {
        count += 1.0;
        if f64::is_infinite(mean)
            && (value.is_infinite() && (mean > 0.0) == (value > 0.0) || value.is_finite())
        {
            continue;
        }
        mean += value / count - mean / count;
    }
    if count == 0.0 { f64::NAN } else { mean }
}

/// The smallest or largest; NaN only when there is nothing else.
pub(super) fn pick(values: impl Iterator<Item = f64>, better: fn(f64, f64) -> bool) -> f64 {
    values.fold(f64::NAN, |old, new| if old.is_nan() || better(new, old) { new } else { old })
}

/// Population variance by Welford's method.
pub(super) fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let delta = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
    }
    squares / count
}

/// Linear interpolation between the closest ranks; below 0 and above 1 it is infinite.
fn quantile(q: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let rank = q * (values.len() - 1) as f64;
    let lower = rank.floor() as usize;
    let upper = (lower + 1).min(values.len() - 1);
    let weight = rank - rank.floor();
    let (_, low, above) = values.select_nth_unstable_by(lower, f64::total_cmp);
    let low = *low;
    let high = if upper == lower { low } else { above.iter().copied().min_by(f64::total_cmp).unwrap_or(low) };
    low * (1.0 - weight) + high * weight
}

/// 1 at every step at which no series has a sample in its window.
pub(super) fn absent(
    context: &Context<'_>,
    range: &RangeAggregation,
    series: &[SampleSeries],
    labels: LabelSet,
) -> Series {
    let mut present = vec![false; context.steps.count];
    for one in series {
        for (index, _) in evaluate(context.steps, range, &one.samples) {
            present[index as usize] = true;
        }
    }
    let absent = present.iter().enumerate().filter(|(_, present)| !**present);
    Series { labels, points: absent.map(|(index, _)| (index as u32, 1.0)).collect() }
}
