//! prometheus.yml. Start at [`PrometheusConfig`]; scrape jobs are in [`scrape`].

pub mod alerting;
pub mod scrape;

pub use alerting::{AlertingConfig, AlertmanagerConfig};
pub use scrape::{FileSdConfig, Scheme, ScrapeConfig, StaticConfig, parse_targets};

use crate::error::ConfigError;
use crate::yaml::{ByteSize, Context, FromNode, Node, Section, Shape};
use crate::{Loaded, load_with, parse_with, relabel};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub static TOP: Shape = Shape {
    path: "prometheus.yml",
    keys: &["global", "rule_files", "scrape_configs", "alerting", "storage"],
    no_effect: &["runtime"],
    unsupported: &["remote_write", "remote_read", "tracing", "otlp", "scrape_config_files"],
};
pub static GLOBAL: Shape = Shape {
    path: "global",
    keys: &[
        "scrape_interval",
        "scrape_timeout",
        "evaluation_interval",
        "external_labels",
        "body_size_limit",
        "sample_limit",
        "label_limit",
        "label_name_length_limit",
        "label_value_length_limit",
        "target_limit",
    ],
    no_effect: &["scrape_protocols", "keep_dropped_targets", "metric_name_validation_scheme"],
    unsupported: &[
        "query_log_file",
        "scrape_failure_log_file",
        "rule_query_offset",
        "scrape_native_histograms",
        "always_scrape_classic_histograms",
        "convert_classic_histograms_to_nhcb",
        "metric_name_escaping_scheme",
    ],
};
pub static STORAGE: Shape =
    Shape { path: "storage", keys: &["exemplars", "tsdb"], no_effect: &[], unsupported: &[] };
pub static EXEMPLARS: Shape =
    Shape { path: "storage.exemplars", keys: &["max_exemplars"], no_effect: &[], unsupported: &[] };
pub static TSDB: Shape = Shape {
    path: "storage.tsdb",
    keys: &[],
    no_effect: &["retention", "out_of_order_time_window", "stale_series_compaction_threshold"],
    unsupported: &[],
};
pub static RETENTION: Shape = Shape {
    path: "storage.tsdb.retention",
    keys: &[],
    no_effect: &["size", "time", "percentage"],
    unsupported: &[],
};

#[derive(Clone, Debug)]
pub struct PrometheusConfig {
    pub global: Global,
    /// Patterns as written; relative ones are relative to the file's folder.
    pub rule_files: Vec<String>,
    pub scrape_configs: Vec<ScrapeConfig>,
    pub alerting: AlertingConfig,
    pub storage: Storage,
}

#[derive(Clone, Debug)]
pub struct Global {
    pub scrape_interval: Duration,
    pub scrape_timeout: Duration,
    pub evaluation_interval: Duration,
    pub external_labels: BTreeMap<String, String>,
    pub limits: ScrapeLimits,
}

/// Limits of one scrape; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScrapeLimits {
    pub body_size: u64,
    pub samples: u64,
    pub labels: u64,
    pub label_name_length: u64,
    pub label_value_length: u64,
    pub targets: u64,
}

