//! OTLP log records as Loki takes them in: a few resource attributes become stream labels, everything else becomes
//! structured metadata, the body becomes the line. Source: Loki documentation, "Ingesting logs to Loki using
//! OpenTelemetry Collector", "Format considerations".

use super::names::label_name;
use super::{Encoding, OtlpError, Refused, json_logs};
use model::Labels;
use model::clock::Nanos;
use model::logs::{LogEntry, LogStream};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use std::collections::BTreeMap;

/// Resource attributes that become stream labels (Loki's `default_resource_attributes_as_index_labels`).
const INDEX_LABELS: [&str; 17] = [
    "service.name",
    "service.namespace",
    "service.instance.id",
    "deployment.environment",
    "deployment.environment.name",
    "cloud.region",
    "cloud.availability_zone",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.container.name",
    "container.name",
    "k8s.replicaset.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.job.name",
];

/// Lines by stream, and what of the request was refused.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct LogRequest {
    pub streams: Vec<LogStream>,
    pub refused: Refused,
}

/// Reads one export request. `now` stamps records that carry no time at all.
///
/// # Errors
/// [`OtlpError`] when the bytes are not an ExportLogsServiceRequest.
pub fn decode_logs(bytes: &[u8], encoding: Encoding, now: Nanos) -> Result<LogRequest, OtlpError> {
    let request = match encoding {
        Encoding::Protobuf => ExportLogsServiceRequest::decode(bytes)?,
        Encoding::Json => json_logs::decode(bytes)?,
    };
    Ok(logs_from_proto(&request, now))
}

pub fn logs_from_proto(request: &ExportLogsServiceRequest, now: Nanos) -> LogRequest {
    let mut streams: BTreeMap<Labels, Vec<LogEntry>> = BTreeMap::new();
    for of_resource in &request.resource_logs {
        let attributes =
            of_resource.resource.as_ref().map(|resource| resource.attributes.as_slice()).unwrap_or(&[]);
        let (indexed, rest): (Vec<&KeyValue>, Vec<&KeyValue>) =
            attributes.iter().partition(|pair| INDEX_LABELS.contains(&pair.key.as_str()));
        let mut labels: Vec<(String, String)> =
            indexed.iter().map(|pair| (label_name(&pair.key), text(pair.value.as_ref()))).collect();
        if !labels.iter().any(|(name, value)| name == "service_name" && !value.is_empty()) {
            labels.push(("service_name".to_owned(), "unknown_service".to_owned()));
        }
        let labels = Labels::from_pairs(labels);
        let mut common = Vec::new();
        flatten("", rest, &mut common);
        for of_scope in &of_resource.scope_logs {
            let mut of_scope_pairs = common.clone();
            if let Some(scope) = &of_scope.scope {
                push("scope_name", scope.name.clone(), &mut of_scope_pairs);
                push("scope_version", scope.version.clone(), &mut of_scope_pairs);
                flatten("", &scope.attributes, &mut of_scope_pairs);
            }
            let entries = of_scope.log_records.iter().map(|record| entry(record, &of_scope_pairs, now));
            streams.entry(labels.clone()).or_default().extend(entries);
        }
    }
    let streams = streams.into_iter().map(|(labels, entries)| LogStream { labels, entries }).collect();
    LogRequest { streams, refused: Refused::default() }
}

fn entry(record: &LogRecord, common: &[(String, String)], now: Nanos) -> LogEntry {
    let t = [record.time_unix_nano, record.observed_time_unix_nano]
        .into_iter()
        .find(|t| *t != 0)
        .and_then(|t| Nanos::try_from(t).ok())
        .unwrap_or(now);
    let mut pairs = common.to_vec();
    flatten("", &record.attributes, &mut pairs);
    if record.observed_time_unix_nano != 0 {
        push("observed_timestamp", record.observed_time_unix_nano.to_string(), &mut pairs);
    }
    if record.severity_number != 0 {
        push("severity_number", record.severity_number.to_string(), &mut pairs);
    }
    push("severity_text", record.severity_text.clone(), &mut pairs);
    if record.dropped_attributes_count != 0 {
        push("dropped_attributes_count", record.dropped_attributes_count.to_string(), &mut pairs);
    }
    if record.flags != 0 {
        push("flags", record.flags.to_string(), &mut pairs);
    }
    push("trace_id", hex(&record.trace_id), &mut pairs);
    push("span_id", hex(&record.span_id), &mut pairs);
    push("event_name", record.event_name.clone(), &mut pairs);
    // Sorted with unique names; of a repeated name the last stays, as a record knows better than its resource.
    let metadata: BTreeMap<String, String> = pairs.into_iter().collect();
    LogEntry { t, line: text(record.body.as_ref()), metadata: metadata.into_iter().collect() }
}

fn push(name: &str, value: String, out: &mut Vec<(String, String)>) {
    if !value.is_empty() {
        out.push((name.to_owned(), value));
    }
}

fn hex(bytes: &[u8]) -> String {
    if bytes.iter().all(|byte| *byte == 0) {
        return String::new();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nested maps become one pair a leaf, the names joined by `_`.
fn flatten<'a>(prefix: &str, pairs: impl IntoIterator<Item = &'a KeyValue>, out: &mut Vec<(String, String)>) {
    for pair in pairs {
        let name = format!("{prefix}{}", label_name(&pair.key));
        match pair.value.as_ref().and_then(|any| any.value.as_ref()) {
            Some(Value::KvlistValue(list)) => flatten(&format!("{name}_"), &list.values, out),
            _ => push(&name, text(pair.value.as_ref()), out),
        }
    }
}

/// A value as text: strings as they are, everything else as JSON.
fn text(any: Option<&AnyValue>) -> String {
    match any.and_then(|any| any.value.as_ref()) {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BytesValue(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Some(_) => json(any).to_string(),
    }
}

fn json(any: Option<&AnyValue>) -> serde_json::Value {
    match any.and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone().into(),
        Some(Value::BoolValue(flag)) => (*flag).into(),
        Some(Value::IntValue(number)) => (*number).into(),
        Some(Value::DoubleValue(number)) => (*number).into(),
        Some(Value::BytesValue(bytes)) => super::base64::encode(bytes).into(),
        Some(Value::ArrayValue(array)) => array.values.iter().map(|any| json(Some(any))).collect(),
        Some(Value::KvlistValue(list)) => {
            list.values.iter().map(|pair| (pair.key.clone(), json(pair.value.as_ref()))).collect()
        }
        Some(_) | None => serde_json::Value::Null,
    }
}
