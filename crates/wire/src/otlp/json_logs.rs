//! ExportLogsServiceRequest in OTLP/JSON, as the protobuf message.

use super::json::{Any, EnumText, KeyValue, Origin, Text, U64, hex, pairs_to_proto};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1 as pb;
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Request<'a> {
    #[serde(default, alias = "resource_logs")]
    resource_logs: Vec<ResourceLogs<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ResourceLogs<'a> {
    #[serde(default)]
    resource: Origin<'a>,
    #[serde(default, alias = "scope_logs")]
    scope_logs: Vec<ScopeLogs<'a>>,
    #[serde(default, alias = "schema_url")]
    schema_url: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ScopeLogs<'a> {
    #[serde(default)]
    scope: Origin<'a>,
    #[serde(default, alias = "log_records")]
    log_records: Vec<LogRecord<'a>>,
    #[serde(default, alias = "schema_url")]
    schema_url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct LogRecord<'a> {
    #[serde(alias = "time_unix_nano")]
    time_unix_nano: U64,
    #[serde(alias = "observed_time_unix_nano")]
    observed_time_unix_nano: U64,
    #[serde(alias = "severity_number")]
    severity_number: Option<EnumText>,
    #[serde(alias = "severity_text")]
    severity_text: Text<'a>,
    body: Any<'a>,
    attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "dropped_attributes_count")]
    dropped_attributes_count: u32,
    flags: u32,
    #[serde(alias = "trace_id")]
    trace_id: Text<'a>,
    #[serde(alias = "span_id")]
    span_id: Text<'a>,
    #[serde(alias = "event_name")]
    event_name: Text<'a>,
}

pub(crate) fn resource(origin: &Origin<'_>) -> Resource {
    Resource {
        attributes: pairs_to_proto(&origin.attributes),
        dropped_attributes_count: origin.dropped_attributes_count,
        ..Default::default()
    }
}

pub(crate) fn scope(origin: &Origin<'_>) -> InstrumentationScope {
    InstrumentationScope {
        name: origin.name.as_str().to_owned(),
        version: origin.version.as_str().to_owned(),
        attributes: pairs_to_proto(&origin.attributes),
        dropped_attributes_count: origin.dropped_attributes_count,
    }
}

pub(crate) fn decode(bytes: &[u8]) -> Result<ExportLogsServiceRequest, serde_json::Error> {
    let request: Request<'_> = serde_json::from_slice(bytes)?;
    let resource_logs = request
        .resource_logs
        .iter()
        .map(|of_resource| pb::ResourceLogs {
            resource: Some(resource(&of_resource.resource)),
            scope_logs: of_resource
                .scope_logs
                .iter()
                .map(|of_scope| pb::ScopeLogs {
                    scope: Some(scope(&of_scope.scope)),
                    log_records: of_scope.log_records.iter().map(record).collect(),
                    schema_url: of_scope.schema_url.as_str().to_owned(),
                })
                .collect(),
            schema_url: of_resource.schema_url.as_str().to_owned(),
        })
        .collect();
    Ok(ExportLogsServiceRequest { resource_logs })
}

fn record(record: &LogRecord<'_>) -> pb::LogRecord {
    pb::LogRecord {
        time_unix_nano: record.time_unix_nano.0,
        observed_time_unix_nano: record.observed_time_unix_nano.0,
        severity_number: EnumText::number(record.severity_number.as_ref(), |name| {
            pb::SeverityNumber::from_str_name(name).map(|number| number as i32)
        }),
        severity_text: record.severity_text.as_str().to_owned(),
        body: Some(record.body.to_proto()),
        attributes: pairs_to_proto(&record.attributes),
        dropped_attributes_count: record.dropped_attributes_count,
        flags: record.flags,
        trace_id: hex(record.trace_id.as_str()).unwrap_or_default(),
        span_id: hex(record.span_id.as_str()).unwrap_or_default(),
        event_name: record.event_name.as_str().to_owned(),
    }
}
