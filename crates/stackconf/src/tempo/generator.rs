//! `metrics_generator` and the overrides that switch its processors on.

use super::duration;
use crate::error::ConfigError;
use crate::relabel;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use std::collections::BTreeMap;
use std::time::Duration;

pub static GENERATOR: Shape = Shape {
    path: "metrics_generator",
    keys: &["registry", "processor", "metrics_ingestion_time_range_slack"],
    no_effect: &["storage", "ring", "query_timeout", "override_ring_key", "limiter_type", "codec"],
    unsupported: &["traces_storage"],
};
pub static REGISTRY: Shape = Shape {
    path: "metrics_generator.registry",
    keys: &["collection_interval", "external_labels", "stale_duration"],
    no_effect: &["inject_tenant_id_as", "max_label_name_length", "max_label_value_length"],
    unsupported: &[],
};
pub static PROCESSOR: Shape = Shape {
    path: "metrics_generator.processor",
    keys: &["span_metrics", "service_graphs"],
    no_effect: &["host_info"],
    unsupported: &[],
};
pub static SPAN_METRICS: Shape = Shape {
    path: "metrics_generator.processor.span_metrics",
    keys: &["histogram_buckets", "dimensions"],
    no_effect: &["enable_target_info", "target_info_excluded_dimensions"],
    unsupported: &[
        "intrinsic_dimensions",
        "dimension_mappings",
        "filter_policies",
        "span_multiplier_key",
        "subprocessors",
    ],
};
pub static SERVICE_GRAPHS: Shape = Shape {
    path: "metrics_generator.processor.service_graphs",
    keys: &["wait", "max_items", "histogram_buckets", "dimensions"],
    no_effect: &["workers"],
    unsupported: &[
        "enable_client_server_prefix",
        "enable_messaging_system_latency_histogram",
        "enable_virtual_node_label",
        "peer_attributes",
        "database_name_attributes",
        "span_multiplier_key",
        "filter_policies",
    ],
};
pub static STORAGE: Shape = Shape {
    path: "metrics_generator.storage",
    keys: &[],
    no_effect: &[
        "remote_write",
        "path",
        "wal",
        "remote_write_flush_deadline",
        "remote_write_add_org_id_header",
    ],
    unsupported: &[],
};
pub static REMOTE_WRITE: Shape = Shape {
    path: "metrics_generator.storage.remote_write[]",
    keys: &[],
    no_effect: &[
        "send_exemplars",
        "url",
        "name",
        "queue_config",
        "metadata_config",
        "remote_timeout",
        "send_native_histograms",
        "follow_redirects",
    ],
    unsupported: &["basic_auth", "authorization", "oauth2", "headers", "tls_config", "write_relabel_configs"],
};
pub static OVERRIDES_DEFAULTS: Shape = Shape {
    path: "overrides.defaults",
    keys: &["metrics_generator"],
    no_effect: &["ingestion", "read", "compaction", "global", "storage", "cost_attribution", "forwarders"],
    unsupported: &[],
};
pub static OVERRIDES_GENERATOR: Shape = Shape {
    path: "overrides.defaults.metrics_generator",
    keys: &["processors", "trace_id_label_name", "max_active_series"],
    no_effect: &[
        "generate_native_histograms",
        "ring_size",
        "collection_interval",
        "ingestion_time_range_slack",
        "remote_write_headers",
    ],
    unsupported: &["processor", "disable_collection", "forwarder"],
};

