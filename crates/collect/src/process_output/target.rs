//! The labels of a process: those that Docker's discovery gives a container, then relabelling. Source: Promtail's
//! documentation, `docker_sd_configs`.

use crate::relabel::relabel;
use model::{Labels, LabelsBuilder};
use stackconf::promtail::ScrapeConfig;
use std::collections::BTreeMap;

pub const META_STREAM: &str = "__meta_docker_container_log_stream";
const META_ID: &str = "__meta_docker_container_id";
const META_NAME: &str = "__meta_docker_container_name";
const META_NETWORK_MODE: &str = "__meta_docker_container_network_mode";
const META_LABEL: &str = "__meta_docker_container_label_";

/// What a process would be under Docker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The name by which lines name it.
    pub process: String,
    pub id: String,
    /// As Docker writes it, with the leading slash: `/lab-gateway-1`.
    pub name: String,
    pub network_mode: String,
    /// Docker's labels, such as `com.docker.compose.service`.
    pub labels: BTreeMap<String, String>,
}

/// The labels of one of its streams; `None` when the configuration does not want it.
pub fn labels(config: &ScrapeConfig, container: &Container, stream: &str) -> Option<Labels> {
    let pairs = || container.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    if !config.docker_sd_configs.iter().any(|discovery| discovery.accepts_labels(pairs())) {
        return None;
    }
    let mut builder = LabelsBuilder::default();
    builder
        .set(META_ID, &container.id)
        .set(META_NAME, &container.name)
        .set(META_NETWORK_MODE, &container.network_mode)
        .set(META_STREAM, stream);
    for (name, value) in pairs() {
        let name: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
        builder.set(&format!("{META_LABEL}{name}"), value);
    }
    let mut labels = relabel(&builder.build(), &config.relabel_configs)?.to_builder();
    labels.retain(|name, _| !name.starts_with("__"));
    let labels = labels.build();
    // A stream without labels would be refused by the store.
    (!labels.is_empty()).then_some(labels)
}
