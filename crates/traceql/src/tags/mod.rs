//! Names and values of attributes, of all spans or of those that a filter lets through.

use crate::ast::{Attribute, Expr, Intrinsic};
use crate::error::EvalError;
use crate::eval::{Engine, Interrupt, TraceView, inclusive, run};
use crate::plan::{hints, same_span, search_plan};
use crate::value::{KINDS, Value};
use model::logs::NanosRange;
use model::traces::{AttrScope, AttrValue, Attributes, StatusCode, TraceQuerier, TraceScan};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

/// Names by scope, sorted.
pub type TagNames = BTreeMap<AttrScope, Vec<String>>;

/// Attributes that have a column of their own in Tempo's blocks.
const OWN_COLUMNS: [(AttrScope, &str); 9] = [
    (AttrScope::Span, "http.request.method"),
    (AttrScope::Span, "http.response.status_code"),
    (AttrScope::Span, "http.route"),
    (AttrScope::Span, "url.path"),
    (AttrScope::Resource, "service.name"),
    (AttrScope::Resource, "k8s.cluster.name"),
    (AttrScope::Resource, "k8s.namespace.name"),
    (AttrScope::Resource, "k8s.pod.name"),
    (AttrScope::Resource, "k8s.container.name"),
];

/// The intrinsics that Tempo lists among the tags, both forms.
pub fn intrinsic_tag_names() -> [&'static str; 25] {
    [
        "duration",
        "event:name",
        "event:timeSinceStart",
        "instrumentation:name",
        "instrumentation:version",
        "kind",
        "link:spanID",
        "link:traceID",
        "name",
        "rootName",
        "rootServiceName",
        "span:duration",
        "span:id",
        "span:kind",
        "span:name",
        "span:parentID",
        "span:status",
        "span:statusMessage",
        "status",
        "statusMessage",
        "trace:duration",
        "trace:id",
        "trace:rootName",
        "trace:rootService",
        "traceDuration",
    ]
}

impl Engine {
    /// Names of attributes; with a filter, of the spans that it lets through.
    ///
    /// # Errors
    /// [`EvalError`] when the store fails or the interrupt says stop.
    pub fn tag_names(
        &self,
        store: &dyn TraceQuerier,
        filter: Option<&Expr>,
        range: Option<NanosRange>,
        interrupt: &dyn Interrupt,
    ) -> Result<TagNames, EvalError> {
        let Some(filter) = filter else {
            return Ok(store.tag_names(range.map(inclusive))?.into_iter().collect());
        };
        let mut names: BTreeMap<AttrScope, BTreeSet<String>> = BTreeMap::new();
        self.matching(store, filter, range, interrupt, &mut |view, at| {
            let mut add = |scope, attributes: &Attributes| {
                for (name, _) in attributes {
                    let of_scope = names.entry(scope).or_default();
                    if !of_scope.contains(&**name) {
                        of_scope.insert(name.to_string());
                    }
                }
            };
            let (span, batch) = (view.spans[at], view.batches[at]);
            add(AttrScope::Span, &span.attributes);
            add(AttrScope::Resource, &batch.resource.attributes);
            add(AttrScope::Instrumentation, &batch.scope.attributes);
            span.events.iter().for_each(|event| add(AttrScope::Event, &event.attributes));
            span.links.iter().for_each(|link| add(AttrScope::Link, &link.attributes));
            ControlFlow::Continue(())
        })?;
        // Tempo keeps some attributes in columns of their own, and lists those columns whatever the filter says.
        for (scope, known) in store.tag_names(range.map(inclusive))? {
            let columns = known.into_iter().filter(|name| OWN_COLUMNS.contains(&(scope, name.as_str())));
            names.entry(scope).or_default().extend(columns);
        }
        Ok(names.into_iter().map(|(scope, names)| (scope, names.into_iter().collect())).collect())
    }

