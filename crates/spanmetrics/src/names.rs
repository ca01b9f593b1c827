//! Names of the metrics and their labels, in one place.

use model::metrics::MetricType;

pub(crate) const CALLS: &str = "traces_spanmetrics_calls_total";
pub(crate) const LATENCY: &str = "traces_spanmetrics_latency";
pub(crate) const SIZE: &str = "traces_spanmetrics_size_total";
pub(crate) const REQUESTS: &str = "traces_service_graph_request_total";
pub(crate) const FAILED: &str = "traces_service_graph_request_failed_total";
pub(crate) const SERVER_SECONDS: &str = "traces_service_graph_request_server_seconds";
pub(crate) const CLIENT_SECONDS: &str = "traces_service_graph_request_client_seconds";

/// What each family says of itself.
pub(crate) const FAMILIES: [(&str, MetricType, &str); 7] = [
    (CALLS, MetricType::Counter, "Total count of the spans"),
    (LATENCY, MetricType::Histogram, "Duration of the spans in seconds"),
    (SIZE, MetricType::Counter, "Total size of the spans in bytes"),
    (REQUESTS, MetricType::Counter, "Total count of requests between two nodes"),
    (FAILED, MetricType::Counter, "Total count of failed requests between two nodes"),
    (SERVER_SECONDS, MetricType::Histogram, "Time for a request between two nodes as seen from the server"),
    (CLIENT_SECONDS, MetricType::Histogram, "Time for a request between two nodes as seen from the client"),
];

pub(crate) const SERVICE: &str = "service";
pub(crate) const SPAN_NAME: &str = "span_name";
pub(crate) const SPAN_KIND: &str = "span_kind";
pub(crate) const STATUS_CODE: &str = "status_code";
pub(crate) const CLIENT: &str = "client";
pub(crate) const SERVER: &str = "server";
pub(crate) const CONNECTION_TYPE: &str = "connection_type";

/// An attribute as a label: what a label cannot hold becomes `_`; a name that is taken gets `__` before it.
pub(crate) fn dimension(attribute: &str) -> String {
    let mut name: String =
        attribute.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    if [SERVICE, SPAN_NAME, SPAN_KIND, STATUS_CODE, CLIENT, SERVER, CONNECTION_TYPE].contains(&name.as_str())
    {
        name.insert_str(0, "__");
    }
    name
}
