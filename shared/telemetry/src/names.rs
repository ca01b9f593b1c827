//! Every metric, label, attribute, log key and path that the services publish, in one place.
//!
//! Dashboards, rules and lessons are written against these; a test of the repository holds them together.

/// Metric names.
pub mod metric {
    /// Counter: finished requests of users, by service, route, method and status.
    pub const HTTP_REQUESTS_TOTAL: &str = "http_requests_total";
    /// Histogram in seconds: from the head of a request to the head of its answer.
    pub const HTTP_REQUEST_DURATION_SECONDS: &str = "http_request_duration_seconds";
    /// Gauge: requests being handled now; the saturation signal.
    pub const HTTP_REQUESTS_IN_FLIGHT: &str = "http_requests_in_flight";
    /// Counter: second attempts of idempotent calls to another service.
    pub const UPSTREAM_RETRIES_TOTAL: &str = "upstream_retries_total";
    /// Gauge, 0 to 1: share of requests that fail on purpose now.
    pub const CHAOS_ERROR_RATE: &str = "chaos_error_rate";
    /// Gauge in seconds: latency added on purpose now.
    pub const CHAOS_LATENCY_SECONDS: &str = "chaos_latency_seconds";
    /// Counter: spans lost, by reason (`queue_full`, `export_failed`).
    pub const TELEMETRY_SPANS_DROPPED_TOTAL: &str = "telemetry_spans_dropped_total";
    /// Counter: spans that the collector acknowledged.
    pub const TELEMETRY_SPANS_EXPORTED_TOTAL: &str = "telemetry_spans_exported_total";
    /// Counter: log lines lost because nobody read them.
    pub const TELEMETRY_LOG_LINES_DROPPED_TOTAL: &str = "telemetry_log_lines_dropped_total";
    /// Gauge, Unix seconds: when the process started.
    pub const PROCESS_START_TIME_SECONDS: &str = "process_start_time_seconds";
    /// Counter in seconds: user and system CPU time (Linux).
    pub const PROCESS_CPU_SECONDS_TOTAL: &str = "process_cpu_seconds_total";
    /// Gauge in bytes: resident memory (Linux).
    pub const PROCESS_RESIDENT_MEMORY_BYTES: &str = "process_resident_memory_bytes";
}

/// Label names of metrics and of log streams.
pub mod label {
    pub const SERVICE: &str = "service";
    pub const ROUTE: &str = "route";
    pub const METHOD: &str = "method";
    pub const STATUS: &str = "status";
    pub const REASON: &str = "reason";
    pub const UPSTREAM: &str = "upstream";
    pub const TRACE_ID: &str = "trace_id";
    pub const SPAN_ID: &str = "span_id";
}

/// Values of labels that are not taken from a request.
pub mod value {
    /// `route` of a path that no route matches: the path itself would be unbounded.
    pub const UNMATCHED: &str = "unmatched";
    /// `method` that HTTP does not define (OpenTelemetry's word for it).
    pub const OTHER_METHOD: &str = "_OTHER";
    pub const QUEUE_FULL: &str = "queue_full";
    pub const EXPORT_FAILED: &str = "export_failed";
}

/// Keys of a log line, in the order in which they are written.
pub mod log {
    pub const TIMESTAMP: &str = "timestamp";
    pub const LEVEL: &str = "level";
    pub const SERVICE: &str = "service";
    pub const ROUTE: &str = "route";
    pub const METHOD: &str = "method";
    pub const STATUS: &str = "status";
    pub const LATENCY_MS: &str = "latency_ms";
    pub const TRACE_ID: &str = "trace_id";
    pub const SPAN_ID: &str = "span_id";
    pub const MSG: &str = "msg";
    /// `msg` of the line that reports a change of faults; dashboards make an annotation of it.
    pub const CHAOS_CHANGED: &str = "chaos changed";
}

/// Span and resource attributes: OpenTelemetry semantic conventions, version 1.42.
pub mod attribute {
    pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
    pub const HTTP_ROUTE: &str = "http.route";
    pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
    pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
    pub const URL_PATH: &str = "url.path";
    pub const URL_SCHEME: &str = "url.scheme";
    pub const URL_FULL: &str = "url.full";
    pub const SERVER_ADDRESS: &str = "server.address";
    pub const SERVER_PORT: &str = "server.port";
    pub const ERROR_TYPE: &str = "error.type";
    pub const USER_AGENT_ORIGINAL: &str = "user_agent.original";
    pub const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
    pub const SERVICE_NAME: &str = "service.name";
    pub const SERVICE_NAMESPACE: &str = "service.namespace";
    pub const SERVICE_VERSION: &str = "service.version";
    pub const DEPLOYMENT_ENVIRONMENT_NAME: &str = "deployment.environment.name";
}

/// Paths that every service has and that are neither counted nor disturbed by faults.
pub mod path {
    pub const METRICS: &str = "/metrics";
    pub const HEALTHZ: &str = "/healthz";
    pub const READYZ: &str = "/readyz";
    pub const CHAOS: &str = "/chaos";
}

/// Environment variables. The standard ones that the OpenTelemetry SDK reads by itself are not listed.
pub mod env {
    pub const LISTEN_ADDR: &str = "LISTEN_ADDR";
    pub const LOG_LEVEL: &str = "LOG_LEVEL";
    pub const CHAOS_ERROR_RATE: &str = "CHAOS_ERROR_RATE";
    pub const CHAOS_LATENCY_MS: &str = "CHAOS_LATENCY_MS";
    /// `1`: the end of standard input means that the supervisor is gone.
    pub const LAB_SUPERVISED: &str = "LAB_SUPERVISED";
    pub const OTEL_SDK_DISABLED: &str = "OTEL_SDK_DISABLED";
    pub const OTEL_TRACES_EXPORTER: &str = "OTEL_TRACES_EXPORTER";
    pub const OTEL_SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
    pub const OTEL_EXPORTER_OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    pub const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    pub const OTEL_EXPORTER_OTLP_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
    pub const OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
    pub const OTEL_BSP_MAX_QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
    pub const OTEL_BSP_MAX_EXPORT_BATCH_SIZE: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
    pub const OTEL_BSP_SCHEDULE_DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
}
