//! `alerting`: which Alertmanagers hear of alerts.

use super::{FileSdConfig, Scheme, StaticConfig, positive};
use crate::error::ConfigError;
use crate::relabel::RelabelConfig;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use std::time::Duration;

pub static ALERTING: Shape = Shape {
    path: "alerting",
    keys: &["alert_relabel_configs", "alertmanagers"],
    no_effect: &[],
    unsupported: &[],
};
pub static ALERTMANAGER: Shape = Shape {
    path: "alerting.alertmanagers[]",
    keys: &["scheme", "path_prefix", "timeout", "static_configs", "file_sd_configs", "relabel_configs"],
    no_effect: &["api_version", "enable_http2", "follow_redirects"],
    unsupported: &[
        "basic_auth",
        "authorization",
        "oauth2",
        "sigv4",
        "tls_config",
        "proxy_url",
        "alert_relabel_configs",
        "consul_sd_configs",
        "dns_sd_configs",
        "docker_sd_configs",
        "http_sd_configs",
        "kubernetes_sd_configs",
    ],
};

#[derive(Clone, Debug, Default)]
pub struct AlertingConfig {
    pub alert_relabel_configs: Vec<RelabelConfig>,
    pub alertmanagers: Vec<AlertmanagerConfig>,
}

#[derive(Clone, Debug)]
pub struct AlertmanagerConfig {
    pub scheme: Scheme,
    /// Without a slash at the end; the API path `/api/v2/alerts` follows.
    pub path_prefix: String,
    pub timeout: Duration,
    pub static_configs: Vec<StaticConfig>,
    pub file_sd_configs: Vec<FileSdConfig>,
    pub relabel_configs: Vec<RelabelConfig>,
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

impl AlertingConfig {
    pub(super) fn read(s: &Section) -> Result<Self, ConfigError> {
        Ok(Self {
            alert_relabel_configs: s.or_default("alert_relabel_configs")?,
            alertmanagers: s.or_default("alertmanagers")?,
        })
    }

    /// The `host:port` names of all Alertmanagers that are listed in the file.
    pub fn static_targets(&self) -> impl Iterator<Item = &str> {
        let configs = self.alertmanagers.iter().flat_map(|manager| &manager.static_configs);
        configs.flat_map(|config| config.targets.iter().map(String::as_str))
    }
}

impl FromNode for AlertmanagerConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &ALERTMANAGER, ctx)?;
        let path_prefix: String = s.or_default("path_prefix")?;
        Ok(Self {
            scheme: s.word("scheme", Scheme::Http, &[("http", Scheme::Http), ("https", Scheme::Https)])?,
            path_prefix: path_prefix.trim_end_matches('/').to_owned(),
            timeout: positive(&s, "timeout", DEFAULT_TIMEOUT)?,
            static_configs: s.or_default("static_configs")?,
            file_sd_configs: s.or_default("file_sd_configs")?,
            relabel_configs: s.or_default("relabel_configs")?,
        })
    }
}
