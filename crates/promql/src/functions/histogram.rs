//! Quantiles and fractions of classic histograms: series with cumulative counts, told apart by their `le` label.
//!
//! Sources: Prometheus, promql/quantile.go (`BucketQuantile`, `BucketFraction`) and its documentation of `histogram_quantile`.

use crate::ast::{Call, Pos};
use crate::column::{ABSENT, Column, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use crate::num::{format_float, quote};
use model::Labels;
use model::labels::METRIC_NAME;
use std::collections::HashMap;

const BUCKET_LABEL: &str = "le";
/// Counts whose relative difference is below this differ by floating point errors only.
const SMALL_DELTA: f64 = 1e-12;

/// The bucket series of one histogram, by upper bound.
struct Histogram {
    labels: Labels,
    name: String,
    /// Upper bound and column.
    buckets: Vec<(f64, usize)>,
}

#[derive(Clone, Copy)]
struct Bucket {
    upper: f64,
    /// Observations up to and including `upper`.
    count: f64,
}

/// Puts the columns of each histogram together. Columns without a readable `le` get a warning and are left out.
fn histograms(evaluator: &mut Evaluator<'_>, columns: &[Column], pos: Pos) -> Vec<Histogram> {
    let mut index: HashMap<Labels, usize> = HashMap::new();
    let mut found: Vec<Histogram> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let text = column.labels.value(BUCKET_LABEL);
        let name = column.labels.value(METRIC_NAME);
        let Ok(upper) = text.parse::<f64>() else {
            if column.any_present() {
                evaluator.notes.bad_bucket(name, text, pos);
            }
            continue;
        };
        let mut builder = column.labels.to_builder();
        builder.remove(BUCKET_LABEL);
        let labels = builder.build();
        let place = *index.entry(labels.clone()).or_insert_with(|| {
            found.push(Histogram { labels, name: name.to_owned(), buckets: Vec::new() });
            found.len() - 1
        });
        found[place].buckets.push((upper, at));
    }
    for histogram in &mut found {
        histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    found
}

/// The buckets at a step; several spellings of one bound are one bucket.
fn gather(histogram: &Histogram, columns: &[Column], step: usize, buckets: &mut Vec<Bucket>) {
    buckets.clear();
    for (upper, at) in &histogram.buckets {
        let count = columns[*at].values[step];
        if !present(count) {
            continue;
        }
        match buckets.last_mut() {
            Some(last) if last.upper == *upper => last.count += count,
            _ => buckets.push(Bucket { upper: *upper, count }),
        }
    }
}

/// Computes a value per histogram and step from its buckets.
fn each(
    evaluator: &mut Evaluator<'_>,
    columns: &[Column],
    pos: Pos,
    grid: &Grid,
    mut value: impl FnMut(&mut Evaluator<'_>, &Histogram, &mut Vec<Bucket>, usize) -> f64,
) -> Result<Vec<Column>, EvalError> {
    let mut answers = Vec::new();
    let mut buckets = Vec::new();
    for histogram in histograms(evaluator, columns, pos) {
        evaluator.charge(grid.len)?;
        evaluator.work(grid.len * histogram.buckets.len())?;
        let mut values = vec![ABSENT; grid.len];
        for (step, slot) in values.iter_mut().enumerate() {
            gather(&histogram, columns, step, &mut buckets);
            if !buckets.is_empty() {
                *slot = value(evaluator, &histogram, &mut buckets, step);
            }
        }
        let column = Column::new(histogram.labels, true, values);
        if column.any_present() {
            answers.push(column);
        }
    }
    Ok(answers)
}

pub(super) fn quantile(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let (param, vector) = (&call.args[0], &call.args[1]);
    let quantiles = evaluator.scalar(param, grid)?;
    let columns = evaluator.vector(vector, grid)?;
    warn_out_of_range(evaluator, &quantiles, param.pos);
    let answers = each(evaluator, &columns, vector.pos, grid, |evaluator, histogram, buckets, step| {
        let (value, forced) = bucket_quantile(quantiles[step], buckets);
        if forced {
            evaluator.notes.forced_monotonic(&histogram.name, vector.pos);
        }
        value
    })?;
    Ok(Out::Vector(answers))
}

/// Several quantiles at once, told apart by a label of the caller's choice.
pub(super) fn quantiles(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let vector = &call.args[0];
    let label = evaluator.text(&call.args[1])?;
    if !super::labels::is_label_name(&label) {
        let name = label.bad.unwrap_or_else(|| quote(&label.value));
        return Err(EvalError::Execution(format!("invalid label name {name}")));
    }
    let columns = evaluator.vector(vector, grid)?;
    let mut answers = Vec::new();
    for param in &call.args[2..] {
        let quantiles = evaluator.scalar(param, grid)?;
        warn_out_of_range(evaluator, &quantiles, param.pos);
        let mut found =
            each(evaluator, &columns, vector.pos, grid, |evaluator, histogram, buckets, step| {
                let (value, forced) = bucket_quantile(quantiles[step], buckets);
                if forced {
                    evaluator.notes.forced_monotonic(&histogram.name, vector.pos);
                }
                value
            })?;
        // The label holds the quantile of the first step: it is a constant in every sensible query.
        let shown = open_metrics_float(quantiles.first().copied().unwrap_or(f64::NAN));
        for column in &mut found {
            let mut builder = column.labels.to_builder();
            builder.set(&label.value, &shown);
            column.labels = builder.build();
        }
        answers.append(&mut found);
    }
    Ok(Out::Vector(answers))
}

/// As OpenMetrics writes the values of `le` and `quantile`: `0.5`, `1.0`.
fn open_metrics_float(value: f64) -> String {
    let text = format_float(value);
    if value.is_finite() && !text.contains('.') { format!("{text}.0") } else { text }
}

fn warn_out_of_range(evaluator: &mut Evaluator<'_>, quantiles: &[f64], pos: Pos) {
    for q in quantiles.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
        evaluator.notes.quantile_out_of_range(*q, pos);
    }
}

pub(super) fn fraction(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let lower = evaluator.scalar(&call.args[0], grid)?;
    let upper = evaluator.scalar(&call.args[1], grid)?;
    let vector = &call.args[2];
    let columns = evaluator.vector(vector, grid)?;
    let answers = each(evaluator, &columns, vector.pos, grid, |_, _, buckets, step| {
        bucket_fraction(lower[step], upper[step], buckets)
    })?;
    Ok(Out::Vector(answers))
}

/// Floats are no native histograms, and there are no others here.
pub(super) fn native_only(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    evaluator.vector(&call.args[0], grid)?;
    Ok(Out::Vector(Vec::new()))
}

/// Counts never fall from bucket to bucket; where they do, the larger one is kept. True when that was more than a rounding
/// error, as it happens when buckets were read while they changed.
fn make_monotonic(buckets: &mut [Bucket]) -> bool {
    let mut forced = false;
    let mut before = buckets[0].count;
    for bucket in &mut buckets[1..] {
        let count = bucket.count;
        if count == before {
            continue;
        }
        if almost_equal(before, count) {
            bucket.count = before;
        } else if count < before {
            bucket.count = before;
            forced = true;
        } else {
            before = count;
        }
    }
    forced
}

fn almost_equal(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < SMALL_DELTA * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < SMALL_DELTA
}

/// The quantile, and whether the counts had to be forced into order.
fn bucket_quantile(q: f64, buckets: &mut [Bucket]) -> (f64, bool) {
    if q.is_nan() {
        return (f64::NAN, false);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, false);
    }
    if q > 1.0 {
        return (f64::INFINITY, false);
    }
    let last = buckets.len() - 1;
    if buckets[last].upper != f64::INFINITY {
        return (f64::NAN, false);
    }
    let forced = make_monotonic(buckets);
    let observations = buckets[last].count;
    if last == 0 || observations == 0.0 || observations.is_nan() {
        return (f64::NAN, forced);
    }
    let mut rank = q * observations;
    let at = buckets[..last].partition_point(|bucket| bucket.count < rank);
    if at == last {
        // Nothing is known of values above the highest finite bound.
        return (buckets[last - 1].upper, forced);
    }
    let end = buckets[at].upper;
    if at == 0 && end <= 0.0 {
        return (end, forced);
    }
    let mut start = 0.0;
    let mut count = buckets[at].count;
    if at > 0 {
        start = buckets[at - 1].upper;
        count -= buckets[at - 1].count;
        rank -= buckets[at - 1].count;
    }
    (start + (end - start) * (rank / count), forced)
}

/// The share of observations between two values.
fn bucket_fraction(lower: f64, upper: f64, buckets: &[Bucket]) -> f64 {
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if buckets[last].upper != f64::INFINITY || observations == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let rank_of = |value: f64| {
        let mut rank = 0.0;
        for (at, bucket) in buckets.iter().enumerate() {
            // The first bucket begins at zero unless it ends there or below.
            let start = match at.checked_sub(1) {
                Some(before) => buckets[before].upper,
                None if bucket.upper > 0.0 => 0.0,
                None => f64::NEG_INFINITY,
            };
            if start >= value {
                return rank;
            }
            if bucket.upper > value {
                // There is nothing to interpolate in a bucket without end: neither the last nor an open first one counts.
                return if bucket.upper.is_infinite() {
                    rank
                } else if start.is_infinite() {
                    bucket.count
                } else {
                    rank + (bucket.count - rank) * (value - start) / (bucket.upper - start)
                };
            }
            rank = bucket.count;
        }
        observations
    };
    (rank_of(upper).min(observations) - rank_of(lower).min(observations)) / observations
}
