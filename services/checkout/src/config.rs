//! The environment of checkout: names, defaults, and the only place that reads it.

use std::net::SocketAddr;

use telemetry::{Settings, SettingsError, names::env};

const DEFAULT_LISTEN: &str = "0.0.0.0:8002";
/// The seed of charge times and order ids; random when absent.
const CHARGE_SEED: &str = "CHARGE_SEED";

/// What the environment says.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// Whether the end of standard input ends the service.
    pub supervised: bool,
    pub charge_seed: Option<u64>,
    pub telemetry: Settings,
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
        let seed = lookup(CHARGE_SEED).filter(|text| !text.is_empty());
        Ok(Self {
            listen: listen.parse().map_err(|_| SettingsError::Invalid {
                name: env::LISTEN_ADDR,
                found: listen,
                expected: format!("an address and a port, as in {DEFAULT_LISTEN}"),
            })?,
            supervised: lookup(env::LAB_SUPERVISED).as_deref() == Some("1"),
            charge_seed: seed
                .map(|text| {
                    text.parse().map_err(|_| SettingsError::Invalid {
                        name: CHARGE_SEED,
                        found: text,
                        expected: "a whole number from 0 on".into(),
                    })
                })
                .transpose()?,
            telemetry: Settings::read(lookup)?,
        })
    }
}
