//! The name table: the files say `gateway:8000`, `loki:3100`, `alert-sink:8080`; in the embedded stack each such name leads to a
//! loopback address. Labels keep the name. Tests fill the table with the free ports that were really bound.

use crate::compose::Compose;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

/// A port of a part of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The compose service.
    pub service: &'static str,
    /// The port that it listens on in its container.
    pub port: u16,
    /// The loopback port when docker-compose.yml publishes none: above the usual ones, so that it is in nobody's way.
    pub unpublished: u16,
}

const fn published(service: &'static str, port: u16) -> Part {
    Part { service, port, unpublished: port }
}

/// All ports that a configuration file of this repository may name.
pub const PARTS: [Part; 13] = [
    published("gateway", 8000),
    published("catalog", 8001),
    published("checkout", 8002),
    published("prometheus", 9090),
    published("alertmanager", 9093),
    published("loki", 3100),
    published("tempo", 3200),
    published("tempo", 4317),
    published("tempo", 4318),
    published("grafana", 3000),
    Part { service: "alert-sink", port: 8080, unpublished: 28080 },
    Part { service: "promtail", port: 9080, unpublished: 29080 },
    // The daemon's own metrics and health.
    Part { service: "lab", port: 9100, unpublished: 29100 },
];

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamesError {
    #[error("port {port} of {service} plus the port offset {offset} is above 65535")]
    OffsetTooLarge { service: String, port: u16, offset: u16 },
}

/// A handle on one table; clones share it. Reads are short and never wait for I/O.
#[derive(Clone, Debug, Default)]
pub struct Names {
    table: Arc<RwLock<BTreeMap<(String, u16), SocketAddr>>>,
}

impl Names {
    /// The table for docker-compose.yml, every host port moved up by `offset`.
    ///
    /// # Errors
    /// When the offset pushes a port above 65535.
    pub fn from_compose(compose: &Compose, offset: u16) -> Result<Self, NamesError> {
        let mut table = BTreeMap::new();
        for part in PARTS {
            let published = compose
                .services
                .get(part.service)
                .and_then(|service| service.ports.iter().find(|port| port.container_port == part.port))
                .and_then(|port| port.host_port);
            let port = published.unwrap_or(part.unpublished);
            let port = port.checked_add(offset).ok_or_else(|| NamesError::OffsetTooLarge {
                service: part.service.to_owned(),
                port,
                offset,
            })?;
            table.insert((part.service.to_owned(), part.port), loopback(port));
        }
        Ok(Self { table: Arc::new(RwLock::new(table)) })
    }

    /// The table without docker-compose.yml: every part at the port it has in its container.
    ///
    /// # Errors
    /// When the offset pushes a port above 65535.
    pub fn with_offset(offset: u16) -> Result<Self, NamesError> {
        Self::from_compose(&Compose::default(), offset)
    }

    /// For tests: every part is to be bound to a free port (0) and entered with [`Names::set`] afterwards.
    pub fn free_ports() -> Self {
        let table = PARTS.iter().map(|part| ((part.service.to_owned(), part.port), loopback(0))).collect();
        Self { table: Arc::new(RwLock::new(table)) }
    }

    /// Where a part listens. Port 0 means "any free port"; bind, then [`Names::set`] what was bound.
    pub fn address(&self, service: &str, port: u16) -> Option<SocketAddr> {
        self.read(|table| table.get(&(service.to_owned(), port)).copied())
    }

    /// Enters the address that a part was really bound to.
    pub fn set(&self, service: &str, port: u16, address: SocketAddr) {
        // A poisoned lock cannot hold half a change here: an insert either happened or did not.
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.insert((service.to_owned(), port), address);
    }

    /// `gateway:8000` to its address. Nothing for a name that is not in the table.
    pub fn resolve(&self, host_port: &str) -> Option<SocketAddr> {
        let (service, port) = host_port.rsplit_once(':')?;
        self.address(service, port.parse().ok()?)
    }

    /// The address to connect to for any `host:port`, as text: the table's, or the name itself when the table lacks it.
    pub fn connect_to(&self, host_port: &str) -> String {
        self.resolve(host_port).map_or_else(|| host_port.to_owned(), |address| address.to_string())
    }

    /// An address back to the name in the files: `127.0.0.1:8000` to `gateway:8000`.
    pub fn reverse(&self, address: SocketAddr) -> Option<String> {
        self.read(|table| {
            table
                .iter()
                .find(|(_, candidate)| **candidate == address)
                .map(|((service, port), _)| format!("{service}:{port}"))
        })
    }

    /// A URL whose host is in the table, with the address in its place: `http://loki:3100/ready` to
    /// `http://127.0.0.1:3100/ready`. A URL without a port has the scheme's. Other URLs come back as they are.
    pub fn resolve_url(&self, url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user, host_port) = match authority.rsplit_once('@') {
            Some((user, host_port)) => (format!("{user}@"), host_port),
            None => (String::new(), authority),
        };
        let known = if host_port.contains(':') {
            self.resolve(host_port)
        } else {
            self.address(host_port, if scheme == "https" { 443 } else { 80 })
        };
        known.map_or_else(|| url.to_owned(), |address| format!("{scheme}://{user}{address}{tail}"))
    }

    /// All names with their addresses, sorted.
    pub fn all(&self) -> Vec<(String, SocketAddr)> {
        self.read(|table| {
            table.iter().map(|((service, port), address)| (format!("{service}:{port}"), *address)).collect()
        })
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<(String, u16), SocketAddr>) -> T) -> T {
        look(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

#[cfg(test)]
mod tests;
