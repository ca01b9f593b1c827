//! Operators between metric expressions: arithmetic, comparisons, set operations, with vector matching.

use super::{Context, Series};
use crate::ast::{Binary, BinaryOp, Card, Matching, MetricExpr};
use crate::{EvalError, LabelSet};
use std::collections::{HashMap, HashSet};

/// The operator on two numbers. Division by zero is NaN, as in Loki (Prometheus gives infinity).
pub(crate) fn fold(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div | BinaryOp::Mod if right == 0.0 => f64::NAN,
        BinaryOp::Div => left / right,
        BinaryOp::Mod => left % right,
        BinaryOp::Pow => left.powf(right),
        BinaryOp::Compare(compare) => f64::from(u8::from(compare.holds(left, right))),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Unless => f64::NAN,
    }
}

/// The value of a pair, or `None` when a comparison without `bool` filters it out. `shown` is what such a filter keeps.
fn value(binary: &Binary, left: f64, right: f64, shown: f64) -> Option<f64> {
    match binary.op {
        BinaryOp::Compare(compare) if !binary.bool_modifier => compare.holds(left, right).then_some(shown),
        op => Some(fold(op, left, right)),
    }
}

pub(super) fn evaluate(context: &Context<'_>, binary: &Binary) -> Result<Vec<Series>, EvalError> {
    match (&binary.left, &binary.right) {
        (MetricExpr::Literal(literal), right) => {
            let series = context.evaluate(right)?;
            Ok(with_literal(series, |number| value(binary, *literal, number, number)))
        }
        (left, MetricExpr::Literal(literal)) => {
            let series = context.evaluate(left)?;
            Ok(with_literal(series, |number| value(binary, number, *literal, number)))
        }
        (left, right) => {
            let left = context.evaluate(left)?;
            let right = context.evaluate(right)?;
            match binary.op {
                BinaryOp::Or | BinaryOp::And | BinaryOp::Unless => Ok(set(context, binary, left, right)),
                _ => matched(context, binary, &left, &right),
            }
        }
    }
}

fn with_literal(series: Vec<Series>, f: impl Fn(f64) -> Option<f64>) -> Vec<Series> {
    let change = |one: Series| Series {
        points: one.points.iter().filter_map(|(at, number)| Some((*at, f(*number)?))).collect(),
        labels: one.labels,
    };
    series.into_iter().map(change).collect()
}

/// The labels that two sides must share.
fn signature(matching: Option<&Matching>, labels: &LabelSet) -> LabelSet {
    match matching {
        None => labels.clone(),
        Some(matching) => {
            labels.filtered(|name| matching.labels.iter().any(|label| label == name) == matching.on)
        }
    }
}

fn set(context: &Context<'_>, binary: &Binary, left: Vec<Series>, right: Vec<Series>) -> Vec<Series> {
    let matching = binary.matching.as_ref();
    // For each signature the steps at which that side has a value.
    let present = |series: &[Series]| {
        let mut present: HashMap<LabelSet, Vec<bool>> = HashMap::new();
        for one in series {
            let steps = present
                .entry(signature(matching, &one.labels))
                .or_insert_with(|| vec![false; context.steps.count]);
            one.points.iter().for_each(|(at, _)| steps[*at as usize] = true);
        }
        present
    };
    let filter = |series: Vec<Series>, other: &HashMap<LabelSet, Vec<bool>>, wanted: bool| {
        let change = move |mut one: Series| {
            let steps = other.get(&signature(matching, &one.labels));
            one.points.retain(|(at, _)| steps.is_some_and(|steps| steps[*at as usize]) == wanted);
            one
        };
        series.into_iter().map(change).filter(|one| !one.points.is_empty()).collect::<Vec<_>>()
    };
    match binary.op {
        BinaryOp::And => filter(left, &present(&right), true),
        BinaryOp::Unless => filter(left, &present(&right), false),
        _ => {
            let right = filter(right, &present(&left), false);
            merge(left.into_iter().chain(right))
        }
    }
}

