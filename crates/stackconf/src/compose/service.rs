//! One service of docker-compose.yml.

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape, Value};
use std::collections::BTreeMap;

pub static SERVICE: Shape = Shape {
    path: "services.<name>",
    keys: &["image", "ports", "labels", "environment", "volumes", "command", "profiles", "expose"],
    no_effect: &[
        "build",
        "cap_add",
        "cap_drop",
        "container_name",
        "cpus",
        "depends_on",
        "deploy",
        "dns",
        "entrypoint",
        "env_file",
        "extends",
        "extra_hosts",
        "group_add",
        "healthcheck",
        "hostname",
        "init",
        "logging",
        "mem_limit",
        "mem_reservation",
        "memswap_limit",
        "network_mode",
        "networks",
        "oom_score_adj",
        "pids_limit",
        "platform",
        "privileged",
        "pull_policy",
        "read_only",
        "restart",
        "scale",
        "security_opt",
        "shm_size",
        "stdin_open",
        "stop_grace_period",
        "stop_signal",
        "sysctls",
        "tmpfs",
        "tty",
        "ulimits",
        "user",
        "working_dir",
    ],
    unsupported: &[],
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub image: Option<String>,
    pub ports: Vec<PortMapping>,
    pub labels: BTreeMap<String, String>,
    pub environment: BTreeMap<String, String>,
    pub mounts: Vec<Mount>,
    /// The command, word by word when it is a list, as one text when it is a text.
    pub command: Vec<String>,
    pub profiles: Vec<String>,
}

/// `127.0.0.1:8000:8000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortMapping {
    pub host_ip: Option<String>,
    /// Absent: any free port.
    pub host_port: Option<u16>,
    pub container_port: u16,
}

/// `./prometheus/prometheus.yml:/etc/prometheus/prometheus.yml:ro`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// A path of this machine, or the name of a volume.
    pub source: String,
    pub target: String,
    pub read_only: bool,
}

impl Mount {
    /// Whether the source is a path and no named volume.
    pub fn is_bind(&self) -> bool {
        self.source.starts_with(['.', '/', '~'])
    }
}

impl Service {
    pub(super) fn read(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &SERVICE, ctx)?;
        Ok(Self {
            image: s.opt("image")?,
            ports: texts(&s, "ports")?
                .iter()
                .map(|text| {
                    port(text).ok_or_else(|| {
                        s.bad(
                            "ports",
                            format!("found port {text:?}, expected [address:][host port:]container port"),
                        )
                    })
                })
                .collect::<Result<_, _>>()?,
            labels: pairs(&s, "labels")?,
            environment: pairs(&s, "environment")?,
            mounts: texts(&s, "volumes")?
                .iter()
                .map(|text| {
                    mount(text).ok_or_else(|| {
                        s.bad("volumes", format!("found volume {text:?}, expected source:target[:ro]"))
                    })
                })
                .collect::<Result<_, _>>()?,
            command: match s.node("command") {
                Some(node) if matches!(node.value, Value::Seq(_)) => Vec::from_node(node, ctx)?,
                Some(node) => vec![String::from_node(node, ctx)?],
                None => Vec::new(),
            },
            profiles: s.or_default("profiles")?,
        })
    }
}

/// A list of short forms. The long form (a mapping per entry) is not used in this repository and is refused clearly.
fn texts(s: &Section, key: &str) -> Result<Vec<String>, ConfigError> {
    s.or_default(key)
}

/// Labels and environment are a mapping or a list of `NAME=value`.
fn pairs(s: &Section, key: &str) -> Result<BTreeMap<String, String>, ConfigError> {
    match s.node(key) {
        Some(node) if matches!(node.value, Value::Seq(_)) => Ok(Vec::<String>::from_node(node, s.ctx)?
            .into_iter()
            .map(|text| match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => (text, String::new()),
            })
            .collect()),
        _ => s.or_default(key),
    }
}

fn port(text: &str) -> Option<PortMapping> {
    let text = text.strip_suffix("/tcp").unwrap_or(text);
    let mut parts: Vec<&str> = text.rsplitn(3, ':').collect();
    parts.reverse();
    let number = |text: &str| text.parse::<u16>().ok();
    Some(match parts[..] {
        [container] => PortMapping { host_ip: None, host_port: None, container_port: number(container)? },
        [host, container] => {
            PortMapping { host_ip: None, host_port: Some(number(host)?), container_port: number(container)? }
        }
        [ip, host, container] => PortMapping {
            host_ip: Some(ip.trim_matches(['[', ']']).to_owned()),
            host_port: if host.is_empty() { None } else { Some(number(host)?) },
            container_port: number(container)?,
        },
        _ => return None,
    })
}

fn mount(text: &str) -> Option<Mount> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [source, target] => {
            Some(Mount { source: source.to_owned(), target: target.to_owned(), read_only: false })
        }
        [source, target, mode] => Some(Mount {
            source: source.to_owned(),
            target: target.to_owned(),
            read_only: mode.split(',').any(|word| word == "ro"),
        }),
        _ => None,
    }
}
