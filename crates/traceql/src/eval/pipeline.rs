//! The steps of a pipeline over the spans of one trace.

use super::field::{arithmetic, compare, execute};
use super::tree::{inverse, related};
use super::view::TraceView;
use crate::ast::{Aggregate, BinaryOp, SpansetOp};
use crate::plan::{Code, Plan, Step};
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// Spans (by number within the trace, each once) and what stages found out about them together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    pub spans: Vec<u32>,
    pub attributes: Vec<(String, Value)>,
}

/// Runs all steps over the whole trace; empty sets are dropped on the way.
pub(crate) fn run(steps: &[Step], plan: &Plan, view: &TraceView<'_>) -> Vec<Set> {
    let all = Set { spans: (0..view.spans.len() as u32).collect(), attributes: Vec::new() };
    run_on(steps, plan, view, vec![all])
}

fn run_on(steps: &[Step], plan: &Plan, view: &TraceView<'_>, mut sets: Vec<Set>) -> Vec<Set> {
    for step in steps {
        sets = one(step, plan, view, sets);
        if sets.is_empty() {
            break;
        }
    }
    sets
}

fn one(step: &Step, plan: &Plan, view: &TraceView<'_>, sets: Vec<Set>) -> Vec<Set> {
    match step {
        Step::Nothing => sets,
        Step::Filter(Code::Literal(Value::Bool(true))) => sets,
        Step::Filter(code) => sets
            .into_iter()
            .filter_map(|mut set| {
                set.spans.retain(|span| execute(code, plan, view, *span as usize).is_true());
                (!set.spans.is_empty()).then_some(set)
            })
            .collect(),
        Step::Nested(steps) => run_on(steps, plan, view, sets),
        Step::Coalesce => {
            let spans = sets.iter().flat_map(|set| set.spans.iter().copied());
            vec![Set { spans: unique(spans), attributes: Vec::new() }]
        }
        Step::By(name, code) => sets.iter().flat_map(|set| group(set, name, code, plan, view)).collect(),
        Step::Scalar { name, aggregate, field, op, value } => sets
            .into_iter()
            .filter_map(|mut set| {
                let found = aggregate_of(*aggregate, field.as_ref(), &set.spans, plan, view);
                let keep = !found.is_nil() && compare(*op, &found, value);
                set.attributes.push((name.clone(), found));
                keep.then_some(set)
            })
            .collect(),
        Step::Combine(op, left, right) => sets
            .into_iter()
            .filter_map(|set| {
                let side = |step: &Step| {
                    let sets = one(step, plan, view, vec![set.clone()]);
                    unique(sets.iter().flat_map(|set| set.spans.iter().copied()))
                };
                let spans = combine(*op, side(left), side(right), view);
                (!spans.is_empty()).then_some(Set { spans, attributes: set.attributes })
            })
            .collect(),
    }
}

fn unique(spans: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut seen = HashSet::new();
    spans.filter(|span| seen.insert(*span)).collect()
}

fn combine(op: SpansetOp, left: Vec<u32>, right: Vec<u32>, view: &TraceView<'_>) -> Vec<u32> {
    match op {
        SpansetOp::And if left.is_empty() || right.is_empty() => Vec::new(),
        SpansetOp::And | SpansetOp::Or => unique(left.into_iter().chain(right)),
        SpansetOp::Related(_) | SpansetOp::Both(_) if left.is_empty() || right.is_empty() => Vec::new(),
        SpansetOp::Related(relation) => {
            let found = related(view.places(), relation, &left, &right);
            right.into_iter().filter(|span| found.contains(span)).collect()
        }
        SpansetOp::NotRelated(relation) => {
            let found = related(view.places(), relation, &left, &right);
            right.into_iter().filter(|span| !found.contains(span)).collect()
        }
        SpansetOp::Both(relation) => {
            let mut found = related(view.places(), relation, &left, &right);
            found.extend(related(view.places(), inverse(relation), &right, &left));
            unique(left.into_iter().chain(right).filter(|span| found.contains(span)))
        }
    }
}

fn group(set: &Set, name: &str, code: &Code, plan: &Plan, view: &TraceView<'_>) -> Vec<Set> {
    let mut order: Vec<Set> = Vec::new();
    let mut known: HashMap<Value, usize> = HashMap::new();
    for span in &set.spans {
        let value = execute(code, plan, view, *span as usize);
        let at = *known.entry(value.clone()).or_insert_with(|| {
            let mut attributes = set.attributes.clone();
            attributes.push((name.to_owned(), value));
            order.push(Set { spans: Vec::new(), attributes });
            order.len() - 1
        });
        order[at].spans.push(*span);
    }
    order
}

fn aggregate_of(
    aggregate: Aggregate,
    field: Option<&Code>,
    spans: &[u32],
    plan: &Plan,
    view: &TraceView<'_>,
) -> Value {
    let Some(code) = field else { return Value::Int(spans.len() as i64) };
    let mut count = 0_i64;
    let mut out = Value::Nil;
    for span in spans {
        let value = execute(code, plan, view, *span as usize);
        if value.number().is_none() {
            continue;
        }
        count += 1;
        let better = |op| compare(op, &value, &out);
        out = match aggregate {
            _ if out.is_nil() => value,
            Aggregate::Min if better(BinaryOp::Less) => value,
            Aggregate::Max if better(BinaryOp::Greater) => value,
            Aggregate::Min | Aggregate::Max | Aggregate::Count => out,
            Aggregate::Sum | Aggregate::Avg => arithmetic(BinaryOp::Add, &out, &value),
        };
    }
    match (aggregate, &out) {
        (Aggregate::Avg, Value::Duration(sum)) => Value::Duration(sum / count.max(1)),
        (Aggregate::Avg, sum) => {
            sum.number().map_or(Value::Nil, |sum| Value::Float(sum / count.max(1) as f64))
        }
        _ => out,
    }
}
