//! One trace as a query sees it: its spans in a row, their places in the tree, its root, and the values of attributes
//! as far as the plan's conditions accept them.

use super::field::accepts;
use super::tree::{Place, places};
use crate::ast::{Attribute, AttributeScope, BinaryOp, Intrinsic};
use crate::plan::{Plan, Want};
use crate::value::Value;
use model::clock::Nanos;
use model::logs::NanosRange;
use model::traces::{Attributes, Span, SpanBatch, Trace};
use std::cell::OnceCell;

/// A window with both ends included as a range that excludes its end.
pub(crate) fn inclusive(range: NanosRange) -> NanosRange {
    NanosRange { start: range.start, end: range.end.saturating_add(1) }
}

pub(crate) struct TraceView<'a> {
    pub trace: &'a Trace,
    pub batches: Vec<&'a SpanBatch>,
    pub spans: Vec<&'a Span>,
    places: OnceCell<Vec<Place>>,
}

impl<'a> TraceView<'a> {
    pub(crate) fn new(trace: &'a Trace) -> Self {
        let (batches, spans) = trace.spans().unzip();
        Self { trace, batches, spans, places: OnceCell::new() }
    }

    pub(crate) fn places(&self) -> &[Place] {
        self.places.get_or_init(|| places(&self.spans))
    }

    pub(crate) fn start(&self) -> Nanos {
        self.spans.iter().map(|span| span.start).min().unwrap_or(0)
    }

    pub(crate) fn end(&self) -> Nanos {
        self.spans.iter().map(|span| span.end.max(span.start)).max().unwrap_or(0)
    }

    /// The span without a parent; of several the last.
    pub(crate) fn root(&self) -> Option<usize> {
        self.spans.iter().rposition(|span| span.parent.is_none())
    }

    pub(crate) fn service_name(&self, span: usize) -> &str {
        self.batches[span].resource.service_name().unwrap_or("")
    }

    /// Shows every value that an attribute has on a span: one, none, or one an event or link.
    fn raw(
        &self,
        attribute: &Attribute,
        scope: AttributeScope,
        at: usize,
        show: &mut dyn FnMut(usize, Value),
    ) {
        let (span, batch) = (self.spans[at], self.batches[at]);
        let find = |attributes: &Attributes| {
            attributes
                .iter()
                .find(|(name, _)| **name == *attribute.name)
                .map(|(_, value)| Value::from_attr(value))
        };
        if let Some(intrinsic) = attribute.intrinsic {
            return self.intrinsic(intrinsic, at, show);
        }
        match scope {
            AttributeScope::None => {}
            AttributeScope::Span => find(&span.attributes).into_iter().for_each(|value| show(0, value)),
            AttributeScope::Resource => match find(&batch.resource.attributes) {
                Some(value) => show(0, value),
                // A column of its own in Tempo, that is never null.
                None if attribute.name == "service.name" => show(0, Value::str("")),
                None => {}
            },
            AttributeScope::Instrumentation => {
                find(&batch.scope.attributes).into_iter().for_each(|value| show(0, value));
            }
            AttributeScope::Event => {
                for (number, event) in span.events.iter().enumerate() {
                    find(&event.attributes).into_iter().for_each(|value| show(number, value));
                }
            }
            AttributeScope::Link => {
                for (number, link) in span.links.iter().enumerate() {
                    find(&link.attributes).into_iter().for_each(|value| show(number, value));
                }
            }
        }
    }

    fn intrinsic(&self, intrinsic: Intrinsic, at: usize, show: &mut dyn FnMut(usize, Value)) {
        let (span, batch) = (self.spans[at], self.batches[at]);
        let place = || self.places()[at];
        let value = match intrinsic {
            Intrinsic::Duration => Value::Duration(span.duration()),
            Intrinsic::Name => Value::Str(span.name.clone()),
            Intrinsic::Status => Value::Status(span.status),
            Intrinsic::StatusMessage => Value::Str(span.status_message.clone()),
            Intrinsic::Kind => Value::Kind(span.kind),
            Intrinsic::ChildCount => Value::Int(place().children),
            Intrinsic::Parent => Value::Nil,
            Intrinsic::SpanId => Value::str(span.span_id.to_string()),
            Intrinsic::ParentId => {
                Value::str(span.parent.map(|parent| parent.to_string()).unwrap_or_default())
            }
            Intrinsic::TraceId => Value::str(self.trace.id.to_string().trim_start_matches('0')),
            Intrinsic::RootName => {
                Value::Str(self.root().map_or_else(|| "".into(), |root| self.spans[root].name.clone()))
            }
            Intrinsic::RootServiceName => Value::str(self.root().map_or("", |root| self.service_name(root))),
            Intrinsic::TraceDuration => Value::Duration(self.end() - self.start()),
            Intrinsic::NestedSetLeft => Value::Int(place().left),
            Intrinsic::NestedSetRight => Value::Int(place().right),
            Intrinsic::NestedSetParent => Value::Int(place().parent),
            Intrinsic::InstrumentationName => Value::Str(batch.scope.name.clone()),
            Intrinsic::InstrumentationVersion => Value::Str(batch.scope.version.clone()),
            Intrinsic::EventName | Intrinsic::EventTimeSinceStart => {
                for (number, event) in span.events.iter().enumerate() {
                    show(
                        number,
                        match intrinsic {
                            Intrinsic::EventName => Value::Str(event.name.clone()),
                            _ => Value::Duration(event.t.saturating_sub(span.start)),
                        },
                    );
                }
                return;
            }
            Intrinsic::LinkTraceId | Intrinsic::LinkSpanId => {
                for (number, link) in span.links.iter().enumerate() {
                    show(
                        number,
                        match intrinsic {
                            Intrinsic::LinkTraceId => Value::str(link.trace_id.to_string()),
                            _ => Value::str(link.span_id.to_string()),
                        },
                    );
                }
                return;
            }
        };
        show(0, value);
    }

