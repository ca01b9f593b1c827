//! Compares an answer with what a script expects.

use super::notation::{SeriesLine, Slot};
use super::script::{Eval, When};
use crate::value::{Series, Value};
use model::Labels;
use model::clock::Millis;
use model::metrics::is_stale;
use std::collections::BTreeMap;

/// Relative difference up to which two values are the same.
const TOLERANCE: f64 = 1e-6;

pub(super) fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= TOLERANCE * (a.abs() + b.abs()).min(f64::MAX)
}

type Points = BTreeMap<Labels, BTreeMap<Millis, f64>>;

/// The expected series as points from `start` on.
fn expected(lines: &[SeriesLine], start: Millis, step: Millis) -> Points {
    let mut points = Points::new();
    for line in lines {
        let series = points.entry(line.labels.clone()).or_default();
        for (at, slot) in line.slots.iter().enumerate() {
            if let Slot::Value(value) = slot
                && !is_stale(*value)
            {
                series.insert(start + at as Millis * step, *value);
            }
        }
    }
    points.retain(|_, series| !series.is_empty());
    points
}

fn found(series: &[Series]) -> Points {
    let points = |series: &Series| series.samples.iter().map(|sample| (sample.t, sample.v)).collect();
    series.iter().map(|series| (series.labels.clone(), points(series))).collect()
}

fn show(points: &Points) -> String {
    if points.is_empty() {
        return "  nothing".to_owned();
    }
    let line = |(labels, series): (&Labels, &BTreeMap<Millis, f64>)| {
        let values: Vec<String> = series.iter().map(|(t, v)| format!("{v}@{t}")).collect();
        format!("  {labels} {}", values.join(" "))
    };
    points.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn compare_points(found: &Points, expected: &Points) -> Result<(), String> {
    let equal = |a: &BTreeMap<Millis, f64>, b: &BTreeMap<Millis, f64>| {
        a.len() == b.len() && a.iter().zip(b).all(|((t, v), (u, w))| t == u && same(*v, *w))
    };
    let same_series = found.len() == expected.len()
        && found.iter().zip(expected).all(|((a, x), (b, y))| a == b && equal(x, y));
    if same_series { Ok(()) } else { Err(format!("found\n{}\nexpected\n{}", show(found), show(expected))) }
}

/// # Errors
/// What was found and what was expected.
pub(super) fn compare(eval: &Eval, value: &Value) -> Result<(), String> {
    let expect = &eval.expect;
    match (eval.when, value) {
        (_, Value::String { text, .. }) => match &expect.text {
            Some(wanted) if wanted == text => Ok(()),
            wanted => Err(format!("found the string {text:?}, expected {wanted:?}")),
        },
        (_, Value::Scalar(sample)) => match expect.scalar {
            Some(wanted) if same(sample.v, wanted) => Ok(()),
            wanted => Err(format!("found the scalar {}, expected {wanted:?}", sample.v)),
        },
        (When::Instant(_), Value::Matrix(series)) => {
            let (start, step) = expect.matrix.ok_or("found a range vector, which was not expected")?;
            compare_points(&found(series), &expected(&expect.series, start, step))
        }
        (When::Range { start, step, .. }, Value::Matrix(series)) => {
            compare_points(&found(series), &expected(&expect.series, start, step))
        }
        (When::Instant(t), Value::Vector(samples)) => {
            if expect.scalar.is_some() {
                return Err("found a vector, expected a scalar".to_owned());
            }
            let series: Vec<Series> = samples
                .iter()
                .map(|sample| Series { labels: sample.labels.clone(), samples: vec![sample.sample] })
                .collect();
            let wanted: Vec<&Labels> = expect.series.iter().map(|line| &line.labels).collect();
            let order: Vec<&Labels> = samples.iter().map(|sample| &sample.labels).collect();
            compare_points(&found(&series), &expected(&expect.series, t, 1))?;
            if expect.ordered && order != wanted {
                return Err(format!("found the order {order:?}, expected {wanted:?}"));
            }
            Ok(())
        }
        (When::Range { .. }, Value::Vector(_)) => {
            Err("found a vector as the answer to a range query".to_owned())
        }
    }
}
