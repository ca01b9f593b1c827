//! ExportTraceServiceRequest in OTLP/JSON, read without copying texts that hold no escapes.

use super::intern::Interner;
use super::json::{EnumText, KeyValue, Origin, Text, U64, attributes, hex};
use super::traces::{SpanIds, TraceRequest, kind_from_number, nanos, span_ids, status_from_number};
use super::{OtlpError, Refused};
use model::traces::{Resource, Scope, Span, SpanBatch, SpanEvent, SpanLink};
use opentelemetry_proto::tonic::trace::v1 as pb;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Request<'a> {
    #[serde(default, alias = "resource_spans")]
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ResourceSpans<'a> {
    #[serde(default)]
    resource: Origin<'a>,
    #[serde(default, alias = "scope_spans")]
    scope_spans: Vec<ScopeSpans<'a>>,
    #[serde(default, alias = "schema_url")]
    schema_url: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ScopeSpans<'a> {
    #[serde(default)]
    scope: Origin<'a>,
    #[serde(default = "Vec::new")]
    spans: Vec<JsonSpan<'a>>,
    #[serde(default, alias = "schema_url")]
    schema_url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct JsonSpan<'a> {
    #[serde(alias = "trace_id")]
    trace_id: Text<'a>,
    #[serde(alias = "span_id")]
    span_id: Text<'a>,
    #[serde(alias = "parent_span_id")]
    parent_span_id: Text<'a>,
    #[serde(alias = "trace_state")]
    trace_state: Text<'a>,
    flags: u32,
    name: Text<'a>,
    kind: Option<EnumText>,
    #[serde(alias = "start_time_unix_nano")]
    start_time_unix_nano: U64,
    #[serde(alias = "end_time_unix_nano")]
    end_time_unix_nano: U64,
    attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "dropped_attributes_count")]
    dropped_attributes_count: u32,
    events: Vec<JsonEvent<'a>>,
    #[serde(alias = "dropped_events_count")]
    dropped_events_count: u32,
    links: Vec<JsonLink<'a>>,
    #[serde(alias = "dropped_links_count")]
    dropped_links_count: u32,
    status: JsonStatus<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct JsonStatus<'a> {
    message: Text<'a>,
    code: Option<EnumText>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct JsonEvent<'a> {
    #[serde(alias = "time_unix_nano")]
    time_unix_nano: U64,
    name: Text<'a>,
    attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "dropped_attributes_count")]
    dropped_attributes_count: u32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct JsonLink<'a> {
    #[serde(alias = "trace_id")]
    trace_id: Text<'a>,
    #[serde(alias = "span_id")]
    span_id: Text<'a>,
    #[serde(alias = "trace_state")]
    trace_state: Text<'a>,
    attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "dropped_attributes_count")]
    dropped_attributes_count: u32,
    flags: u32,
}

pub(crate) fn decode(bytes: &[u8]) -> Result<TraceRequest, OtlpError> {
    let request: Request<'_> = serde_json::from_slice(bytes)?;
    let mut interner = Interner::default();
    let mut refused = Refused::default();
    let mut batches = Vec::new();
    for of_resource in &request.resource_spans {
        let resource = Arc::new(Resource {
            attributes: attributes(&of_resource.resource.attributes, &mut interner),
            dropped_attributes: of_resource.resource.dropped_attributes_count,
        });
        for of_scope in &of_resource.scope_spans {
            let scope = Arc::new(Scope {
                name: interner.text(of_scope.scope.name.as_str()),
                version: interner.text(of_scope.scope.version.as_str()),
                attributes: attributes(&of_scope.scope.attributes, &mut interner),
                dropped_attributes: of_scope.scope.dropped_attributes_count,
            });
            let spans: Vec<Span> = of_scope
                .spans
                .iter()
                .filter_map(|span| to_model(span, &mut interner, &mut refused))
                .collect();
            if !spans.is_empty() {
                batches.push(SpanBatch {
                    resource: resource.clone(),
                    resource_schema_url: interner.text(of_resource.schema_url.as_str()),
                    scope,
                    scope_schema_url: interner.text(of_scope.schema_url.as_str()),
                    spans,
                });
            }
        }
    }
    Ok(TraceRequest { batches, refused })
}

fn to_model(span: &JsonSpan<'_>, interner: &mut Interner, refused: &mut Refused) -> Option<Span> {
    // An id that is not hexadecimal has a length that no id has, so that the one check below refuses it.
    let bytes = |text: &Text<'_>| hex(text.as_str()).unwrap_or_else(|| vec![0]);
    let ids = span_ids(&bytes(&span.trace_id), &bytes(&span.span_id), &bytes(&span.parent_span_id));
    let SpanIds { trace_id, span_id, parent } = match ids {
        Ok(ids) => ids,
        Err(reason) => {
            refused.add(1, || reason);
            return None;
        }
    };
    let kind = EnumText::number(span.kind.as_ref(), |name| {
        pb::span::SpanKind::from_str_name(name).map(|kind| kind as i32)
    });
    let status = EnumText::number(span.status.code.as_ref(), |name| {
        pb::status::StatusCode::from_str_name(name).map(|code| code as i32)
    });
    Some(Span {
        trace_id,
        span_id,
        parent,
        trace_state: interner.text(span.trace_state.as_str()),
        flags: span.flags,
        name: interner.text(span.name.as_str()),
        kind: kind_from_number(kind),
        start: nanos(span.start_time_unix_nano.0),
        end: nanos(span.end_time_unix_nano.0),
        status: status_from_number(status),
        status_message: interner.text(span.status.message.as_str()),
        attributes: attributes(&span.attributes, interner),
        events: span
            .events
            .iter()
            .map(|event| SpanEvent {
                t: nanos(event.time_unix_nano.0),
                name: interner.text(event.name.as_str()),
                attributes: attributes(&event.attributes, interner),
                dropped_attributes: event.dropped_attributes_count,
            })
            .collect(),
        links: span
            .links
            .iter()
            .filter_map(|link| {
                let ids = span_ids(&bytes(&link.trace_id), &bytes(&link.span_id), &[]).ok()?;
                Some(SpanLink {
                    trace_id: ids.trace_id,
                    span_id: ids.span_id,
                    trace_state: interner.text(link.trace_state.as_str()),
                    attributes: attributes(&link.attributes, interner),
                    dropped_attributes: link.dropped_attributes_count,
                    flags: link.flags,
                })
            })
            .collect(),
        dropped_attributes: span.dropped_attributes_count,
        dropped_events: span.dropped_events_count,
        dropped_links: span.dropped_links_count,
    })
}
