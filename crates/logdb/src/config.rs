//! Limits and sizes. The defaults of the limits are those of Loki's `limits_config`; sizes are our own.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Config {
    /// Lines older than this are deleted; zero keeps them. `retention_period`.
    pub retention: Duration,
    /// How far behind the newest line of its stream a line may be. Half of Loki's `max_chunk_age`.
    pub out_of_order_window: Duration,
    /// Lines older than this are refused; zero accepts any age. `reject_old_samples_max_age`.
    pub max_age: Duration,
    /// How far in the future a line may be; zero accepts any. `creation_grace_period`.
    pub grace: Duration,
    /// Bytes; zero for no limit. `max_line_size`.
    pub max_line_size: usize,
    /// `max_label_names_per_series`.
    pub max_label_names: usize,
    /// Bytes of a label's name and value; zero for no limit. `max_label_name_length`, `max_label_value_length`.
    pub max_label_name: usize,
    pub max_label_value: usize,
    /// `allow_structured_metadata`.
    pub allow_metadata: bool,
    /// Bytes and pairs of one line's structured metadata; zero for no limit. `max_structured_metadata_size`,
    /// `max_structured_metadata_entries_count`.
    pub max_metadata_size: usize,
    pub max_metadata_pairs: usize,
    /// Streams with lines in the last hour; zero for no limit. `max_global_streams_per_user`.
    pub max_streams: usize,
    /// Bytes per second and bytes at once; zero for no limit. `ingestion_rate_mb`, `ingestion_burst_size_mb`.
    pub ingestion_rate: u64,
    pub ingestion_burst: u64,
    /// The same for each stream. `per_stream_rate_limit`, `per_stream_rate_limit_burst`.
    pub stream_rate: u64,
    pub stream_burst: u64,
    /// Adds structured metadata `detected_level`. `discover_log_levels`.
    pub discover_levels: bool,
    /// Labels of which the first one there is becomes `service_name`; empty = off. `discover_service_name`.
    pub discover_service_name: Vec<String>,
    /// Text bytes of a head block at which it is sealed. Larger chunks compress better and cost more to look into.
    pub block_size: usize,
    /// Bytes of write-ahead log after which everything is sealed and written into a segment.
    pub checkpoint_size: u64,
    /// How often written data is forced to the disk: what a power cut may lose.
    pub sync_interval: Duration,
}

const MIB: u64 = 1 << 20;

impl Default for Config {
    fn default() -> Self {
        Self {
            retention: Duration::ZERO,
            out_of_order_window: Duration::from_secs(3_600),
            max_age: Duration::from_secs(7 * 86_400),
            grace: Duration::from_secs(600),
            max_line_size: 256 << 10,
            max_label_names: 15,
            max_label_name: 1_024,
            max_label_value: 2_048,
            allow_metadata: true,
            max_metadata_size: 64 << 10,
            max_metadata_pairs: 128,
            max_streams: 5_000,
            ingestion_rate: 4 * MIB,
            ingestion_burst: 6 * MIB,
            stream_rate: 3 * MIB,
            stream_burst: 15 * MIB,
            discover_levels: true,
            discover_service_name: DISCOVER_SERVICE_NAME.iter().map(|name| (*name).to_owned()).collect(),
            block_size: 256 << 10,
            checkpoint_size: 48 * MIB,
            sync_interval: Duration::from_secs(1),
        }
    }
}

/// Loki's default list for `discover_service_name`.
const DISCOVER_SERVICE_NAME: [&str; 13] = [
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
    "k8s_job_name",
];