    /// Distinct values of an attribute or intrinsic; with a filter, of the spans that it lets through.
    ///
    /// # Errors
    /// [`EvalError`] when the store fails or the interrupt says stop.
    pub fn tag_values(
        &self,
        store: &dyn TraceQuerier,
        attribute: &Attribute,
        filter: Option<&Expr>,
        range: Option<NanosRange>,
        limit: usize,
        interrupt: &dyn Interrupt,
    ) -> Result<Vec<Value>, EvalError> {
        let limit = limit.min(self.limits.max_tag_values);
        match attribute.intrinsic {
            Some(Intrinsic::Status) => {
                let all = [StatusCode::Error, StatusCode::Ok, StatusCode::Unset];
                return Ok(all.into_iter().map(Value::Status).collect());
            }
            Some(Intrinsic::Kind) => return Ok(KINDS.iter().map(|(kind, _)| Value::Kind(*kind)).collect()),
            // Numbers and ids have no values worth a list.
            Some(
                Intrinsic::Duration
                | Intrinsic::TraceDuration
                | Intrinsic::EventTimeSinceStart
                | Intrinsic::ChildCount
                | Intrinsic::Parent
                | Intrinsic::SpanId
                | Intrinsic::ParentId
                | Intrinsic::TraceId
                | Intrinsic::NestedSetLeft
                | Intrinsic::NestedSetRight
                | Intrinsic::NestedSetParent
                | Intrinsic::LinkTraceId
                | Intrinsic::LinkSpanId,
            ) => return Ok(Vec::new()),
            Some(Intrinsic::Name) if filter.is_none() => {
                if let Some(names) = store.span_names(range.map(inclusive), limit)? {
                    return Ok(distinct(names.into_iter().map(Value::Str).collect(), limit));
                }
            }
            // Unscoped, a missing service name would be one of a span as well as of its resource.
            None if filter.is_none() && (attribute.is_service_name() || attribute.name != "service.name") => {
                let values = store.tag_values(
                    attribute.scope.to_model(),
                    &attribute.name,
                    range.map(inclusive),
                    limit,
                )?;
                let mut out: Vec<Value> = Vec::new();
                for value in &values {
                    if attribute.is_service_name() && *value == AttrValue::Empty {
                        out.push(Value::str(""));
                    }
                    flatten(Value::from_attr(value), &mut |value| out.push(value));
                }
                return Ok(distinct(out, limit));
            }
            _ => {}
        }
        let all = everything();
        let mut values = HashSet::new();
        self.matching(store, filter.unwrap_or(&all), range, interrupt, &mut |view, at| {
            view.every_value(attribute, at, &mut |value| {
                values.insert(value);
            });
            if values.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(distinct(values.into_iter().collect(), limit))
    }

    /// Shows every span that a filter lets through.
    fn matching(
        &self,
        store: &dyn TraceQuerier,
        filter: &Expr,
        range: Option<NanosRange>,
        interrupt: &dyn Interrupt,
        show: &mut dyn FnMut(&TraceView<'_>, usize) -> ControlFlow<()>,
    ) -> Result<(), EvalError> {
        let (plan, steps) = search_plan(filter)?;
        let pipelines = filter.pipelines();
        let hints = pipelines.first().map(|pipeline| hints(pipeline)).unwrap_or_default();
        let same_span = pipelines.first().is_some_and(|pipeline| same_span(pipeline));
        let scan = TraceScan { range: range.map(inclusive), hints: &hints, same_span, newest_first: false };
        let mut stopped = false;
        store.scan(&scan, &mut |trace| {
            stopped = interrupt.interrupted();
            if stopped {
                return ControlFlow::Break(());
            }
            let view = TraceView::new(trace);
            for span in run(&steps, &plan, &view).into_iter().flat_map(|set| set.spans) {
                if show(&view, span as usize).is_break() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        if stopped { Err(EvalError::Interrupted) } else { Ok(()) }
    }
}

/// `{ true }`.
fn everything() -> Expr {
    use crate::ast::{FieldExpr, Pipeline, Root, Stage};
    let filter = Stage::Filter(FieldExpr::Literal(Value::Bool(true)));
    Expr { root: Root::Search(Pipeline { stages: vec![filter] }), hints: Vec::new() }
}

/// The elements of an array are values of their own.
fn flatten(value: Value, show: &mut dyn FnMut(Value)) {
    match value {
        Value::Nil => {}
        Value::Array(values) => values.into_iter().for_each(show),
        value => show(value),
    }
}

fn distinct(values: Vec<Value>, limit: usize) -> Vec<Value> {
    let unique: HashSet<Value> = values.into_iter().collect();
    let mut out: Vec<Value> = unique.into_iter().collect();
    out.sort_by(|a, b| {
        a.compare(b).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.plain().cmp(&b.plain()))
    });
    out.truncate(limit);
    out
}
