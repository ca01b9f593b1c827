//! Second stages (`topk`, `bottomk`, comparisons) and arithmetic between metrics.

use super::MetricsSeries;
use crate::ast::{BinaryOp, MetricsExpr, SecondStage};
use crate::value::Value;
use model::clock::Nanos;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

const NAME: &str = "__name__";

/// Takes the functions' series in the order in which the functions are written.
pub(super) fn combine(
    metrics: &MetricsExpr,
    parts: &mut dyn Iterator<Item = Vec<MetricsSeries>>,
) -> Vec<MetricsSeries> {
    match metrics {
        MetricsExpr::Function { .. } => parts.next().unwrap_or_default(),
        // A number is met by its neighbour; alone it is no query.
        MetricsExpr::Number(_) => Vec::new(),
        MetricsExpr::Second(inner, stage) => {
            let series = combine(inner, parts);
            match stage {
                SecondStage::TopK(count) => select(series, *count, true),
                SecondStage::BottomK(count) => select(series, *count, false),
                SecondStage::Filter(op, number) => keep(series, |_, _, value| holds(*op, value, *number)),
            }
        }
        MetricsExpr::Binary(op, left, right) => match (number(left), number(right)) {
            (Some(number), _) => with_number(combine(right, parts), *op, |value| (number, value), metrics),
            (_, Some(number)) => with_number(combine(left, parts), *op, |value| (value, number), metrics),
            (None, None) => {
                let left = combine(left, parts);
                let right = combine(right, parts);
                join(left, right, *op, metrics)
            }
        },
    }
}

fn number(metrics: &MetricsExpr) -> Option<f64> {
    match metrics {
        MetricsExpr::Number(number) => Some(*number),
        MetricsExpr::Binary(op, left, right) => Some(calculate(*op, number(left)?, number(right)?)),
        _ => None,
    }
}

fn calculate(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        _ => f64::NAN,
    }
}

fn holds(op: BinaryOp, left: f64, right: f64) -> bool {
    match op {
        BinaryOp::Equal => left == right,
        BinaryOp::NotEqual => left != right,
        BinaryOp::Greater => left > right,
        BinaryOp::GreaterEqual => left >= right,
        BinaryOp::Less => left < right,
        BinaryOp::LessEqual => left <= right,
        _ => false,
    }
}

/// Keeps some samples; a series without any goes, and so do the exemplars of a series that loses samples.
fn keep(series: Vec<MetricsSeries>, wanted: impl Fn(usize, Nanos, f64) -> bool) -> Vec<MetricsSeries> {
    let series = series.into_iter().enumerate().map(|(at, mut series)| {
        series.samples.retain(|(t, value)| wanted(at, *t, *value));
        series
    });
    series.filter(|series| !series.samples.is_empty()).collect()
}

/// At each instant the `count` largest (or smallest). Of equal values the larger one is that of the smaller labels.
fn select(series: Vec<MetricsSeries>, count: i64, top: bool) -> Vec<MetricsSeries> {
    let mut at: BTreeMap<Nanos, Vec<(f64, String, usize)>> = BTreeMap::new();
    for (number, one) in series.iter().enumerate() {
        let labels =
            one.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",");
        for (t, value) in &one.samples {
            at.entry(*t).or_default().push((*value, labels.clone(), number));
        }
    }
    let mut chosen: HashSet<(usize, Nanos)> = HashSet::new();
    for (t, mut values) in at {
        values.sort_by(|a, b| {
            let larger_first = b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then_with(|| a.1.cmp(&b.1));
            if top { larger_first } else { larger_first.reverse() }
        });
        chosen.extend(values.iter().take(count.max(0) as usize).map(|(_, _, number)| (*number, t)));
    }
    keep(series, |number, t, _| chosen.contains(&(number, t)))
}

/// The name of a computed series without labels: `(rate / count_over_time)`.
fn name_of(metrics: &MetricsExpr) -> String {
    match metrics {
        MetricsExpr::Function { function, .. } => function.name().to_owned(),
        MetricsExpr::Second(inner, _) => name_of(inner),
        MetricsExpr::Binary(op, left, right) => {
            format!("({} {} {})", name_of(left), op.as_str(), name_of(right))
        }
        MetricsExpr::Number(number) => number.to_string(),
    }
}

fn renamed(mut labels: Vec<(String, Value)>, metrics: &MetricsExpr) -> Vec<(String, Value)> {
    labels.retain(|(name, _)| name != NAME);
    if labels.is_empty() {
        labels.push((NAME.to_owned(), Value::str(name_of(metrics))));
    }
    labels
}

fn with_number(
    series: Vec<MetricsSeries>,
    op: BinaryOp,
    sides: impl Fn(f64) -> (f64, f64),
    metrics: &MetricsExpr,
) -> Vec<MetricsSeries> {
    let series = series.into_iter().map(|series| {
        let samples = series.samples.into_iter().map(|(t, value)| {
            let (left, right) = sides(value);
            (t, calculate(op, left, right))
        });
        let samples = samples.filter(|(_, value)| value.is_finite()).collect();
        MetricsSeries { labels: renamed(series.labels, metrics), samples, exemplars: Vec::new() }
    });
    series.filter(|series| !series.samples.is_empty()).collect()
}

/// Series with equal labels (but for the name) meet; so do samples of the same instant. What is not a number goes.
fn join(
    left: Vec<MetricsSeries>,
    right: Vec<MetricsSeries>,
    op: BinaryOp,
    metrics: &MetricsExpr,
) -> Vec<MetricsSeries> {
    let key = |series: &MetricsSeries| {
        let mut key: Vec<String> = series
            .labels
            .iter()
            .filter(|(name, _)| name != NAME)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        key.sort();
        key
    };
    let of_right: BTreeMap<Vec<String>, &MetricsSeries> =
        right.iter().map(|series| (key(series), series)).collect();
    let mut out = Vec::new();
    for series in &left {
        let Some(other) = of_right.get(&key(series)) else { continue };
        let values: BTreeMap<Nanos, f64> = other.samples.iter().copied().collect();
        let samples: Vec<(Nanos, f64)> = series
            .samples
            .iter()
            .filter_map(|(t, value)| Some((*t, calculate(op, *value, *values.get(t)?))))
            .filter(|(_, value)| value.is_finite())
            .collect();
        if !samples.is_empty() {
            let labels = renamed(series.labels.clone(), metrics);
            out.push(MetricsSeries { labels, samples, exemplars: Vec::new() });
        }
    }
    out
}
