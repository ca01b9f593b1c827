//! docker-compose.yml, as far as the embedded stack stands in for it: which services there are, what they publish, their
//! labels, environment and mounts.

mod interpolate;
mod service;

pub use interpolate::interpolate;
pub use service::{Mount, PortMapping, SERVICE, Service};

use crate::error::ConfigError;
use crate::yaml::{Context, Node, Value};
use crate::{Loaded, parse_with, yaml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compose {
    pub services: BTreeMap<String, Service>,
}

/// Keys of the file itself.
const TOP_KEYS: [&str; 8] =
    ["version", "name", "services", "volumes", "networks", "configs", "secrets", "include"];

/// `variables` gives the values of `${NAME}`; what it does not know is unset.
///
/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse(
    file: &str,
    text: &str,
    variables: &BTreeMap<String, String>,
) -> Result<Loaded<Compose>, ConfigError> {
    parse_with(file, text, |node, ctx| read(node, ctx, variables))
}

/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn load(path: &Path, variables: &BTreeMap<String, String>) -> Result<Loaded<Compose>, ConfigError> {
    parse(&path.display().to_string(), &yaml::read_text(path)?, variables)
}

fn read(node: &Node, ctx: &Context, variables: &BTreeMap<String, String>) -> Result<Compose, ConfigError> {
    let node = interpolate::tree(node, ctx, variables)?;
    let Value::Map(entries) = &node.value else {
        return Err(ctx.wrong_type(&node, "the mapping docker-compose.yml"));
    };
    let mut compose = Compose::default();
    for entry in entries {
        match (entry.key.as_str(), &entry.value.value) {
            ("services", Value::Map(services)) => {
                for service in services {
                    compose.services.insert(service.key.clone(), Service::read(&service.value, ctx)?);
                }
            }
            ("services", _) => return Err(ctx.wrong_type(&entry.value, "a mapping of service names")),
            (key, _) if key.starts_with("x-") || TOP_KEYS.contains(&key) => {}
            (key, _) => {
                return Err(ConfigError::UnknownKey {
                    at: ctx.at(entry.at),
                    key: key.to_owned(),
                    section: "docker-compose.yml".to_owned(),
                    nearest: yaml::nearest(key, TOP_KEYS.into_iter()).map(str::to_owned),
                });
            }
        }
    }
    Ok(compose)
}

impl Compose {
    /// Where a path inside a service's container lies on this machine: the longest mount that covers it, joined to `root`,
    /// the folder of docker-compose.yml. Nothing when it lies in the image or a named volume.
    pub fn host_path(&self, service: &str, root: &Path, container_path: &str) -> Option<PathBuf> {
        let service = self.services.get(service)?;
        let path = Path::new(container_path);
        let covering =
            service.mounts.iter().filter(|mount| mount.is_bind() && path.starts_with(&mount.target));
        let mount = covering.max_by_key(|mount| mount.target.len())?;
        let rest = path.strip_prefix(&mount.target).ok()?;
        let host = root.join(mount.source.strip_prefix("./").unwrap_or(&mount.source));
        Some(if rest.as_os_str().is_empty() { host } else { host.join(rest) })
    }
}

#[cfg(test)]
mod tests;
