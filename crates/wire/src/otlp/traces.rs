//! ExportTraceServiceRequest in protobuf, to the model and back.

use super::intern::Interner;
use super::{Encoding, OtlpError, Refused, json_traces};
use model::clock::Nanos;
use model::traces::{
    AttrValue, Attributes, Resource, Scope, Span, SpanBatch, SpanEvent, SpanId, SpanKind, SpanLink,
    StatusCode, Trace, TraceId,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1 as resource;
use opentelemetry_proto::tonic::trace::v1 as pb;
use prost::Message;
use std::sync::Arc;

/// The spans of one export, and what of it made no sense.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct TraceRequest {
    pub batches: Vec<SpanBatch>,
    pub refused: Refused,
}

/// Reads one export request.
///
/// # Errors
/// [`OtlpError`] when the bytes are not an ExportTraceServiceRequest. A span without valid ids is refused alone.
pub fn decode_traces(bytes: &[u8], encoding: Encoding) -> Result<TraceRequest, OtlpError> {
    match encoding {
        Encoding::Protobuf => Ok(traces_from_proto(ExportTraceServiceRequest::decode(bytes)?)),
        Encoding::Json => json_traces::decode(bytes),
    }
}

pub fn traces_from_proto(request: ExportTraceServiceRequest) -> TraceRequest {
    let mut interner = Interner::default();
    let mut out = TraceRequest::default();
    for of_resource in request.resource_spans {
        let from = of_resource.resource.unwrap_or_default();
        let resource = Arc::new(Resource {
            attributes: attributes(&from.attributes, &mut interner),
            dropped_attributes: from.dropped_attributes_count,
        });
        for of_scope in of_resource.scope_spans {
            let from = of_scope.scope.unwrap_or_default();
            let scope = Arc::new(Scope {
                name: interner.text(&from.name),
                version: interner.text(&from.version),
                attributes: attributes(&from.attributes, &mut interner),
                dropped_attributes: from.dropped_attributes_count,
            });
            let mut spans = Vec::with_capacity(of_scope.spans.len());
            for span in &of_scope.spans {
                match span_ids(&span.trace_id, &span.span_id, &span.parent_span_id) {
                    Ok(ids) => spans.push(span_from_proto(span, ids, &mut interner)),
                    Err(reason) => out.refused.add(1, || reason),
                }
            }
            if !spans.is_empty() {
                out.batches.push(SpanBatch {
                    resource: resource.clone(),
                    resource_schema_url: interner.text(&of_resource.schema_url),
                    scope,
                    scope_schema_url: interner.text(&of_scope.schema_url),
                    spans,
                });
            }
        }
    }
    out
}

pub(crate) struct SpanIds {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub parent: Option<SpanId>,
}

/// Checks the ids of a span: 16 and 8 bytes, not all zero. A parent of zero bytes, or of zeros, is none.
pub(crate) fn span_ids(trace_id: &[u8], span_id: &[u8], parent: &[u8]) -> Result<SpanIds, String> {
    let trace_id: [u8; 16] = trace_id
        .try_into()
        .map_err(|_| format!("invalid trace id: found {} bytes, expected 16", trace_id.len()))?;
    let span_id: [u8; 8] = span_id
        .try_into()
        .map_err(|_| format!("invalid span id: found {} bytes, expected 8", span_id.len()))?;
    let parent: Option<[u8; 8]> = match parent {
        [] => None,
        bytes => Some(
            bytes
                .try_into()
                .map_err(|_| format!("invalid parent span id: found {} bytes, expected 8", bytes.len()))?,
        ),
    };
    let ids = SpanIds {
        trace_id: TraceId(trace_id),
        span_id: SpanId(span_id),
        parent: parent.map(SpanId).filter(|id| !id.is_zero()),
    };
    if ids.trace_id.is_zero() || ids.span_id.is_zero() {
        return Err("invalid id: found all zeros".to_owned());
    }
    Ok(ids)
}

/// Times beyond the year 2262 become that one: then no difference between two times can overflow.
pub(crate) fn nanos(unsigned: u64) -> Nanos {
    Nanos::try_from(unsigned).unwrap_or(Nanos::MAX)
}

