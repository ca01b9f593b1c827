//! Vector aggregations: `sum`, `avg`, `min`, `max`, `count`, `stddev`, `stdvar`, `topk`, `bottomk`, `sort`, `sort_desc`.

use super::load::Groups;
use super::{Context, Series, over_time};
use crate::ast::{Grouping, MetricExpr, RangeOp, VectorAggregation, VectorOp};
use crate::{EvalError, LabelSet};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Whether the order of the answer is the query's, not ours.
pub(super) fn keeps_order(metric: &MetricExpr) -> bool {
    matches!(metric, MetricExpr::Vector(vector) if matches!(vector.op, VectorOp::Sort | VectorOp::SortDesc | VectorOp::TopK | VectorOp::BottomK))
}

pub(super) fn evaluate(context: &Context<'_>, vector: &VectorAggregation) -> Result<Vec<Series>, EvalError> {
    if vector.op == VectorOp::ApproxTopK {
        return Err(EvalError::Unsupported {
            message: "approx_topk is not enabled. See -limits.shard_aggregations".to_owned(),
        });
    }
    let series = inner(context, vector)?;
    match vector.op {
        VectorOp::Sort | VectorOp::SortDesc => Ok(sorted(series, vector.op == VectorOp::SortDesc)),
        VectorOp::TopK | VectorOp::BottomK => Ok(top(context, vector, series)),
        _ => Ok(grouped(context, vector, &series)),
    }
}

/// A `sum` hands its grouping to the aggregation below it, so that lines are grouped while they are read: this is why
/// `sum by (x) (rate(…))` works on lines that have thousands of label sets.
fn inner(context: &Context<'_>, vector: &VectorAggregation) -> Result<Vec<Series>, EvalError> {
    if let (VectorOp::Sum, MetricExpr::Range(range)) = (vector.op, &*vector.inner) {
        let additive = matches!(
            range.op,
            RangeOp::CountOverTime
                | RangeOp::Rate
                | RangeOp::BytesOverTime
                | RangeOp::BytesRate
                | RangeOp::SumOverTime
        );
        if additive && range.grouping.is_none() {
            return context.range_aggregation(range, Some(&Groups::of(vector.grouping.as_ref())));
        }
    }
    context.evaluate(&vector.inner)
}

fn group_labels(grouping: Option<&Grouping>, labels: &LabelSet) -> LabelSet {
    match grouping {
        None => LabelSet::default(),
        Some(grouping) => labels.filtered(|name| grouping.keeps(name)),
    }
}

/// Indexes of the series of each group, groups in the order in which they are found.
fn groups(grouping: Option<&Grouping>, series: &[Series]) -> Vec<(LabelSet, Vec<usize>)> {
    let mut known: HashMap<LabelSet, usize> = HashMap::new();
    let mut groups: Vec<(LabelSet, Vec<usize>)> = Vec::new();
    for (at, one) in series.iter().enumerate() {
        let labels = group_labels(grouping, &one.labels);
        let index = *known.entry(labels.clone()).or_insert_with(|| {
            groups.push((labels, Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(at);
    }
    groups
}

fn grouped(context: &Context<'_>, vector: &VectorAggregation, series: &[Series]) -> Vec<Series> {
    let mut out = Vec::new();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); context.steps.count];
    for (labels, members) in groups(vector.grouping.as_ref(), series) {
        if let ([only], true) =
            (&members[..], matches!(vector.op, VectorOp::Sum | VectorOp::Avg | VectorOp::Min | VectorOp::Max))
        {
            out.push(Series { labels, points: series[*only].points.clone() });
            continue;
        }
        columns.iter_mut().for_each(Vec::clear);
        for member in members {
            for (step, value) in &series[member].points {
                columns[*step as usize].push(*value);
            }
        }
        let filled = columns.iter().enumerate().filter(|(_, values)| !values.is_empty());
        let points = filled.map(|(step, values)| (step as u32, reduce(vector.op, values))).collect();
        out.push(Series { labels, points });
    }
    out
}

fn reduce(op: VectorOp, values: &[f64]) -> f64 {
    let all = values.iter().copied();
    match op {
        VectorOp::Avg => over_time::mean(all),
        VectorOp::Min => over_time::pick(all, |new, old| new < old),
        VectorOp::Max => over_time::pick(all, |new, old| new > old),
        VectorOp::Count => values.len() as f64,
        VectorOp::Stdvar => over_time::variance(all),
        VectorOp::Stddev => over_time::variance(all).sqrt(),
        _ => all.sum(),
    }
}

/// NaN comes last either way.
fn by_value(a: f64, b: f64, descending: bool) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if descending => b.total_cmp(&a),
        (false, false) => a.total_cmp(&b),
    }
}

/// By the value of the first step: ordering means something for instant queries only.
fn sorted(mut series: Vec<Series>, descending: bool) -> Vec<Series> {
    let value = |one: &Series| one.points.first().map_or(f64::NAN, |(_, value)| *value);
    series.sort_by(|a, b| by_value(value(a), value(b), descending).then_with(|| a.labels.cmp(&b.labels)));
    series
}

/// The `k` best of each group, chosen anew at every step; labels stay whole.
fn top(context: &Context<'_>, vector: &VectorAggregation, series: Vec<Series>) -> Vec<Series> {
    let k = usize::try_from(vector.parameter.unwrap_or(0)).unwrap_or(0);
    let descending = vector.op == VectorOp::TopK;
    let mut kept: Vec<Vec<(u32, f64)>> = vec![Vec::new(); series.len()];
    for (_, members) in groups(vector.grouping.as_ref(), &series) {
        let mut columns: Vec<Vec<(usize, f64)>> = vec![Vec::new(); context.steps.count];
        for member in members {
            for (step, value) in &series[member].points {
                columns[*step as usize].push((member, *value));
            }
        }
        for (step, mut column) in columns.into_iter().enumerate() {
            column.sort_by(|a, b| {
                by_value(a.1, b.1, descending).then_with(|| series[a.0].labels.cmp(&series[b.0].labels))
            });
            for (member, value) in column.into_iter().take(k) {
                kept[member].push((step as u32, value));
            }
        }
    }
    let series = series.into_iter().zip(kept).filter(|(_, points)| !points.is_empty());
    let series = series.map(|(one, points)| Series { labels: one.labels, points }).collect();
    sorted(series, descending)
}
