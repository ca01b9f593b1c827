//! tempo.yaml for Tempo 3, as far as one process has use for it: receivers, how soon traces are searchable, span metrics and
//! the service graph, retention.

mod generator;

pub use generator::{
    GENERATOR, OVERRIDES_DEFAULTS, OVERRIDES_GENERATOR, PROCESSOR, REGISTRY, REMOTE_WRITE, SERVICE_GRAPHS,
    SPAN_METRICS, STORAGE as GENERATOR_STORAGE,
};
pub use generator::{Generator, Overrides, RemoteWrite, ServiceGraphs, SpanMetrics};

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, GoDuration, Node, Section, Shape};
use crate::{Loaded, load_with, parse_with};
use std::path::Path;
use std::time::Duration;

pub static TOP: Shape = Shape {
    path: "tempo.yaml",
    keys: &["metrics_generator", "overrides", "backend_worker"],
    no_effect: &[
        "backend_scheduler",
        "query_frontend",
        "live_store",
        "distributor",
        "server",
        "target",
        "stream_over_http_enabled",
        "http_api_prefix",
        "storage",
        "usage_report",
        "memberlist",
        "querier",
        "block_builder",
        "ingest",
        "cache",
        "internal_server",
        "multitenancy_enabled",
        "shutdown_delay",
        "backend_scheduler_client",
        "live_store_client",
        "partition_ring",
    ],
    unsupported: &["enable_legacy_overrides"],
};
pub static SERVER: Shape = Shape {
    path: "server",
    keys: &[],
    no_effect: &[
        "http_listen_port",
        "http_listen_address",
        "grpc_listen_port",
        "grpc_listen_address",
        "log_level",
        "log_format",
        "http_server_read_timeout",
        "http_server_write_timeout",
        "grpc_server_max_recv_msg_size",
        "grpc_server_max_send_msg_size",
    ],
    unsupported: &["http_tls_config", "grpc_tls_config"],
};
pub static DISTRIBUTOR: Shape = Shape {
    path: "distributor",
    keys: &[],
    no_effect: &[
        "receivers",
        "log_received_spans",
        "log_discarded_spans",
        "ring",
        "usage",
        "retry_after_on_resource_exhausted",
    ],
    unsupported: &["forwarders", "max_attribute_bytes", "artificial_delay"],
};
pub static RECEIVERS: Shape = Shape {
    path: "distributor.receivers",
    keys: &[],
    no_effect: &["otlp"],
    unsupported: &["jaeger", "zipkin", "kafka"],
};
pub static OTLP: Shape =
    Shape { path: "distributor.receivers.otlp", keys: &[], no_effect: &["protocols"], unsupported: &[] };
pub static PROTOCOLS: Shape = Shape {
    path: "distributor.receivers.otlp.protocols",
    keys: &[],
    no_effect: &["http", "grpc"],
    unsupported: &[],
};
pub static ENDPOINT: Shape = Shape {
    path: "distributor.receivers.otlp.protocols.<protocol>",
    keys: &[],
    no_effect: &[
        "endpoint",
        "max_recv_msg_size_mib",
        "max_request_body_size",
        "include_metadata",
        "cors",
        "transport",
        "keepalive",
    ],
    unsupported: &["tls", "auth"],
};
pub static LIVE_STORE: Shape = Shape {
    path: "live_store",
    keys: &[],
    no_effect: &[
        "max_block_duration",
        "flush_check_period",
        "max_trace_live",
        "max_trace_idle",
        "max_block_bytes",
        "complete_block_timeout",
        "complete_block_concurrency",
        "fail_on_high_lag",
        "wal",
        "shutdown_marker_dir",
        "ring",
        "partition_ring",
    ],
    unsupported: &[],
};
pub static QUERY_FRONTEND: Shape = Shape {
    path: "query_frontend",
    keys: &[],
    no_effect: &[
        "metrics",
        "search",
        "query_end_cutoff",
        "max_outstanding_per_tenant",
        "max_batch_size",
        "max_retries",
        "max_query_expression_size_bytes",
        "query_backend_after",
        "trace_by_id",
        "mcp_server",
        "response_consumers",
    ],
    unsupported: &["rf1_after"],
};
pub static SEARCH: Shape = Shape {
    path: "query_frontend.search",
    keys: &[],
    no_effect: &[
        "max_spans_per_span_set",
        "max_duration",
        "max_result_limit",
        "default_result_limit",
        "concurrent_jobs",
        "target_bytes_per_job",
        "query_backend_after",
        "default_spans_per_span_set",
    ],
    unsupported: &[],
};
pub static METRICS: Shape = Shape {
    path: "query_frontend.metrics",
    keys: &[],
    no_effect: &[
        "max_response_series",
        "max_duration",
        "concurrent_jobs",
        "target_bytes_per_job",
        "query_backend_after",
        "interval",
        "max_intervals",
        "exemplars",
        "max_exemplars",
    ],
    unsupported: &[],
};
pub static WORKER: Shape = Shape {
    path: "backend_worker",
    keys: &["compaction"],
    no_effect: &["ring", "finish_on_shutdown_timeout"],
    unsupported: &[],
};
pub static WORKER_COMPACTION: Shape = Shape {
    path: "backend_worker.compaction",
    keys: &["block_retention"],
    no_effect: &[
        "compacted_block_retention",
        "compaction_window",
        "max_compaction_objects",
        "max_block_bytes",
        "retention_concurrency",
    ],
    unsupported: &[],
};
pub static OVERRIDES: Shape = Shape {
    path: "overrides",
    keys: &["defaults"],
    no_effect: &["per_tenant_override_config", "per_tenant_override_period", "user_configurable_overrides"],
    unsupported: &[],
};

