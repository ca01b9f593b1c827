//! Reads the configuration folders into plain structs; names and ports.
//!
//! One module per file of the docker stack: [`prometheus`], [`rules`], [`alertmanager`], [`loki`], [`promtail`], [`tempo`],
//! [`grafana`], [`compose`]. Each has a `parse(file, text)` and a `load(path)` that return [`Loaded`]: the struct, the text
//! for status pages, and warnings about keys that the embedded stack leaves out. [`yaml`] is the mechanism below them,
//! [`names`] the table that leads `gateway:8000` to a loopback address.

pub mod alertmanager;
pub mod compat;
pub mod compose;
pub mod error;
pub mod glob;
pub mod grafana;
pub mod loki;
pub mod names;
pub mod prometheus;
pub mod promtail;
pub mod relabel;
pub mod rules;
pub mod tempo;
pub mod yaml;

pub use error::{At, ConfigError, Warning};

use std::path::Path;
use yaml::{Context, Node};

/// A file that was understood.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    pub config: T,
    /// The file as it is, for `/api/v1/status/config` and its like.
    pub text: String,
    pub warnings: Vec<Warning>,
}

/// Parses `text` with a module's reader; what every module's `parse` is made of.
fn parse_with<T>(
    file: &str,
    text: &str,
    read: impl FnOnce(&Node, &Context) -> Result<T, ConfigError>,
) -> Result<Loaded<T>, ConfigError> {
    let node = yaml::parse(file, text)?;
    let ctx = Context::new(file);
    let config = read(&node, &ctx)?;
    Ok(Loaded { config, text: text.to_owned(), warnings: ctx.into_warnings() })
}

/// Reads a file and parses it.
fn load_with<T>(
    path: &Path,
    parse: impl FnOnce(&str, &str) -> Result<Loaded<T>, ConfigError>,
) -> Result<Loaded<T>, ConfigError> {
    parse(&path.display().to_string(), &yaml::read_text(path)?)
}
