//! OTLP (protobuf and JSON) to the model and back: traces, logs, metrics.
//!
//! Start at [`decode_traces`], [`decode_logs`] and [`decode_metrics`]. A request that cannot be read is an error; a
//! single record that makes no sense is refused alone and counted, as OTLP's partial success wants it.
//! Source: OpenTelemetry protocol specification 1.x, "OTLP/HTTP" and "JSON Protobuf Encoding".

mod base64;
mod body;
mod intern;
mod json;
mod json_logs;
mod json_metrics;
mod json_traces;
mod logs;
mod metrics;
mod names;
mod tempo_json;
mod traces;

pub use base64::encode as encode_base64;
pub use body::{gunzip, status_body, success_body};
pub use logs::{LogRequest, decode_logs, logs_from_proto};
pub use metrics::{MetricRequest, decode_metrics, metrics_from_proto};
pub use names::{NameKind, metric_name};
pub use tempo_json::{attribute_value_json, trace_json};
pub use traces::{
    TraceRequest, decode_traces, trace_by_id_protobuf, trace_protobuf, trace_to_proto, traces_from_proto,
};

/// How a request's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// The encoding that a `Content-Type` names, parameters such as `charset` ignored.
    pub fn from_content_type(value: &str) -> Option<Self> {
        match value.split(';').next().map(str::trim) {
            Some("application/x-protobuf" | "application/protobuf") => Some(Self::Protobuf),
            Some("application/json") => Some(Self::Json),
            _ => None,
        }
    }
}

/// A request that cannot be read at all. The sender must not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    #[error("invalid OTLP protobuf: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error("invalid OTLP JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Counts refused records and keeps the first reason.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Refused {
    pub count: u64,
    pub reason: Option<String>,
}

impl Refused {
    pub(crate) fn add(&mut self, count: u64, reason: impl FnOnce() -> String) {
        self.count += count;
        self.reason.get_or_insert_with(reason);
    }
}

#[cfg(test)]
mod tests;