    /// Whether one event (or link) satisfies all conditions on events (or links) of a joint plan.
    fn jointly_accepted(&self, plan: &Plan, links: bool, number: usize, at: usize) -> bool {
        plan.wants
            .iter()
            .filter(|want| if links { want.attribute.is_link() } else { want.attribute.is_event() })
            .filter(|want| !want.everything)
            .all(|want| {
                let mut accepted = false;
                self.raw(&want.attribute, want.attribute.scope, at, &mut |of, value| {
                    accepted |= of == number && visible(want, value).is_some();
                });
                accepted
            })
    }

    fn each_visible(
        &self,
        plan: &Plan,
        want: &Want,
        scope: AttributeScope,
        at: usize,
        show: &mut dyn FnMut(Value),
    ) {
        let (event, link) = (want.attribute.is_event(), want.attribute.is_link());
        self.raw(&want.attribute, scope, at, &mut |number, value| {
            if plan.joint && (event || link) && !self.jointly_accepted(plan, link, number, at) {
                return;
            }
            if let Some(value) = visible(want, value) {
                show(value);
            }
        });
    }

    /// The value that an expression sees: of several events the first that is accepted; unscoped, the span's before
    /// the resource's.
    pub(crate) fn value(&self, plan: &Plan, want: usize, at: usize) -> Value {
        let want = &plan.wants[want];
        let mut first = Value::Nil;
        for scope in scopes(&want.attribute) {
            self.each_visible(plan, want, *scope, at, &mut |value| {
                if first.is_nil() {
                    first = value;
                }
            });
            if !first.is_nil() {
                break;
            }
        }
        first
    }

    /// Every value that an attribute has on a span, of each event or link too.
    pub(crate) fn every_value(&self, attribute: &Attribute, at: usize, show: &mut dyn FnMut(Value)) {
        for scope in scopes(attribute) {
            self.raw(attribute, *scope, at, &mut |_, value| match value {
                Value::Nil => {}
                Value::Array(values) => values.into_iter().for_each(&mut *show),
                value => show(value),
            });
        }
    }

    /// What a result shows of a span: every accepted value under its unscoped name, of several events the last.
    pub(crate) fn shown(&self, plan: &Plan, at: usize) -> Vec<(String, Value)> {
        let mut out: Vec<((AttributeScope, &str), Value)> = Vec::new();
        for want in plan.wants.iter().filter(|want| !want.attribute.intrinsic.is_some_and(is_hidden)) {
            for scope in scopes(&want.attribute) {
                let mut last = Value::Nil;
                self.each_visible(plan, want, *scope, at, &mut |value| last = value);
                let key = (*scope, want.attribute.name.as_str());
                if !last.is_nil() && !out.iter().any(|(known, _)| *known == key) {
                    out.push((key, last));
                }
            }
            // An absence that was asked for is shown as well.
            let found = out.iter().any(|((_, name), _)| *name == want.attribute.name);
            if want.absence && !found {
                out.push(((want.attribute.scope, want.attribute.name.as_str()), Value::Nil));
            }
        }
        out.into_iter().map(|((_, name), value)| (name.to_owned(), value)).collect()
    }
}

/// Fields of their own in a result, so not repeated among the attributes.
fn is_hidden(intrinsic: Intrinsic) -> bool {
    matches!(
        intrinsic,
        Intrinsic::Name
            | Intrinsic::Duration
            | Intrinsic::TraceDuration
            | Intrinsic::RootName
            | Intrinsic::RootServiceName
    )
}

fn scopes(attribute: &Attribute) -> &[AttributeScope] {
    match attribute.scope {
        AttributeScope::None if attribute.intrinsic.is_none() => {
            &[AttributeScope::Span, AttributeScope::Resource]
        }
        _ => std::slice::from_ref(&attribute.scope),
    }
}

/// What the conditions leave of a value: itself, the accepted elements of an array (one alone is no array any more),
/// or nothing.
fn visible(want: &Want, value: Value) -> Option<Value> {
    if value.is_nil() {
        return None;
    }
    if want.everything {
        return Some(value);
    }
    let strict = want.attribute.intrinsic.is_none();
    match value {
        Value::Array(values) => {
            // "Not" is asked of the array as a whole: none of it may match.
            let negated = |op: BinaryOp| matches!(op, BinaryOp::NotEqual | BinaryOp::NotRegex);
            if want.conditions.iter().any(|condition| negated(condition.op)) {
                return Some(Value::Array(values));
            }
            let mut kept: Vec<Value> = values
                .into_iter()
                .filter(|value| want.conditions.iter().any(|condition| accepts(condition, value, strict)))
                .collect();
            match kept.len() {
                0 => None,
                1 => kept.pop(),
                _ => Some(Value::Array(kept)),
            }
        }
        value => want.conditions.iter().any(|condition| accepts(condition, &value, strict)).then_some(value),
    }
}
