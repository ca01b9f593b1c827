//! `limits_config`. The defaults are upstream's (Loki 3.7, shared configuration).

use crate::error::ConfigError;
use crate::yaml::{ByteSize, GoDuration, Section, Shape};
use std::time::Duration;

pub static LIMITS: Shape = Shape {
    path: "limits_config",
    keys: &[
        "discover_log_levels",
        "discover_service_name",
        "retention_period",
        "reject_old_samples",
        "reject_old_samples_max_age",
        "creation_grace_period",
        "max_label_names_per_series",
        "max_line_size",
        "max_global_streams_per_user",
        "ingestion_rate_mb",
        "ingestion_burst_size_mb",
        "max_entries_limit_per_query",
        "max_query_series",
        "max_query_length",
        "query_timeout",
    ],
    no_effect: &[
        "per_stream_rate_limit_burst",
        "per_stream_rate_limit",
        "max_line_size_truncate",
        "max_label_value_length",
        "max_label_name_length",
        "volume_enabled",
        "max_structured_metadata_entries_count",
        "max_structured_metadata_size",
        "allow_structured_metadata",
        "cardinality_limit",
        "ingestion_rate_strategy",
        "increment_duplicate_timestamp",
        "log_level_fields",
        "max_cache_freshness_per_query",
        "max_chunks_per_query",
        "max_concurrent_tail_requests",
        "max_querier_bytes_read",
        "max_query_bytes_read",
        "max_query_parallelism",
        "max_query_lookback",
        "max_streams_matchers_per_query",
        "max_streams_per_user",
        "metric_aggregation_enabled",
        "minimum_labels_size",
        "pattern_persistence_enabled",
        "query_ready_index_num_days",
        "split_queries_by_interval",
        "tsdb_max_query_parallelism",
        "unordered_writes",
        "use_owned_stream_count",
        "volume_max_series",
        "otlp_config",
    ],
    unsupported: &[
        "retention_stream",
        "max_query_range",
        "required_labels",
        "deletion_mode",
        "ruler_remote_write_disabled",
    ],
};

#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub allow_structured_metadata: bool,
    /// Bytes of structured metadata of one entry, and how many pieces.
    pub max_structured_metadata_size: u64,
    pub max_structured_metadata_entries: u64,
    /// Whether entries get the structured metadata `detected_level`.
    pub discover_log_levels: bool,
    /// Labels that `service_name` is taken from, the first that is there.
    pub discover_service_name: Vec<String>,
    pub volume_enabled: bool,
    /// Zero is for ever.
    pub retention_period: Duration,
    pub reject_old_samples: bool,
    pub reject_old_samples_max_age: Duration,
    /// How far in the future an entry may lie.
    pub creation_grace_period: Duration,
    pub max_label_name_length: u64,
    pub max_label_value_length: u64,
    pub max_label_names_per_series: u64,
    /// Bytes; 0 is no limit.
    pub max_line_size: u64,
    pub max_line_size_truncate: bool,
    /// Streams at a time; 0 is no limit.
    pub max_streams: u64,
    /// Bytes per second.
    pub ingestion_rate: f64,
    pub ingestion_burst: f64,
    pub per_stream_rate: u64,
    pub per_stream_burst: u64,
    pub max_entries_per_query: u64,
    pub max_query_series: u64,
    /// Zero is no limit.
    pub max_query_length: Duration,
    pub query_timeout: Duration,
}

const SERVICE_NAME_SOURCES: [&str; 12] = [
    "service",
    "app",
    "application",
    "app_name",
    "name",
    "app_kubernetes_io_name",
    "container",
    "container_name",
    "k8s_container_name",
    "component",
    "workload",
    "job",
];
const MIB: f64 = 1_048_576.0;
const HOUR: u64 = 3600;

impl Limits {
    pub(super) fn read(s: &Section) -> Result<Self, ConfigError> {
        let duration = |key: &str, seconds: u64| -> Result<Duration, ConfigError> {
            Ok(s.or(key, GoDuration(Duration::from_secs(seconds)))?.0)
        };
        let bytes =
            |key: &str, default: u64| -> Result<u64, ConfigError> { Ok(s.or(key, ByteSize(default))?.0) };
        let limits = Self {
            allow_structured_metadata: s.or("allow_structured_metadata", true)?,
            max_structured_metadata_size: bytes("max_structured_metadata_size", 64 << 10)?,
            max_structured_metadata_entries: s.or("max_structured_metadata_entries_count", 128)?,
            discover_log_levels: s.or("discover_log_levels", true)?,
            discover_service_name: s
                .or("discover_service_name", SERVICE_NAME_SOURCES.map(str::to_owned).to_vec())?,
            volume_enabled: s.or("volume_enabled", true)?,
            retention_period: duration("retention_period", 0)?,
            reject_old_samples: s.or("reject_old_samples", true)?,
            reject_old_samples_max_age: duration("reject_old_samples_max_age", 7 * 24 * HOUR)?,
            creation_grace_period: duration("creation_grace_period", 600)?,
            max_label_name_length: s.or("max_label_name_length", 1024)?,
            max_label_value_length: s.or("max_label_value_length", 2048)?,
            max_label_names_per_series: s.or("max_label_names_per_series", 15)?,
            max_line_size: bytes("max_line_size", 256 << 10)?,
            max_line_size_truncate: s.or("max_line_size_truncate", false)?,
            max_streams: s.or("max_global_streams_per_user", 5000)?,
            ingestion_rate: s.or("ingestion_rate_mb", 4.0)? * MIB,
            ingestion_burst: s.or("ingestion_burst_size_mb", 6.0)? * MIB,
            per_stream_rate: bytes("per_stream_rate_limit", 3 << 20)?,
            per_stream_burst: bytes("per_stream_rate_limit_burst", 15 << 20)?,
            max_entries_per_query: s.or("max_entries_limit_per_query", 5000)?,
            max_query_series: s.or("max_query_series", 500)?,
            max_query_length: duration("max_query_length", 721 * HOUR)?,
            query_timeout: duration("query_timeout", 60)?,
        };
        let retention = limits.retention_period;
        if !retention.is_zero() && retention < Duration::from_secs(24 * HOUR) {
            return Err(
                s.bad("retention_period", "retention_period is 0 or at least 24h, Loki would not start")
            );
        }
        Ok(limits)
    }
}
