//! `docker_sd_configs[]`: in the embedded stack the supervised processes stand for the containers, under the same meta labels.

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use std::time::Duration;

pub static DOCKER_SD: Shape = Shape {
    path: "docker_sd_configs[]",
    keys: &["filters"],
    no_effect: &["refresh_interval", "host", "port", "host_networking_host", "match_first_network"],
    unsupported: &[
        "tls_config",
        "basic_auth",
        "authorization",
        "oauth2",
        "proxy_url",
        "follow_redirects",
        "enable_http2",
    ],
};
pub static DOCKER_FILTER: Shape = Shape {
    path: "docker_sd_configs[].filters[]",
    keys: &["name", "values"],
    no_effect: &[],
    unsupported: &[],
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerSdConfig {
    pub host: String,
    pub refresh_interval: Duration,
    pub filters: Vec<DockerFilter>,
}

/// All filters must hold; of one filter's values any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerFilter {
    /// `label`, `name`, `status`, … as the Docker API names them.
    pub name: String,
    pub values: Vec<String>,
}

impl DockerSdConfig {
    /// Whether a container with these labels (name, value) is found, as far as `label` filters say. Other filters hold.
    pub fn accepts_labels<'l>(&self, labels: impl Iterator<Item = (&'l str, &'l str)> + Clone) -> bool {
        self.filters.iter().filter(|filter| filter.name == "label").all(|filter| {
            filter.values.iter().any(|wanted| match wanted.split_once('=') {
                Some((name, value)) => labels.clone().any(|label| label == (name, value)),
                None => labels.clone().any(|(name, _)| name == wanted),
            })
        })
    }
}

impl FromNode for DockerSdConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &DOCKER_SD, ctx)?;
        Ok(Self {
            host: s.req("host")?,
            refresh_interval: s.or("refresh_interval", Duration::from_secs(60))?,
            filters: s.or_default("filters")?,
        })
    }
}

impl FromNode for DockerFilter {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &DOCKER_FILTER, ctx)?;
        Ok(Self { name: s.req("name")?, values: s.or_default("values")? })
    }
}
