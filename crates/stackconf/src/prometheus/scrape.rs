//! `scrape_configs[]`: what is scraped, how, and under which labels.

use super::{Global, ScrapeLimits, positive, timeout};
use crate::error::ConfigError;
use crate::relabel::{self, RelabelConfig};
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use std::collections::BTreeMap;
use std::time::Duration;

pub static SCRAPE: Shape = Shape {
    path: "scrape_configs[]",
    keys: &[
        "job_name",
        "honor_labels",
        "honor_timestamps",
        "params",
        "scrape_interval",
        "scrape_timeout",
        "metrics_path",
        "scheme",
        "static_configs",
        "file_sd_configs",
        "relabel_configs",
        "metric_relabel_configs",
        "body_size_limit",
        "sample_limit",
        "label_limit",
        "label_name_length_limit",
        "label_value_length_limit",
        "target_limit",
    ],
    no_effect: &[
        "scrape_protocols",
        "fallback_scrape_protocol",
        "enable_compression",
        "enable_http2",
        "follow_redirects",
        "keep_dropped_targets",
        "metric_name_validation_scheme",
    ],
    unsupported: &[
        "track_timestamps_staleness",
        "basic_auth",
        "authorization",
        "oauth2",
        "tls_config",
        "proxy_url",
        "proxy_from_environment",
        "no_proxy",
        "http_headers",
        "scrape_native_histograms",
        "always_scrape_classic_histograms",
        "scrape_classic_histograms",
        "convert_classic_histograms_to_nhcb",
        "native_histogram_bucket_limit",
        "native_histogram_min_bucket_factor",
        "metric_name_escaping_scheme",
        "scrape_failure_log_file",
        "azure_sd_configs",
        "consul_sd_configs",
        "digitalocean_sd_configs",
        "dns_sd_configs",
        "docker_sd_configs",
        "dockerswarm_sd_configs",
        "ec2_sd_configs",
        "eureka_sd_configs",
        "gce_sd_configs",
        "hetzner_sd_configs",
        "http_sd_configs",
        "ionos_sd_configs",
        "kubernetes_sd_configs",
        "kuma_sd_configs",
        "lightsail_sd_configs",
        "linode_sd_configs",
        "marathon_sd_configs",
        "nerve_sd_configs",
        "nomad_sd_configs",
        "openstack_sd_configs",
        "ovhcloud_sd_configs",
        "puppetdb_sd_configs",
        "scaleway_sd_configs",
        "serverset_sd_configs",
        "stackit_sd_configs",
        "triton_sd_configs",
        "uyuni_sd_configs",
        "vultr_sd_configs",
    ],
};
pub static STATIC: Shape =
    Shape { path: "static_configs[]", keys: &["targets", "labels"], no_effect: &[], unsupported: &[] };
pub static FILE_SD: Shape = Shape {
    path: "file_sd_configs[]",
    keys: &["files", "refresh_interval"],
    no_effect: &[],
    unsupported: &[],
};

#[derive(Clone, Debug)]
pub struct ScrapeConfig {
    pub job_name: String,
    /// Whether labels of the exposition win over labels of the target.
    pub honor_labels: bool,
    pub honor_timestamps: bool,
    pub params: BTreeMap<String, Vec<String>>,
    pub scrape_interval: Duration,
    pub scrape_timeout: Duration,
    pub metrics_path: String,
    pub scheme: Scheme,
    pub static_configs: Vec<StaticConfig>,
    pub file_sd_configs: Vec<FileSdConfig>,
    pub relabel_configs: Vec<RelabelConfig>,
    pub metric_relabel_configs: Vec<RelabelConfig>,
    pub limits: ScrapeLimits,
    pub line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticConfig {
    /// `host:port`, as written.
    pub targets: Vec<String>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSdConfig {
    /// Patterns of YAML or JSON files, each a list of static configs; relative to the configuration's folder.
    pub files: Vec<String>,
    pub refresh_interval: Duration,
}

const DEFAULT_FILE_REFRESH: Duration = Duration::from_secs(300);

impl ScrapeConfig {
    pub(super) fn read(node: &Node, ctx: &Context, global: &Global) -> Result<Self, ConfigError> {
        let s = Section::open(node, &SCRAPE, ctx)?;
        let job_name: String = s.req("job_name")?;
        if job_name.is_empty() {
            return Err(s.bad("job_name", "job_name is empty"));
        }
        let scrape_interval = positive(&s, "scrape_interval", global.scrape_interval)?;
        Ok(Self {
            job_name,
            honor_labels: s.or("honor_labels", false)?,
            honor_timestamps: s.or("honor_timestamps", true)?,
            params: s.or_default("params")?,
            scrape_interval,
            scrape_timeout: timeout(&s, global.scrape_timeout, scrape_interval)?,
            metrics_path: s.or("metrics_path", "/metrics".to_owned())?,
            scheme: s.word("scheme", Scheme::Http, &[("http", Scheme::Http), ("https", Scheme::Https)])?,
            static_configs: s.or_default("static_configs")?,
            file_sd_configs: s.or_default("file_sd_configs")?,
            relabel_configs: s.or_default("relabel_configs")?,
            metric_relabel_configs: s.or_default("metric_relabel_configs")?,
            limits: ScrapeLimits::read(&s, global.limits)?,
            line: s.at.line,
        })
    }
}

impl FromNode for StaticConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &STATIC, ctx)?;
        let targets: Vec<String> = s.or_default("targets")?;
        if let Some(target) = targets.iter().find(|target| target.contains('/') || target.is_empty()) {
            return Err(s.bad(
                "targets",
                format!("found target {target:?}, expected host:port without a scheme or path"),
            ));
        }
        Ok(Self { targets, labels: relabel::labels(&s, "labels")? })
    }
}

impl FromNode for FileSdConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &FILE_SD, ctx)?;
        let files: Vec<String> = s.req("files")?;
        for file in &files {
            if ![".yml", ".yaml", ".json"].iter().any(|ending| file.ends_with(ending)) {
                return Err(s.bad(
                    "files",
                    format!("found {file:?}, expected a name that ends in .yml, .yaml or .json"),
                ));
            }
        }
        Ok(Self { files, refresh_interval: positive(&s, "refresh_interval", DEFAULT_FILE_REFRESH)? })
    }
}

/// Reads a file of file-based discovery: a list of static configs. JSON is a subset of YAML.
///
/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse_targets(file: &str, text: &str) -> Result<Vec<StaticConfig>, ConfigError> {
    Ok(crate::parse_with(file, text, Vec::<StaticConfig>::from_node)?.config)
}