pub(crate) fn kind_from_number(kind: i32) -> SpanKind {
    match kind {
        1 => SpanKind::Internal,
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

pub(crate) fn status_from_number(code: i32) -> StatusCode {
    match code {
        1 => StatusCode::Ok,
        2 => StatusCode::Error,
        _ => StatusCode::Unset,
    }
}

fn span_from_proto(span: &pb::Span, ids: SpanIds, interner: &mut Interner) -> Span {
    let status = span.status.clone().unwrap_or_default();
    Span {
        trace_id: ids.trace_id,
        span_id: ids.span_id,
        parent: ids.parent,
        trace_state: interner.text(&span.trace_state),
        flags: span.flags,
        name: interner.text(&span.name),
        kind: kind_from_number(span.kind),
        start: nanos(span.start_time_unix_nano),
        end: nanos(span.end_time_unix_nano),
        status: status_from_number(status.code),
        status_message: interner.text(&status.message),
        attributes: attributes(&span.attributes, interner),
        events: span
            .events
            .iter()
            .map(|event| SpanEvent {
                t: nanos(event.time_unix_nano),
                name: interner.text(&event.name),
                attributes: attributes(&event.attributes, interner),
                dropped_attributes: event.dropped_attributes_count,
            })
            .collect(),
        links: span
            .links
            .iter()
            .filter_map(|link| {
                let ids = span_ids(&link.trace_id, &link.span_id, &[]).ok()?;
                Some(SpanLink {
                    trace_id: ids.trace_id,
                    span_id: ids.span_id,
                    trace_state: interner.text(&link.trace_state),
                    attributes: attributes(&link.attributes, interner),
                    dropped_attributes: link.dropped_attributes_count,
                    flags: link.flags,
                })
            })
            .collect(),
        dropped_attributes: span.dropped_attributes_count,
        dropped_events: span.dropped_events_count,
        dropped_links: span.dropped_links_count,
    }
}

pub(crate) fn attributes(pairs: &[common::KeyValue], interner: &mut Interner) -> Attributes {
    pairs.iter().map(|pair| (interner.text(&pair.key), value(pair.value.as_ref(), interner))).collect()
}

pub(crate) fn value(any: Option<&common::AnyValue>, interner: &mut Interner) -> AttrValue {
    match any.and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => AttrValue::Str(interner.text(text)),
        Some(Value::BoolValue(flag)) => AttrValue::Bool(*flag),
        Some(Value::IntValue(number)) => AttrValue::Int(*number),
        Some(Value::DoubleValue(number)) => AttrValue::Double(*number),
        Some(Value::BytesValue(bytes)) => AttrValue::Bytes(Arc::from(bytes.as_slice())),
        Some(Value::ArrayValue(array)) => {
            AttrValue::Array(array.values.iter().map(|any| value(Some(any), interner)).collect())
        }
        Some(Value::KvlistValue(list)) => AttrValue::Map(attributes(&list.values, interner)),
        // Indexes into a string table exist in profiles only.
        Some(_) | None => AttrValue::Empty,
    }
}

/// The message `tempopb.Trace` / `TracesData`: field 1 is ResourceSpans.
pub fn trace_to_proto(trace: &Trace) -> pb::TracesData {
    let resource_spans = trace
        .batches
        .iter()
        .map(|batch| pb::ResourceSpans {
            resource: Some(resource::Resource {
                attributes: to_pairs(&batch.resource.attributes),
                dropped_attributes_count: batch.resource.dropped_attributes,
                ..Default::default()
            }),
            scope_spans: vec![pb::ScopeSpans {
                scope: Some(common::InstrumentationScope {
                    name: batch.scope.name.to_string(),
                    version: batch.scope.version.to_string(),
                    attributes: to_pairs(&batch.scope.attributes),
                    dropped_attributes_count: batch.scope.dropped_attributes,
                }),
                spans: batch.spans.iter().map(span_to_proto).collect(),
                schema_url: batch.scope_schema_url.to_string(),
            }],
            schema_url: batch.resource_schema_url.to_string(),
        })
        .collect();
    pb::TracesData { resource_spans }
}

fn span_to_proto(span: &Span) -> pb::Span {
    pb::Span {
        trace_id: span.trace_id.0.to_vec(),
        span_id: span.span_id.0.to_vec(),
        trace_state: span.trace_state.to_string(),
        parent_span_id: span.parent.map(|id| id.0.to_vec()).unwrap_or_default(),
        flags: span.flags,
        name: span.name.to_string(),
        kind: span.kind as i32,
        start_time_unix_nano: span.start as u64,
        end_time_unix_nano: span.end as u64,
        attributes: to_pairs(&span.attributes),
        dropped_attributes_count: span.dropped_attributes,
        events: span
            .events
            .iter()
            .map(|event| pb::span::Event {
                time_unix_nano: event.t as u64,
                name: event.name.to_string(),
                attributes: to_pairs(&event.attributes),
                dropped_attributes_count: event.dropped_attributes,
            })
            .collect(),
        dropped_events_count: span.dropped_events,
        links: span
            .links
            .iter()
            .map(|link| pb::span::Link {
                trace_id: link.trace_id.0.to_vec(),
                span_id: link.span_id.0.to_vec(),
                trace_state: link.trace_state.to_string(),
                attributes: to_pairs(&link.attributes),
                dropped_attributes_count: link.dropped_attributes,
                flags: link.flags,
            })
            .collect(),
        dropped_links_count: span.dropped_links,
        status: Some(pb::Status { message: span.status_message.to_string(), code: span.status as i32 }),
    }
}

fn to_pairs(attributes: &Attributes) -> Vec<common::KeyValue> {
    attributes
        .iter()
        .map(|(key, value)| common::KeyValue {
            key: key.to_string(),
            value: Some(to_any(value)),
            ..Default::default()
        })
        .collect()
}

fn to_any(value: &AttrValue) -> common::AnyValue {
    let value = match value {
        AttrValue::Str(text) => Some(Value::StringValue(text.to_string())),
        AttrValue::Int(number) => Some(Value::IntValue(*number)),
        AttrValue::Double(number) => Some(Value::DoubleValue(*number)),
        AttrValue::Bool(flag) => Some(Value::BoolValue(*flag)),
        AttrValue::Bytes(bytes) => Some(Value::BytesValue(bytes.to_vec())),
        AttrValue::Array(values) => {
            Some(Value::ArrayValue(common::ArrayValue { values: values.iter().map(to_any).collect() }))
        }
        AttrValue::Map(pairs) => Some(Value::KvlistValue(common::KeyValueList { values: to_pairs(pairs) })),
        AttrValue::Empty => None,
    };
    common::AnyValue { value }
}

/// `tempopb.Trace` as bytes.
pub fn trace_protobuf(trace: &Trace) -> Vec<u8> {
    trace_to_proto(trace).encode_to_vec()
}

/// `tempopb.TraceByIDResponse` as bytes: the trace is field 1, and empty when there is none.
pub fn trace_by_id_protobuf(trace: Option<&Trace>) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::bytes::encode(1, &trace.map(trace_protobuf).unwrap_or_default(), &mut out);
    out
}
