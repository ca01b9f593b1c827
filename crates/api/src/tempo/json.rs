//! Pieces of JSON that several answers share.

use serde_json::{Value as Json, json};
use traceql::Value;

/// `{"key": …, "value": {"stringValue": …}}`.
pub(super) fn key_value(key: &str, value: &Value) -> Json {
    json!({"key": key, "value": wire::otlp::attribute_value_json(&value.to_attr())})
}

pub(super) fn key_values<'a>(pairs: impl IntoIterator<Item = &'a (String, Value)>) -> Vec<Json> {
    pairs.into_iter().map(|(key, value)| key_value(key, value)).collect()
}

/// What Tempo says of the work that an answer took.
pub(super) fn inspected(traces: u64, bytes: u64, spans: u64) -> Json {
    let mut metrics = json!({"completedJobs": 1, "totalJobs": 1});
    for (name, number) in [("inspectedBytes", bytes), ("inspectedSpans", spans)] {
        if number > 0 {
            metrics[name] = number.to_string().into();
        }
    }
    if traces > 0 {
        metrics["inspectedTraces"] = traces.into();
    }
    metrics
}
