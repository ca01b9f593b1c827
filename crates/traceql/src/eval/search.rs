//! The search: which traces, and what is said of each.

use super::view::{TraceView, inclusive};
use super::{Engine, Interrupt, run};
use crate::ast::{Expr, Intrinsic};
use crate::check::check;
use crate::error::EvalError;
use crate::plan::{Plan, hints, same_span, search_plan};
use crate::value::Value;
use model::clock::Nanos;
use model::logs::NanosRange;
use model::traces::{SpanId, StatusCode, TraceId, TraceQuerier, TraceScan};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// Traces that overlap it, both ends included.
    pub range: Option<NanosRange>,
    pub limit: usize,
    pub spans_per_spanset: usize,
    /// Nanoseconds; bounds of the trace's duration.
    pub min_duration: Option<Nanos>,
    pub max_duration: Option<Nanos>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct SearchAnswer {
    pub traces: Vec<FoundTrace>,
    pub inspected_traces: u64,
    pub inspected_bytes: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FoundTrace {
    pub id: TraceId,
    pub root_service: String,
    /// None when the root has not arrived.
    pub root_name: Option<String>,
    pub start: Nanos,
    pub duration: Nanos,
    pub spansets: Vec<FoundSpanset>,
    pub services: BTreeMap<String, ServiceStats>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceStats {
    pub spans: u32,
    pub errors: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FoundSpanset {
    /// The first ones, at most as many as asked for.
    pub spans: Vec<FoundSpan>,
    pub matched: usize,
    pub attributes: Vec<(String, Value)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FoundSpan {
    pub id: SpanId,
    /// Only when the query mentions `name`.
    pub name: Option<Arc<str>>,
    pub start: Nanos,
    pub duration: Nanos,
    pub attributes: Vec<(String, Value)>,
}

/// What Tempo writes when the root span is missing, or is of no service.
const NO_ROOT: &str = "<root span not yet received>";

impl Engine {
    /// Searches a store.
    ///
    /// # Errors
    /// [`EvalError`] when the query is wrong, the store fails or the interrupt says stop.
    pub fn search(
        &self,
        store: &dyn TraceQuerier,
        expr: &Expr,
        request: &SearchRequest,
        interrupt: &dyn Interrupt,
    ) -> Result<SearchAnswer, EvalError> {
        check(expr)?;
        let (plan, steps) = search_plan(expr)?;
        let pipelines = expr.pipelines();
        let hints = pipelines.first().map(|pipeline| hints(pipeline)).unwrap_or_default();
        let same_span = pipelines.first().is_some_and(|pipeline| same_span(pipeline));
        let newest_first = expr.hint_is_true("most_recent");
        let scan = TraceScan { range: request.range.map(inclusive), hints: &hints, same_span, newest_first };
        let mut answer = SearchAnswer::default();
        let mut stopped = false;
        let stats = store.scan(&scan, &mut |trace| {
            if interrupt.interrupted() {
                stopped = true;
                return ControlFlow::Break(());
            }
            let view = TraceView::new(trace);
            let (start, end) = (view.start(), view.end());
            let fits = scan.range.is_none_or(|range| start < range.end && end >= range.start)
                && request.min_duration.is_none_or(|least| end - start >= least)
                && request.max_duration.is_none_or(|most| end - start <= most);
            let sets = if fits { run(&steps, &plan, &view) } else { Vec::new() };
            if !sets.is_empty() {
                let spansets =
                    sets.iter().map(|set| spanset(set, &plan, &view, request.spans_per_spanset)).collect();
                answer.traces.push(found(&view, spansets));
                if !newest_first && answer.traces.len() >= request.limit {
                    return ControlFlow::Break(());
                }
                if newest_first && answer.traces.len() >= 2 * request.limit.max(64) {
                    keep_newest(&mut answer.traces, request.limit);
                }
            }
            // Traces come by their ends: when this one ended before the last of the newest began, so did all others.
            if newest_first && request.limit > 0 && answer.traces.len() >= request.limit {
                let mut starts: Vec<Nanos> = answer.traces.iter().map(|trace| trace.start).collect();
                let last = request.limit - 1;
                let (_, oldest, _) =
                    starts.select_nth_unstable_by_key(last, |start| std::cmp::Reverse(*start));
                if end < *oldest {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        if stopped {
            return Err(EvalError::Interrupted);
        }
        keep_newest(&mut answer.traces, request.limit);
        (answer.inspected_traces, answer.inspected_bytes) = (stats.traces, stats.bytes);
        Ok(answer)
    }
}

fn keep_newest(traces: &mut Vec<FoundTrace>, limit: usize) {
    traces.sort_by_key(|trace| std::cmp::Reverse(trace.start));
    traces.truncate(limit);
}

fn spanset(set: &super::pipeline::Set, plan: &Plan, view: &TraceView<'_>, most: usize) -> FoundSpanset {
    let named = plan.wants.iter().position(|want| want.attribute.intrinsic == Some(Intrinsic::Name));
    let spans = set
        .spans
        .iter()
        .take(most)
        .map(|number| {
            let at = *number as usize;
            let span = view.spans[at];
            let name = named.and_then(|want| match view.value(plan, want, at) {
                Value::Str(name) => Some(name),
                _ => None,
            });
            FoundSpan {
                id: span.span_id,
                name,
                start: span.start,
                duration: span.duration(),
                attributes: view.shown(plan, at),
            }
        })
        .collect();
    FoundSpanset { spans, matched: set.spans.len(), attributes: set.attributes.clone() }
}

fn found(view: &TraceView<'_>, spansets: Vec<FoundSpanset>) -> FoundTrace {
    let mut services: BTreeMap<String, ServiceStats> = BTreeMap::new();
    for (at, span) in view.spans.iter().enumerate() {
        let service = view.service_name(at);
        let stats = match services.get_mut(service) {
            Some(stats) => stats,
            None => services.entry(service.to_owned()).or_default(),
        };
        stats.spans += 1;
        stats.errors += u32::from(span.status == StatusCode::Error);
    }
    let root = view.root();
    let root_service =
        root.map(|root| view.service_name(root)).filter(|name| !name.is_empty()).unwrap_or(NO_ROOT);
    FoundTrace {
        id: view.trace.id,
        root_service: root_service.to_owned(),
        root_name: root.map(|root| view.spans[root].name.to_string()),
        start: view.start(),
        duration: view.end() - view.start(),
        spansets,
        services,
    }
}
