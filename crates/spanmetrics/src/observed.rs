//! What the processors need of a span, taken out before the span itself goes to the store.

use model::clock::Nanos;
use model::traces::{AttrValue, Attributes, Span, SpanBatch, SpanId, SpanKind, StatusCode, TraceId};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub parent: Option<SpanId>,
    pub service: Arc<str>,
    pub name: Arc<str>,
    pub kind: SpanKind,
    pub status: StatusCode,
    pub end: Nanos,
    pub seconds: f64,
    /// Bytes that the span takes in protobuf.
    pub size: u64,
    /// Values of the configured attributes; empty when absent.
    pub dimensions: Vec<Arc<str>>,
    pub graph_dimensions: Vec<Arc<str>>,
    /// The database that a client span talks to.
    pub database: Option<Arc<str>>,
    /// Who is at the other end, as far as the span says.
    pub peer: Option<Arc<str>>,
}

/// Where a client span names its database, the most telling first.
const DATABASE: [&str; 4] = ["db.namespace", "db.name", "db.system.name", "db.system"];
const PEER: [&str; 1] = ["peer.service"];

fn text(value: &AttrValue) -> Option<Arc<str>> {
    match value {
        AttrValue::Str(text) => Some(text.clone()),
        AttrValue::Int(number) => Some(number.to_string().into()),
        AttrValue::Double(number) => Some(number.to_string().into()),
        AttrValue::Bool(flag) => Some(flag.to_string().into()),
        _ => None,
    }
}

fn find(attributes: &Attributes, name: &str) -> Option<Arc<str>> {
    attributes.iter().find(|(key, _)| **key == *name).and_then(|(_, value)| text(value))
}

impl Observed {
    pub(crate) fn of(
        batch: &SpanBatch,
        span: &Span,
        service: &Arc<str>,
        dimensions: &[String],
        graph_dimensions: &[String],
    ) -> Self {
        let values = |names: &[String]| {
            let value = |name: &String| {
                find(&batch.resource.attributes, name)
                    .or_else(|| find(&span.attributes, name))
                    .unwrap_or_else(|| Arc::from(""))
            };
            names.iter().map(value).collect::<Vec<_>>()
        };
        let outgoing = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
        let named = |names: &[&str]| {
            if outgoing { names.iter().find_map(|name| find(&span.attributes, name)) } else { None }
        };
        Self {
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent: span.parent,
            service: service.clone(),
            name: span.name.clone(),
            kind: span.kind,
            status: span.status,
            end: span.end,
            seconds: span.duration() as f64 / 1e9,
            size: size_of(span),
            dimensions: values(dimensions),
            graph_dimensions: values(graph_dimensions),
            database: named(&DATABASE),
            peer: named(&PEER),
        }
    }
}

fn varint_len(value: u64) -> u64 {
    u64::from((64 - (value | 1).leading_zeros()).div_ceil(7))
}

/// A field with a length: tag, length, bytes. Every tag here takes one byte.
fn field_len(bytes: u64) -> u64 {
    1 + varint_len(bytes) + bytes
}

fn text_len(text: &str) -> u64 {
    if text.is_empty() { 0 } else { field_len(text.len() as u64) }
}

fn value_len(value: &AttrValue) -> u64 {
    match value {
        AttrValue::Empty => 0,
        AttrValue::Str(text) => field_len(text.len() as u64),
        AttrValue::Int(number) => 1 + varint_len(*number as u64),
        AttrValue::Double(_) => 9,
        AttrValue::Bool(_) => 2,
        AttrValue::Bytes(bytes) => field_len(bytes.len() as u64),
        AttrValue::Array(values) => field_len(values.iter().map(|value| field_len(value_len(value))).sum()),
        AttrValue::Map(pairs) => field_len(attributes_len(pairs)),
    }
}

fn attributes_len(attributes: &Attributes) -> u64 {
    attributes.iter().map(|(key, value)| field_len(text_len(key) + field_len(value_len(value)))).sum()
}

/// The length of the span as an OTLP protobuf message.
fn size_of(span: &Span) -> u64 {
    let optional = |number: u64| if number == 0 { 0 } else { 1 + varint_len(number) };
    let events = span.events.iter().map(|event| {
        field_len(
            9 + text_len(&event.name)
                + attributes_len(&event.attributes)
                + optional(event.dropped_attributes.into()),
        )
    });
    let links = span.links.iter().map(|link| {
        let flags = if link.flags == 0 { 0 } else { 5 };
        let dropped = optional(link.dropped_attributes.into());
        field_len(18 + 10 + text_len(&link.trace_state) + attributes_len(&link.attributes) + dropped + flags)
    });
    let status = text_len(&span.status_message) + optional(span.status as u64);
    18 + 10
        + if span.parent.is_some() { 10 } else { 0 }
        + text_len(&span.trace_state)
        + text_len(&span.name)
        + optional(span.kind as u64)
        + 18
        + attributes_len(&span.attributes)
        + optional(span.dropped_attributes.into())
        + events.sum::<u64>()
        + optional(span.dropped_events.into())
        + links.sum::<u64>()
        + optional(span.dropped_links.into())
        + field_len(status)
        // The field number of the flags takes two bytes.
        + if span.flags == 0 { 0 } else { 6 }
}
