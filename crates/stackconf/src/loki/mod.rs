//! loki-config.yml for Loki 3, as far as one process has use for it: limits, retention, the ruler.

mod limits;

pub use limits::{LIMITS, Limits};

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape, Value};
use crate::{Loaded, load_with, parse_with};
use std::path::Path;

pub static TOP: Shape = Shape {
    path: "loki-config.yml",
    keys: &["server", "schema_config", "limits_config", "compactor"],
    no_effect: &[
        "ruler",
        "auth_enabled",
        "target",
        "ballast_bytes",
        "common",
        "ingester",
        "ingester_client",
        "pattern_ingester",
        "distributor",
        "frontend",
        "frontend_worker",
        "querier",
        "query_range",
        "query_scheduler",
        "storage_config",
        "chunk_store_config",
        "table_manager",
        "memberlist",
        "index_gateway",
        "bloom_build",
        "bloom_gateway",
        "analytics",
        "runtime_config",
        "operational_config",
        "shutdown_delay",
        "metrics_namespace",
        "profiling",
        "ui",
        "kafka_config",
        "dataobj",
        "ingest_limits",
        "ingest_limits_frontend",
        "legacy_read_mode",
    ],
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
        "http_server_read_timeout",
        "http_server_write_timeout",
        "grpc_server_max_recv_msg_size",
        "grpc_server_max_send_msg_size",
        "grpc_server_max_concurrent_streams",
    ],
    unsupported: &["http_path_prefix", "http_tls_config", "grpc_tls_config"],
};
pub static SCHEMA: Shape =
    Shape { path: "schema_config", keys: &["configs"], no_effect: &[], unsupported: &[] };
pub static PERIOD: Shape = Shape {
    path: "schema_config.configs[]",
    keys: &["store", "schema"],
    no_effect: &["from", "object_store", "index", "chunks", "row_shards"],
    unsupported: &[],
};
pub static COMPACTOR: Shape = Shape {
    path: "compactor",
    keys: &["retention_enabled", "delete_request_store"],
    no_effect: &[
        "working_directory",
        "compaction_interval",
        "retention_delete_delay",
        "retention_delete_worker_count",
        "delete_request_cancel_period",
        "delete_request_store_key_prefix",
        "compactor_ring",
    ],
    unsupported: &[],
};
pub static RULER: Shape = Shape {
    path: "ruler",
    keys: &[],
    no_effect: &[
        "storage",
        "alertmanager_url",
        "rule_path",
        "enable_alertmanager_v2",
        "enable_api",
        "ring",
        "evaluation_interval",
        "poll_interval",
        "external_url",
        "wal",
        "evaluation",
    ],
    unsupported: &["remote_write", "alertmanager_client", "external_labels"],
};
pub static RULER_STORAGE: Shape = Shape {
    path: "ruler.storage",
    keys: &[],
    no_effect: &["local", "type"],
    unsupported: &["s3", "gcs", "azure"],
};
pub static RULER_LOCAL: Shape =
    Shape { path: "ruler.storage.local", keys: &[], no_effect: &["directory"], unsupported: &[] };

#[derive(Clone, Debug, PartialEq)]
pub struct LokiConfig {
    pub http_listen_port: u16,
    /// Multi-tenancy; with it every request needs X-Scope-OrgID.
    pub auth_enabled: bool,
    pub limits: Limits,
    /// Whether `limits.retention_period` is enforced.
    pub retention_enabled: bool,
    pub alertmanager_url: Option<String>,
    /// Folder of rule files, one subfolder per tenant (`fake` without tenants).
    pub rules_directory: Option<String>,
}

/// # Errors
/// [`ConfigError`] at the first thing that is wrong, also where Loki itself would refuse to start.
pub fn parse(file: &str, text: &str) -> Result<Loaded<LokiConfig>, ConfigError> {
    parse_with(file, text, LokiConfig::from_node)
}

/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn load(path: &Path) -> Result<Loaded<LokiConfig>, ConfigError> {
    load_with(path, parse)
}

impl FromNode for LokiConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &TOP, ctx)?;
        let limits = s.sub("limits_config", &LIMITS, Limits::read)?;
        s.sub("schema_config", &SCHEMA, |schema| check_schema(schema, &limits))?;
        let retention_enabled = s.sub("compactor", &COMPACTOR, |c| {
            let enabled = c.or("retention_enabled", false)?;
            if enabled && !c.has("delete_request_store") {
                return Err(c.bad(
                    "retention_enabled",
                    "retention needs compactor.delete_request_store, Loki would not start",
                ));
            }
            Ok(enabled)
        })?;
        let (alertmanager_url, rules_directory) = s.sub("ruler", &RULER, |r| {
            let directory =
                r.sub("storage", &RULER_STORAGE, |t| t.sub("local", &RULER_LOCAL, |l| l.opt("directory")))?;
            Ok((r.opt("alertmanager_url")?, directory))
        })?;
        Ok(Self {
            http_listen_port: s.sub("server", &SERVER, |s| s.or("http_listen_port", 3100))?,
            auth_enabled: s.or("auth_enabled", true)?,
            limits,
            retention_enabled,
            alertmanager_url,
            rules_directory,
        })
    }
}

/// Structured metadata, which the lab's trace ids live in, needs the newest schema.
fn check_schema(s: &Section, limits: &Limits) -> Result<(), ConfigError> {
    let Some(Node { value: Value::Seq(periods), .. }) = s.node("configs") else { return Ok(()) };
    for period in periods {
        let p = Section::open(period, &PERIOD, s.ctx)?;
        let (store, schema): (String, String) = (p.or_default("store")?, p.or_default("schema")?);
        if limits.allow_structured_metadata && (store != "tsdb" || schema != "v13") {
            return Err(p.bad(
                "schema",
                format!(
                    "found store {store:?} with schema {schema:?}, structured metadata needs tsdb and v13"
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
