//! A trace in the JSON that Tempo answers with: protobuf's JSON mapping, so ids are base64, enums are names, 64-bit
//! integers are strings, and fields at their default are left out (but for `status` and `scope`, which are messages).

use super::base64::encode;
use model::traces::{
    AttrValue, Attributes, Span, SpanBatch, SpanEvent, SpanKind, SpanLink, StatusCode, Trace,
};
use serde_json::{Map, Value, json};

/// `{"<list>": [ResourceSpans…]}`; the list is called `batches` in version 1 of the API and `resourceSpans` in 2.
pub fn trace_json(trace: &Trace, list: &str) -> Value {
    let batches: Vec<Value> = trace.batches.iter().map(batch_json).collect();
    let mut out = Map::new();
    if !batches.is_empty() {
        out.insert(list.to_owned(), batches.into());
    }
    Value::Object(out)
}

/// Leaves out what protobuf's JSON mapping leaves out.
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(name.to_owned(), text.into());
        }
    }

    fn number(&mut self, name: &str, number: u32) {
        if number != 0 {
            self.0.insert(name.to_owned(), number.into());
        }
    }

    fn nanos(&mut self, name: &str, nanos: i64) {
        if nanos != 0 {
            self.0.insert(name.to_owned(), (nanos as u64).to_string().into());
        }
    }

    fn list(&mut self, name: &str, list: Vec<Value>) {
        if !list.is_empty() {
            self.0.insert(name.to_owned(), list.into());
        }
    }
}

fn fields(fill: impl FnOnce(&mut Fields)) -> Value {
    let mut fields = Fields(Map::new());
    fill(&mut fields);
    Value::Object(fields.0)
}

fn batch_json(batch: &SpanBatch) -> Value {
    let scope_spans = fields(|f| {
        let scope = fields(|f| {
            f.text("name", &batch.scope.name);
            f.text("version", &batch.scope.version);
            f.list("attributes", pairs(&batch.scope.attributes));
            f.number("droppedAttributesCount", batch.scope.dropped_attributes);
        });
        f.0.insert("scope".to_owned(), scope);
        f.list("spans", batch.spans.iter().map(span_json).collect());
        f.text("schemaUrl", &batch.scope_schema_url);
    });
    fields(|f| {
        let resource = fields(|f| {
            f.list("attributes", pairs(&batch.resource.attributes));
            f.number("droppedAttributesCount", batch.resource.dropped_attributes);
        });
        f.0.insert("resource".to_owned(), resource);
        f.list("scopeSpans", vec![scope_spans]);
        f.text("schemaUrl", &batch.resource_schema_url);
    })
}

fn span_json(span: &Span) -> Value {
    fields(|f| {
        f.text("traceId", &encode(&span.trace_id.0));
        f.text("spanId", &encode(&span.span_id.0));
        f.text("traceState", &span.trace_state);
        if let Some(parent) = span.parent {
            f.text("parentSpanId", &encode(&parent.0));
        }
        f.number("flags", span.flags);
        f.text("name", &span.name);
        f.text("kind", kind_name(span.kind));
        f.nanos("startTimeUnixNano", span.start);
        f.nanos("endTimeUnixNano", span.end);
        f.list("attributes", pairs(&span.attributes));
        f.number("droppedAttributesCount", span.dropped_attributes);
        f.list("events", span.events.iter().map(event_json).collect());
        f.number("droppedEventsCount", span.dropped_events);
        f.list("links", span.links.iter().map(link_json).collect());
        f.number("droppedLinksCount", span.dropped_links);
        let status = fields(|f| {
            f.text("message", &span.status_message);
            f.text("code", status_name(span.status));
        });
        f.0.insert("status".to_owned(), status);
    })
}

fn event_json(event: &SpanEvent) -> Value {
    fields(|f| {
        f.nanos("timeUnixNano", event.t);
        f.text("name", &event.name);
        f.list("attributes", pairs(&event.attributes));
        f.number("droppedAttributesCount", event.dropped_attributes);
    })
}

fn link_json(link: &SpanLink) -> Value {
    fields(|f| {
        f.text("traceId", &encode(&link.trace_id.0));
        f.text("spanId", &encode(&link.span_id.0));
        f.text("traceState", &link.trace_state);
        f.list("attributes", pairs(&link.attributes));
        f.number("droppedAttributesCount", link.dropped_attributes);
        f.number("flags", link.flags);
    })
}

fn kind_name(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "",
        SpanKind::Internal => "SPAN_KIND_INTERNAL",
        SpanKind::Server => "SPAN_KIND_SERVER",
        SpanKind::Client => "SPAN_KIND_CLIENT",
        SpanKind::Producer => "SPAN_KIND_PRODUCER",
        SpanKind::Consumer => "SPAN_KIND_CONSUMER",
    }
}

fn status_name(status: StatusCode) -> &'static str {
    match status {
        StatusCode::Unset => "",
        StatusCode::Ok => "STATUS_CODE_OK",
        StatusCode::Error => "STATUS_CODE_ERROR",
    }
}

fn pairs(attributes: &Attributes) -> Vec<Value> {
    attributes
        .iter()
        .map(|(key, value)| json!({"key": &**key, "value": attribute_value_json(value)}))
        .collect()
}

/// An AnyValue object, `{"intValue": "5"}`.
pub fn attribute_value_json(value: &AttrValue) -> Value {
    match value {
        AttrValue::Str(text) => json!({"stringValue": &**text}),
        AttrValue::Int(number) => json!({"intValue": number.to_string()}),
        AttrValue::Double(number) => json!({"doubleValue": double_json(*number)}),
        AttrValue::Bool(flag) => json!({"boolValue": flag}),
        AttrValue::Bytes(bytes) => json!({"bytesValue": encode(bytes)}),
        AttrValue::Array(values) => {
            let list = values.iter().map(attribute_value_json).collect();
            json!({"arrayValue": fields(|f| f.list("values", list))})
        }
        AttrValue::Map(attributes) => json!({"kvlistValue": fields(|f| f.list("values", pairs(attributes)))}),
        AttrValue::Empty => json!({}),
    }
}

/// JSON has no infinities: protobuf writes them as strings.
fn double_json(number: f64) -> Value {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else {
        number.into()
    }
}
