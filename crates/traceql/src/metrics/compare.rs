//! `compare({…}, top)`: how the attributes of the spans that match differ from those of the rest.

use super::{Intervals, MetricsAnswer, MetricsSeries, too_many_series};
use crate::ast::{MetricsFn, Pipeline};
use crate::error::EvalError;
use crate::eval::{Engine, Interrupt, TraceView, run as run_steps};
use crate::plan::{Plan, hints, pipeline_plan, same_span};
use crate::value::{Value, kind_name, status_name};
use model::traces::{Attributes, TraceQuerier, TraceScan};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

/// Distinct values that are counted of one attribute; more are left out of the ranking.
const MAX_VALUES: usize = 10_000;

/// Counts a interval of each value, by attribute.
type Counts = HashMap<String, HashMap<Value, Vec<u64>>>;

pub(super) fn run(
    engine: &Engine,
    store: &dyn TraceQuerier,
    pipeline: &Pipeline,
    function: &MetricsFn,
    intervals: &Intervals,
    interrupt: &dyn Interrupt,
    answer: &mut MetricsAnswer,
) -> Result<Vec<MetricsSeries>, EvalError> {
    let MetricsFn::Compare { filter, top, start, end } = function else { return Ok(Vec::new()) };
    let (plan, steps) = pipeline_plan(pipeline)?;
    let mut selection = Plan::default();
    let choose = [selection.step(filter)?];
    let mut sides: [Counts; 2] = [HashMap::new(), HashMap::new()];
    let hints = hints(pipeline);
    let range = model::logs::NanosRange {
        start: intervals.time(0).saturating_sub(intervals.step),
        end: intervals.time(intervals.count),
    };
    let scan =
        TraceScan { range: Some(range), hints: &hints, same_span: same_span(pipeline), newest_first: false };
    let mut stopped = false;
    let stats = store.scan(&scan, &mut |trace| {
        stopped = interrupt.interrupted();
        if stopped {
            return ControlFlow::Break(());
        }
        let view = TraceView::new(trace);
        let chosen: HashSet<u32> =
            run_steps(&choose, &selection, &view).into_iter().flat_map(|set| set.spans).collect();
        for span in run_steps(&steps, &plan, &view).into_iter().flat_map(|set| set.spans) {
            let at = span as usize;
            let t = view.spans[at].start;
            let Some(interval) = intervals.index(t) else { continue };
            let in_window = *end <= *start || (*start..=*end).contains(&t);
            let side = usize::from(chosen.contains(&span) && in_window);
            each_attribute(&view, at, &mut |name, value| {
                let values = sides[side].entry(name).or_default();
                if values.len() < MAX_VALUES || values.contains_key(&value) {
                    values.entry(value).or_insert_with(|| vec![0; intervals.count])[interval] += 1;
                }
            });
        }
        ControlFlow::Continue(())
    })?;
    if stopped {
        return Err(EvalError::Interrupted);
    }
    answer.inspected_traces += stats.traces;
    answer.inspected_bytes += stats.bytes;
    answer.inspected_spans += stats.spans;
    let [baseline, selected] = sides;
    let mut out = side_series("baseline", baseline, *top, intervals);
    out.extend(side_series("selection", selected, *top, intervals));
    if out.len() > engine.limits.max_series {
        return Err(too_many_series(engine.limits.max_series));
    }
    Ok(out)
}

fn each_attribute(view: &TraceView<'_>, at: usize, show: &mut dyn FnMut(String, Value)) {
    let (span, batch) = (view.spans[at], view.batches[at]);
    show("name".to_owned(), Value::Str(span.name.clone()));
    show("kind".to_owned(), Value::str(kind_name(span.kind)));
    show("status".to_owned(), Value::str(status_name(span.status)));
    if let Some(root) = view.root() {
        show("rootName".to_owned(), Value::Str(view.spans[root].name.clone()));
        show("rootServiceName".to_owned(), Value::str(view.service_name(root)));
    }
    let mut all = |prefix: &str, attributes: &Attributes| {
        for (name, value) in attributes {
            let value = Value::from_attr(value);
            if !value.is_nil() {
                show(format!("{prefix}{name}"), value);
            }
        }
    };
    all("span.", &span.attributes);
    all("resource.", &batch.resource.attributes);
}

/// The `top` values of each attribute, and the attribute's total.
fn side_series(side: &str, counts: Counts, top: i64, intervals: &Intervals) -> Vec<MetricsSeries> {
    let series = |meta: String, name: &str, value: Value, counts: &[u64]| MetricsSeries {
        labels: vec![("__meta_type".to_owned(), Value::str(meta)), (name.to_owned(), value)],
        samples: counts.iter().enumerate().map(|(at, count)| (intervals.time(at), *count as f64)).collect(),
        exemplars: Vec::new(),
    };
    let mut out = Vec::new();
    for (name, values) in counts.into_iter().collect::<BTreeMap<_, _>>() {
        let mut total = vec![0; intervals.count];
        for counts in values.values() {
            total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        }
        let mut ranked: Vec<(Value, Vec<u64>)> = values.into_iter().collect();
        ranked.sort_by_key(|(value, counts)| (std::cmp::Reverse(counts.iter().sum::<u64>()), value.plain()));
        for (value, counts) in ranked.into_iter().take(top.max(0) as usize) {
            out.push(series(side.to_owned(), &name, value, &counts));
        }
        out.push(series(format!("{side}_total"), &name, Value::Nil, &total));
    }
    out
}