#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    /// How often series are written.
    pub collection_interval: Duration,
    pub external_labels: BTreeMap<String, String>,
    /// A series without spans for this long goes away.
    pub stale_duration: Duration,
    /// Spans that ended longer ago are not counted.
    pub ingestion_slack: Duration,
    pub span_metrics: SpanMetrics,
    pub service_graphs: ServiceGraphs,
    pub remote_write: Vec<RemoteWrite>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SpanMetrics {
    /// Seconds, rising.
    pub histogram_buckets: Vec<f64>,
    /// Attributes that become labels of their own.
    pub dimensions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ServiceGraphs {
    /// How long one half of a request waits for the other.
    pub wait: Duration,
    /// Most requests that wait at a time.
    pub max_items: u64,
    pub histogram_buckets: Vec<f64>,
    pub dimensions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteWrite {
    pub url: String,
    pub send_exemplars: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overrides {
    pub service_graphs: bool,
    pub span_metrics: bool,
    /// The label of exemplars.
    pub trace_id_label_name: String,
    /// 0 is no limit.
    pub max_active_series: u64,
}

/// Upstream's defaults (Tempo 3.0, metrics-generator documentation).
const SPAN_BUCKETS: [f64; 14] =
    [0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384];
const GRAPH_BUCKETS: [f64; 8] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];

impl Generator {
    pub(super) fn read(s: &Section) -> Result<Self, ConfigError> {
        let seconds = Duration::from_secs;
        let registry = s.sub("registry", &REGISTRY, |r| {
            Ok((
                duration(r, "collection_interval", seconds(15))?,
                relabel::labels(r, "external_labels")?,
                duration(r, "stale_duration", seconds(15 * 60))?,
            ))
        })?;
        let (span_metrics, service_graphs) = s.sub("processor", &PROCESSOR, |p| {
            Ok((
                p.sub("span_metrics", &SPAN_METRICS, |m| {
                    Ok(SpanMetrics {
                        histogram_buckets: buckets(m, &SPAN_BUCKETS)?,
                        dimensions: m.or_default("dimensions")?,
                    })
                })?,
                p.sub("service_graphs", &SERVICE_GRAPHS, |g| {
                    Ok(ServiceGraphs {
                        wait: duration(g, "wait", seconds(10))?,
                        max_items: g.or("max_items", 10_000)?,
                        histogram_buckets: buckets(g, &GRAPH_BUCKETS)?,
                        dimensions: g.or_default("dimensions")?,
                    })
                })?,
            ))
        })?;
        Ok(Self {
            collection_interval: registry.0,
            external_labels: registry.1,
            stale_duration: registry.2,
            ingestion_slack: duration(s, "metrics_ingestion_time_range_slack", seconds(30))?,
            span_metrics,
            service_graphs,
            remote_write: s.sub("storage", &STORAGE, |t| t.or_default("remote_write"))?,
        })
    }
}

fn buckets(s: &Section, default: &[f64]) -> Result<Vec<f64>, ConfigError> {
    let buckets: Vec<f64> = s.or("histogram_buckets", default.to_vec())?;
    if !buckets.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(s.bad("histogram_buckets", "histogram_buckets must rise"));
    }
    Ok(buckets)
}

impl FromNode for RemoteWrite {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &REMOTE_WRITE, ctx)?;
        Ok(Self { url: s.req("url")?, send_exemplars: s.or("send_exemplars", false)? })
    }
}

impl Overrides {
    pub(super) fn read(s: &Section) -> Result<Self, ConfigError> {
        s.sub("metrics_generator", &OVERRIDES_GENERATOR, |g| {
            let processors: Vec<String> = g.or_default("processors")?;
            const KNOWN: [&str; 3] = ["service-graphs", "span-metrics", "host-info"];
            if let Some(unknown) = processors.iter().find(|name| !KNOWN.contains(&name.as_str())) {
                return Err(g.bad(
                    "processors",
                    format!("found processor {unknown:?}, expected one of {}", KNOWN.join(", ")),
                ));
            }
            let on = |name: &str| processors.iter().any(|processor| processor == name);
            Ok(Self {
                service_graphs: on("service-graphs"),
                span_metrics: on("span-metrics"),
                trace_id_label_name: g.or("trace_id_label_name", "traceID".to_owned())?,
                max_active_series: g.or("max_active_series", 0)?,
            })
        })
    }
}
