//! What can be wrong with a configuration file. Every message says where (`file:line`), what was found and what was expected.

use crate::yaml::Place;
use std::fmt;
use std::sync::Arc;

/// A line of a file, printed `prometheus/prometheus.yml:12`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    pub file: Arc<str>,
    pub place: Place,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.place.line)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{file}: cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("{file}: is {size} bytes long, the limit is {limit}")]
    TooLarge { file: String, size: u64, limit: u64 },
    #[error("{at}: not valid YAML: {reason}")]
    Syntax { at: At, reason: String },
    #[error("{at}: unknown key {key:?} in {section}{}", hint(.nearest))]
    UnknownKey { at: At, key: String, section: String, nearest: Option<String> },
    #[error("{at}: key {key:?} is missing in {section}")]
    MissingKey { at: At, key: String, section: String },
    #[error("{at}: found {found}, expected {expected}")]
    WrongType { at: At, found: String, expected: String },
    #[error("{at}: {reason}")]
    Invalid { at: At, reason: String },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

/// Something that works, but not as its writer may think: a key that upstream knows and the embedded stack leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub at: At,
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}