#[derive(Clone, Debug, PartialEq)]
pub struct TempoConfig {
    pub http_listen_port: u16,
    /// `host:port` of the OTLP receivers that are switched on.
    pub otlp_grpc: Option<String>,
    pub otlp_http: Option<String>,
    /// A trace without new spans for this long is searchable.
    pub max_trace_idle: Duration,
    pub max_trace_live: Duration,
    pub flush_check_period: Duration,
    pub max_block_duration: Duration,
    /// Searches and metrics leave out what is newer.
    pub query_end_cutoff: Duration,
    pub search_default_limit: u64,
    /// 0 is no limit, here and below.
    pub search_max_limit: u64,
    pub search_max_duration: Duration,
    pub search_max_spans_per_span_set: u64,
    pub metrics_max_duration: Duration,
    pub metrics_max_series: u64,
    pub generator: Generator,
    pub overrides: Overrides,
    /// How long blocks are kept.
    pub block_retention: Duration,
}

/// Upstream's defaults (Tempo 3.0 configuration manifest).
const DEFAULT_RETENTION: Duration = Duration::from_secs(336 * 3600);
const DEFAULT_CUTOFF: Duration = Duration::from_secs(30);

/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse(file: &str, text: &str) -> Result<Loaded<TempoConfig>, ConfigError> {
    parse_with(file, text, TempoConfig::from_node)
}

/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn load(path: &Path) -> Result<Loaded<TempoConfig>, ConfigError> {
    load_with(path, parse)
}

fn duration(s: &Section, key: &str, default: Duration) -> Result<Duration, ConfigError> {
    Ok(s.or(key, GoDuration(default))?.0)
}

impl FromNode for TempoConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &TOP, ctx)?;
        let seconds = Duration::from_secs;
        let (otlp_grpc, otlp_http) = s.sub("distributor", &DISTRIBUTOR, |d| {
            d.sub("receivers", &RECEIVERS, |r| {
                r.sub("otlp", &OTLP, |o| o.sub("protocols", &PROTOCOLS, endpoints))
            })
        })?;
        let live = s.sub("live_store", &LIVE_STORE, |l| {
            Ok([
                duration(l, "max_trace_idle", seconds(5))?,
                duration(l, "max_trace_live", seconds(30))?,
                duration(l, "flush_check_period", seconds(5))?,
                duration(l, "max_block_duration", seconds(30))?,
            ])
        })?;
        let frontend = |s: &Section| {
            let cutoff = duration(s, "query_end_cutoff", DEFAULT_CUTOFF)?;
            let search = s.sub("search", &SEARCH, |q| {
                Ok((
                    q.or("default_result_limit", 20)?,
                    q.or("max_result_limit", 256 * 1024)?,
                    duration(q, "max_duration", seconds(168 * 3600))?,
                    q.or("max_spans_per_span_set", 100)?,
                ))
            })?;
            let metrics = s.sub("metrics", &METRICS, |q| {
                Ok((duration(q, "max_duration", seconds(3 * 3600))?, q.or("max_response_series", 1000)?))
            })?;
            Ok((cutoff, search, metrics))
        };
        let (query_end_cutoff, search, metrics) = s.sub("query_frontend", &QUERY_FRONTEND, frontend)?;
        Ok(Self {
            http_listen_port: s.sub("server", &SERVER, |s| s.or("http_listen_port", 3200))?,
            otlp_grpc,
            otlp_http,
            max_trace_idle: live[0],
            max_trace_live: live[1],
            flush_check_period: live[2],
            max_block_duration: live[3],
            query_end_cutoff,
            search_default_limit: search.0,
            search_max_limit: search.1,
            search_max_duration: search.2,
            search_max_spans_per_span_set: search.3,
            metrics_max_duration: metrics.0,
            metrics_max_series: metrics.1,
            generator: s.sub("metrics_generator", &GENERATOR, Generator::read)?,
            overrides: s
                .sub("overrides", &OVERRIDES, |o| o.sub("defaults", &OVERRIDES_DEFAULTS, Overrides::read))?,
            block_retention: s.sub("backend_worker", &WORKER, |w| {
                w.sub("compaction", &WORKER_COMPACTION, |c| duration(c, "block_retention", DEFAULT_RETENTION))
            })?,
        })
    }
}

/// A protocol that is named without an endpoint listens on localhost, as upstream has it since 2.7.
fn endpoints(s: &Section) -> Result<(Option<String>, Option<String>), ConfigError> {
    let one = |key: &str, default: &str| -> Result<Option<String>, ConfigError> {
        if !s.named(key) {
            return Ok(None);
        }
        s.sub(key, &ENDPOINT, |e| e.or("endpoint", default.to_owned())).map(Some)
    };
    Ok((one("grpc", "localhost:4317")?, one("http", "localhost:4318")?))
}

#[cfg(test)]
mod tests;
