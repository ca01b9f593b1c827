//! promtail-config.yml. Start at [`PromtailConfig`]; pipeline stages are in [`stages`].

mod discovery;
pub mod stages;

pub use discovery::{DOCKER_FILTER, DOCKER_SD, DockerFilter, DockerSdConfig};
pub use stages::Stage;

use crate::error::ConfigError;
use crate::prometheus::{FileSdConfig, StaticConfig};
use crate::relabel::{self, RelabelConfig};
use crate::yaml::{ByteSize, Context, FromNode, GoDuration, Node, Section, Shape};
use crate::{Loaded, load_with, parse_with};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub static TOP: Shape = Shape {
    path: "promtail-config.yml",
    keys: &["clients", "client", "scrape_configs", "limits_config"],
    no_effect: &["positions", "server", "global", "target_config", "options", "wal"],
    unsupported: &["tracing"],
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
        "disable",
        "profiling_enabled",
        "register_instrumentation",
        "graceful_shutdown_timeout",
        "health_check_target",
        "reload",
        "enable_runtime_reload",
    ],
    unsupported: &[
        "http_path_prefix",
        "http_server_read_timeout",
        "http_server_write_timeout",
        "external_url",
    ],
};
pub static CLIENT: Shape = Shape {
    path: "clients[]",
    keys: &["batchwait", "batchsize", "external_labels"],
    no_effect: &[
        "backoff_config",
        "tenant_id",
        "timeout",
        "url",
        "name",
        "headers",
        "drop_rate_limited_batches",
        "stream_lag_labels",
        "follow_redirects",
        "enable_http2",
    ],
    unsupported: &["basic_auth", "oauth2", "bearer_token", "bearer_token_file", "proxy_url", "tls_config"],
};
pub static BACKOFF: Shape = Shape {
    path: "clients[].backoff_config",
    keys: &[],
    no_effect: &["max_retries", "max_period", "min_period"],
    unsupported: &[],
};
pub static POSITIONS: Shape = Shape {
    path: "positions",
    keys: &[],
    no_effect: &["sync_period", "filename", "ignore_invalid_yaml"],
    unsupported: &[],
};
pub static LIMITS: Shape = Shape {
    path: "limits_config",
    keys: &["max_line_size", "max_line_size_truncate"],
    no_effect: &[],
    unsupported: &[
        "readline_rate_enabled",
        "readline_rate",
        "readline_burst",
        "readline_rate_drop",
        "max_streams",
    ],
};
pub static SCRAPE: Shape = Shape {
    path: "scrape_configs[]",
    keys: &[
        "job_name",
        "static_configs",
        "file_sd_configs",
        "docker_sd_configs",
        "relabel_configs",
        "pipeline_stages",
    ],
    no_effect: &[],
    unsupported: &[
        "journal",
        "syslog",
        "loki_push_api",
        "windows_events",
        "gcplog",
        "kafka",
        "azure_event_hubs",
        "gelf",
        "cloudflare",
        "heroku_drain",
        "decompression",
        "encoding",
        "kubernetes_sd_configs",
        "consul_sd_configs",
        "consulagent_sd_configs",
        "dns_sd_configs",
    ],
};

#[derive(Clone, Debug)]
pub struct PromtailConfig {
    pub http_listen_port: u16,
    pub clients: Vec<ClientConfig>,
    pub positions: PositionsConfig,
    pub scrape_configs: Vec<ScrapeConfig>,
    /// Longer lines are dropped, or cut when the second value says so. 0 is no limit.
    pub max_line_size: u64,
    pub max_line_size_truncate: bool,
}

/// Where lines are pushed, and in what portions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    pub url: String,
    /// Longest a line waits for others.
    pub batch_wait: Duration,
    /// Bytes after which a batch is sent at once.
    pub batch_size: u64,
    pub external_labels: BTreeMap<String, String>,
    pub timeout: Duration,
    pub tenant_id: Option<String>,
    pub min_backoff: Duration,
    pub max_backoff: Duration,
    pub max_retries: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionsConfig {
    pub filename: String,
    pub sync_period: Duration,
}

#[derive(Clone, Debug)]
pub struct ScrapeConfig {
    pub job_name: String,
    pub static_configs: Vec<StaticConfig>,
    pub file_sd_configs: Vec<FileSdConfig>,
    pub docker_sd_configs: Vec<DockerSdConfig>,
    pub relabel_configs: Vec<RelabelConfig>,
    pub pipeline_stages: Vec<Stage>,
    pub line: u32,
}

/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse(file: &str, text: &str) -> Result<Loaded<PromtailConfig>, ConfigError> {
    parse_with(file, text, PromtailConfig::from_node)
}

/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn load(path: &Path) -> Result<Loaded<PromtailConfig>, ConfigError> {
    load_with(path, parse)
}

/// Upstream's defaults (Promtail documentation, configuration).
const DEFAULT_PORT: u16 = 80;
const DEFAULT_BATCH_WAIT: Duration = Duration::from_secs(1);
const DEFAULT_BATCH_BYTES: u64 = 1 << 20;

impl FromNode for PromtailConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &TOP, ctx)?;
        let mut clients: Vec<ClientConfig> = s.or_default("clients")?;
        clients.extend(s.opt::<ClientConfig>("client")?);
        let (max_line_size, max_line_size_truncate) = s.sub("limits_config", &LIMITS, |s| {
            Ok((s.or("max_line_size", ByteSize(0))?.0, s.or("max_line_size_truncate", false)?))
        })?;
        Ok(Self {
            http_listen_port: s.sub("server", &SERVER, |s| s.or("http_listen_port", DEFAULT_PORT))?,
            clients,
            positions: s.sub("positions", &POSITIONS, |s| {
                Ok(PositionsConfig {
                    filename: s.or("filename", "/var/log/positions.yaml".to_owned())?,
                    sync_period: s.or("sync_period", GoDuration(Duration::from_secs(10)))?.0,
                })
            })?,
            scrape_configs: s.or_default("scrape_configs")?,
            max_line_size,
            max_line_size_truncate,
        })
    }
}

impl FromNode for ClientConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &CLIENT, ctx)?;
        let (min_backoff, max_backoff, max_retries) = s.sub("backoff_config", &BACKOFF, |s| {
            Ok((
                s.or("min_period", GoDuration(Duration::from_millis(500)))?.0,
                s.or("max_period", GoDuration(Duration::from_secs(300)))?.0,
                s.or("max_retries", 10)?,
            ))
        })?;
        Ok(Self {
            url: s.req("url")?,
            batch_wait: s.or("batchwait", GoDuration(DEFAULT_BATCH_WAIT))?.0,
            batch_size: s.or("batchsize", ByteSize(DEFAULT_BATCH_BYTES))?.0,
            external_labels: relabel::labels(&s, "external_labels")?,
            timeout: s.or("timeout", GoDuration(Duration::from_secs(10)))?.0,
            tenant_id: s.opt("tenant_id")?,
            min_backoff,
            max_backoff,
            max_retries,
        })
    }
}

impl FromNode for ScrapeConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &SCRAPE, ctx)?;
        Ok(Self {
            job_name: s.req("job_name")?,
            static_configs: s.or_default("static_configs")?,
            file_sd_configs: s.or_default("file_sd_configs")?,
            docker_sd_configs: s.or_default("docker_sd_configs")?,
            relabel_configs: s.or_default("relabel_configs")?,
            pipeline_stages: stages::read_list(s.node("pipeline_stages"), ctx)?,
            line: s.at.line,
        })
    }
}

#[cfg(test)]
mod tests;
