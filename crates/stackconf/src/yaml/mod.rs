//! From a file to typed structs, with a position for every complaint.
//!
//! A file is read into a tree of [`Node`]s ([`parse`], [`read`]). A mapping of the tree is opened as a [`Section`] with its
//! [`Shape`]: the list of keys that are read here, of keys that make no difference in one process, and of keys that upstream
//! knows and the embedded stack leaves out. The shapes are the source of docs/reference/compat.md.

mod node;
mod scalar;
mod section;

pub use node::{Entry, Node, Place, Scalar, Value};
pub use scalar::{ByteSize, GoDuration};
pub(crate) use section::nearest;
pub use section::{Context, FromNode, Section, Shape};

use crate::error::{At, ConfigError};
use std::path::Path;
use std::sync::Arc;

/// No configuration file of any of these tools comes near this; a log file given by mistake does.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// The deepest nesting of mappings and lists. The deepest of these files has about a dozen levels; the reader is recursive.
const MAX_DEPTH: usize = 48;

/// Reads one document. An empty one is [`Value::Null`].
///
/// # Errors
/// [`ConfigError::Syntax`] with the line of the first thing that is no YAML (a repeated key is an error as well).
pub fn parse(file: &str, text: &str) -> Result<Node, ConfigError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH },
    };
    serde_saphyr::from_str_with_options::<Option<node::Raw>>(text, options)
        .map(|raw| match raw {
            Some(raw) => raw.finish(text),
            None => Node { value: Value::Null, at: Place { line: 1, column: 1 } },
        })
        .map_err(|error| {
            let place = error.location().map_or(Place { line: 1, column: 1 }, |at| node::place(&at));
            ConfigError::Syntax { at: At { file: Arc::from(file), place }, reason: error.to_string() }
        })
}

/// Reads a file of at most [`MAX_FILE_BYTES`]; returns its text too, because status pages show it.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: &Path) -> Result<(Node, String), ConfigError> {
    let text = read_text(path)?;
    Ok((parse(&path.display().to_string(), &text)?, text))
}

/// The text of a configuration file.
///
/// # Errors
/// When the file cannot be read, is too large or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, ConfigError> {
    let file = path.display().to_string();
    let unreadable =
        |error: std::io::Error| ConfigError::Unreadable { file: file.clone(), reason: error.to_string() };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(ConfigError::TooLarge { file, size, limit: MAX_FILE_BYTES });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

#[cfg(test)]
mod tests;
