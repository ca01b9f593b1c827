//! The environment of the gateway: names, defaults, and the only place that reads it.

use std::net::SocketAddr;

use reqwest::Url;
use telemetry::{Settings, SettingsError, names::env};

const DEFAULT_LISTEN: &str = "0.0.0.0:8000";
const CATALOG_URL: &str = "CATALOG_URL";
const DEFAULT_CATALOG: &str = "http://127.0.0.1:8001";
const CHECKOUT_URL: &str = "CHECKOUT_URL";
const DEFAULT_CHECKOUT: &str = "http://127.0.0.1:8002";

/// What the environment says.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// Whether the end of standard input ends the service.
    pub supervised: bool,
    pub upstreams: Upstreams,
    pub telemetry: Settings,
}

/// Where the other services are.
#[derive(Debug, Clone)]
pub struct Upstreams {
    pub catalog: Url,
    pub checkout: Url,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// As [`Config::read`].
    #[expect(clippy::disallowed_methods, reason = "the one module that reads the environment")]
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads through `lookup`, which knows the values of variables.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let listen = lookup(env::LISTEN_ADDR).unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        Ok(Self {
            listen: listen.parse().map_err(|_| SettingsError::Invalid {
                name: env::LISTEN_ADDR,
                found: listen,
                expected: format!("an address and a port, as in {DEFAULT_LISTEN}"),
            })?,
            supervised: lookup(env::LAB_SUPERVISED).as_deref() == Some("1"),
            upstreams: Upstreams {
                catalog: url(CATALOG_URL, lookup(CATALOG_URL), DEFAULT_CATALOG)?,
                checkout: url(CHECKOUT_URL, lookup(CHECKOUT_URL), DEFAULT_CHECKOUT)?,
            },
            telemetry: Settings::read(lookup)?,
        })
    }
}

fn url(name: &'static str, found: Option<String>, default: &str) -> Result<Url, SettingsError> {
    let found = found.unwrap_or_else(|| default.to_owned());
    match found.parse::<Url>() {
        Ok(url) if url.scheme() == "http" && url.has_host() => Ok(url),
        _ => {
            Err(SettingsError::Invalid { name, found, expected: format!("an http address, as in {default}") })
        }
    }
}
