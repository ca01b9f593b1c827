//! What every store can answer with when it cannot do what was asked.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot {doing} {path}: {source}")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("{path} is damaged at byte {offset}: {reason}")]
    Damaged { path: PathBuf, offset: u64, reason: String },
    #[error("{path} was written by format version {found}, expected {expected}")]
    Version { path: PathBuf, found: u32, expected: u32 },
    /// A limit of the store or of the query; `what` names it and says found and allowed.
    #[error("{what}")]
    Limit { what: String },
    /// The caller's interrupt said stop (time-out or a client that went away).
    #[error("the query was interrupted")]
    Interrupted,
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