impl ScrapeLimits {
    /// Keys that the section does not have keep the value of `default`.
    fn read(s: &Section, default: Self) -> Result<Self, ConfigError> {
        Ok(Self {
            body_size: s.or("body_size_limit", ByteSize(default.body_size))?.0,
            samples: s.or("sample_limit", default.samples)?,
            labels: s.or("label_limit", default.labels)?,
            label_name_length: s.or("label_name_length_limit", default.label_name_length)?,
            label_value_length: s.or("label_value_length_limit", default.label_value_length)?,
            targets: s.or("target_limit", default.targets)?,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Storage {
    /// Size of the exemplar ring; upstream's default.
    pub max_exemplars: u64,
    pub out_of_order_time_window: Duration,
    /// Set here only by files for Prometheus 3; the flag of the command line is the older way.
    pub retention_time: Option<Duration>,
    /// Bytes.
    pub retention_size: Option<u64>,
}

/// Upstream's defaults (Prometheus documentation, configuration).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_EXEMPLARS: u64 = 100_000;

/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse(file: &str, text: &str) -> Result<Loaded<PrometheusConfig>, ConfigError> {
    parse_with(file, text, PrometheusConfig::from_node)
}

/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn load(path: &Path) -> Result<Loaded<PrometheusConfig>, ConfigError> {
    load_with(path, parse)
}

impl FromNode for PrometheusConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &TOP, ctx)?;
        let global = s.sub("global", &GLOBAL, Global::read)?;
        let mut scrape_configs = Vec::new();
        for (index, job) in jobs(&s)?.iter().enumerate() {
            let config = ScrapeConfig::read(job, ctx, &global)?;
            if scrape_configs[..index].iter().any(|other: &ScrapeConfig| other.job_name == config.job_name) {
                return Err(ctx.invalid(job.at, format!("job_name {:?} is used twice", config.job_name)));
            }
            scrape_configs.push(config);
        }
        Ok(Self {
            rule_files: s.or_default("rule_files")?,
            scrape_configs,
            alerting: s.sub("alerting", &alerting::ALERTING, AlertingConfig::read)?,
            storage: s.sub("storage", &STORAGE, Storage::read)?,
            global,
        })
    }
}

fn jobs<'a>(s: &Section<'a>) -> Result<&'a [Node], ConfigError> {
    match s.node("scrape_configs") {
        None => Ok(&[]),
        Some(Node { value: crate::yaml::Value::Seq(items), .. }) => Ok(items),
        Some(other) => Err(s.ctx.wrong_type(other, "a list of scrape jobs")),
    }
}

impl Global {
    fn read(s: &Section) -> Result<Self, ConfigError> {
        let scrape_interval = positive(s, "scrape_interval", DEFAULT_INTERVAL)?;
        let scrape_timeout = timeout(s, DEFAULT_TIMEOUT, scrape_interval)?;
        Ok(Self {
            scrape_interval,
            scrape_timeout,
            evaluation_interval: positive(s, "evaluation_interval", DEFAULT_INTERVAL)?,
            external_labels: relabel::labels(s, "external_labels")?,
            limits: ScrapeLimits::read(s, ScrapeLimits::default())?,
        })
    }
}

impl Storage {
    fn read(s: &Section) -> Result<Self, ConfigError> {
        let max_exemplars =
            s.sub("exemplars", &EXEMPLARS, |s| s.or("max_exemplars", DEFAULT_MAX_EXEMPLARS))?;
        s.sub("tsdb", &TSDB, |tsdb| {
            let (retention_time, retention_size) = tsdb.sub("retention", &RETENTION, |s| {
                Ok((s.opt("time")?, s.opt::<ByteSize>("size")?.map(|size| size.0)))
            })?;
            Ok(Self {
                max_exemplars,
                out_of_order_time_window: tsdb.or_default("out_of_order_time_window")?,
                retention_time,
                retention_size,
            })
        })
    }
}

/// A duration above zero.
fn positive(s: &Section, key: &str, default: Duration) -> Result<Duration, ConfigError> {
    let value = s.or(key, default)?;
    if value.is_zero() {
        return Err(s.bad(key, format!("{key} must be more than 0")));
    }
    Ok(value)
}

/// A timeout that was written may not exceed the interval; one that was not is cut to it.
fn timeout(s: &Section, default: Duration, interval: Duration) -> Result<Duration, ConfigError> {
    match s.opt("scrape_timeout")? {
        Some(timeout) if timeout > interval => {
            let show = model::duration::format_duration;
            Err(s.bad(
                "scrape_timeout",
                format!("scrape_timeout {} is longer than scrape_interval {}", show(timeout), show(interval)),
            ))
        }
        Some(timeout) => Ok(timeout),
        None => Ok(default.min(interval)),
    }
}

#[cfg(test)]
mod tests;