/// Joins series with equal labels; of two values at one step the first stays.
fn merge(series: impl Iterator<Item = Series>) -> Vec<Series> {
    let mut known: HashMap<LabelSet, usize> = HashMap::new();
    let mut out: Vec<Series> = Vec::new();
    for one in series {
        match known.get(&one.labels) {
            Some(at) => {
                let target = &mut out[*at];
                let taken: HashSet<u32> = target.points.iter().map(|(step, _)| *step).collect();
                target.points.extend(one.points.iter().filter(|(step, _)| !taken.contains(step)));
                target.points.sort_by_key(|(step, _)| *step);
            }
            None => {
                known.insert(one.labels.clone(), out.len());
                out.push(one);
            }
        }
    }
    out
}

fn matched(
    context: &Context<'_>,
    binary: &Binary,
    left: &[Series],
    right: &[Series],
) -> Result<Vec<Series>, EvalError> {
    let default = Matching::default();
    let matching = binary.matching.as_ref().unwrap_or(&default);
    let swapped = matching.card == Card::OneToMany;
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    // The one side: for each signature and step the series and its value.
    let mut ones: HashMap<LabelSet, Vec<Option<(usize, f64)>>> = HashMap::new();
    for (index, series) in one.iter().enumerate() {
        let signature = signature(binary.matching.as_ref(), &series.labels);
        let row = ones.entry(signature).or_insert_with_key(|_| vec![None; context.steps.count]);
        for (at, number) in &series.points {
            let cell = &mut row[*at as usize];
            if let Some((other, _)) = cell {
                return Err(EvalError::ManyToMany {
                    message: format!(
                        "many-to-many matching not allowed: {} and {} match the same labels on the one side",
                        one[*other].labels, series.labels
                    ),
                });
            }
            *cell = Some((index, *number));
        }
    }
    let mut out: HashMap<LabelSet, Vec<Option<f64>>> = HashMap::new();
    let mut order = Vec::new();
    // With one to one, a second series of the many side at the same step is an error even when it would fit.
    let mut taken: HashMap<LabelSet, Vec<bool>> = HashMap::new();
    for series in many {
        let signature = signature(binary.matching.as_ref(), &series.labels);
        let Some(row) = ones.get(&signature) else { continue };
        for (at, number) in &series.points {
            let Some((index, other)) = row[*at as usize] else { continue };
            if matching.card == Card::OneToOne {
                let steps =
                    taken.entry(signature.clone()).or_insert_with(|| vec![false; context.steps.count]);
                if std::mem::replace(&mut steps[*at as usize], true) {
                    return Err(EvalError::ManyToMany {
                        message: "many-to-one matching must be explicit (group_left/group_right)".to_owned(),
                    });
                }
            }
            let (l, r) = if swapped { (other, *number) } else { (*number, other) };
            let Some(result) = value(binary, l, r, l) else { continue };
            let labels = result_labels(&series.labels, &one[index].labels, binary.matching.as_ref());
            let row = out.entry(labels).or_insert_with_key(|labels| {
                order.push(labels.clone());
                vec![None; context.steps.count]
            });
            if row[*at as usize].replace(result).is_some() {
                return Err(EvalError::ManyToMany {
                    message: "grouping labels must ensure unique matches".to_owned(),
                });
            }
        }
    }
    let series = order.into_iter().map(|labels| {
        let row = out.remove(&labels).unwrap_or_default();
        let points = row.iter().enumerate().filter_map(|(at, value)| Some((at as u32, (*value)?))).collect();
        Series { labels, points }
    });
    Ok(series.collect())
}

fn result_labels(many: &LabelSet, one: &LabelSet, matching: Option<&Matching>) -> LabelSet {
    let Some(matching) = matching else { return many.clone() };
    let mut labels =
        if matching.card == Card::OneToOne { signature(Some(matching), many) } else { many.clone() };
    for name in &matching.include {
        labels = labels.with(name, one.get(name).unwrap_or(""));
    }
    labels
}
