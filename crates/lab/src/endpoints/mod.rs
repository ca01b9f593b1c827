//! Where every part of the lab answers: one table, two columns.
//!
//! From the host a part is on loopback, at its port plus the offset; inside the compose network it is at its service
//! name. Each command asks this table and works on both stacks.

use crate::host::Context;
use anyhow::{Result, bail};
use std::net::{Ipv4Addr, SocketAddr};

/// A part that listens: its name in docker-compose.yml and its port.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What the user calls it, and what tables print.
    pub name: &'static str,
    /// The service name in docker-compose.yml.
    pub host: &'static str,
    pub port: u16,
    /// The loopback port when docker-compose.yml publishes none.
    pub unpublished: Option<u16>,
    /// Whether a browser or `curl` speaks to it; the others are for protocols.
    pub http: bool,
}

macro_rules! endpoints {
    ($($constant:ident = $name:literal, $host:literal, $port:literal, $unpublished:expr, $http:literal;)*) => {
        $(pub const $constant: &Endpoint = &Endpoint {
            name: $name, host: $host, port: $port, unpublished: $unpublished, http: $http,
        };)*
        /// Every port of the lab.
        pub const ALL: &[&Endpoint] = &[$($constant),*];
    };
}

endpoints! {
    CONSOLE = "console", "grafana", 3000, None, true;
    GATEWAY = "gateway", "gateway", 8000, None, true;
    CATALOG = "catalog", "catalog", 8001, None, true;
    CHECKOUT = "checkout", "checkout", 8002, None, true;
    PROMETHEUS = "prometheus", "prometheus", 9090, None, true;
    ALERTMANAGER = "alertmanager", "alertmanager", 9093, None, true;
    LOKI = "loki", "loki", 3100, None, true;
    TEMPO = "tempo", "tempo", 3200, None, true;
    OTLP_GRPC = "otlp-grpc", "tempo", 4317, None, false;
    OTLP_HTTP = "otlp-http", "tempo", 4318, None, false;
    ALERT_SINK = "alert-sink", "alert-sink", 8080, Some(28_080), true;
    PROMTAIL = "promtail", "promtail", 9080, Some(29_080), true;
    LAB = "lab", "lab", 9100, Some(29_100), true;
}

impl Endpoint {
    /// The port on this machine before the offset.
    pub fn loopback_port(&self) -> u16 {
        self.unpublished.unwrap_or(self.port)
    }
}

/// The services of the shop, upstream ones first.
pub const SERVICES: &[&Endpoint] = &[CATALOG, CHECKOUT, GATEWAY];

/// Which column of the table holds here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// 127.0.0.1, each port shifted by the offset.
    Loopback { offset: u16 },
    /// The service names of the compose network.
    Compose,
}

/// The variable that chooses the column, and the one that shifts the ports.
const ENDPOINTS_ENV: &str = "LAB_ENDPOINTS";
const OFFSET_ENV: &str = "PORT_OFFSET";

impl Column {
    /// Reads the choice from the environment. `running` is the offset of a stack that is up, and is what counts when
    /// the user names none.
    ///
    /// # Errors
    /// When a variable holds something else than it may.
    pub fn from_context(context: &Context, running: Option<u16>) -> Result<Self> {
        match context.env(ENDPOINTS_ENV) {
            None | Some("loopback") => {}
            Some("compose") => return Ok(Self::Compose),
            Some(other) => bail!("{ENDPOINTS_ENV} is {other:?}, expected loopback or compose"),
        }
        let offset = match context.env(OFFSET_ENV) {
            None => running.unwrap_or(0),
            Some("auto") => running.unwrap_or(0),
            Some(text) => parse_offset(text)?,
        };
        Ok(Self::Loopback { offset })
    }

    pub fn authority(self, endpoint: &Endpoint) -> String {
        match self {
            Self::Loopback { offset } => loopback(endpoint, offset).to_string(),
            Self::Compose => format!("{}:{}", endpoint.host, endpoint.port),
        }
    }

    /// `http://host:port`, without a slash at the end.
    pub fn url(self, endpoint: &Endpoint) -> String {
        format!("http://{}", self.authority(endpoint))
    }

    /// The URL that is printed for people: `localhost` is what they type.
    pub fn shown(self, endpoint: &Endpoint) -> String {
        match self {
            Self::Loopback { offset } => format!("http://localhost:{}", endpoint.loopback_port() + offset),
            Self::Compose => self.url(endpoint),
        }
    }
}

/// The loopback address of a part in a stack with this offset.
pub fn loopback(endpoint: &Endpoint, offset: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, endpoint.loopback_port() + offset))
}

/// The largest offset with which every port is still a port.
pub const MAX_OFFSET: u16 = u16::MAX - 29_100;

/// # Errors
/// Names what was found and the range.
pub fn parse_offset(text: &str) -> Result<u16> {
    match text.parse::<u16>() {
        Ok(offset) if offset <= MAX_OFFSET => Ok(offset),
        _ => bail!("{OFFSET_ENV} is {text:?}, expected a number from 0 to {MAX_OFFSET}, or auto"),
    }
}

/// A service of the shop by its name.
///
/// # Errors
/// Names what was found and lists the services.
pub fn service(name: &str) -> Result<&'static Endpoint> {
    match SERVICES.iter().find(|endpoint| endpoint.name == name) {
        Some(endpoint) => Ok(endpoint),
        None => {
            let mut known: Vec<_> = SERVICES.iter().map(|endpoint| endpoint.name).collect();
            known.sort_unstable();
            bail!("unknown service {name:?}, expected one of {}", known.join(", "))
        }
    }
}

#[cfg(test)]
mod tests;
