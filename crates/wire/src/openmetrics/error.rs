//! What can be wrong with a page.

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: found {found}, expected {expected}")]
pub struct ParseError {
    /// From 1.
    pub line: usize,
    /// Bytes into the line, from 1; 0 when the line as a whole is meant.
    pub column: usize,
    pub found: String,
    pub expected: &'static str,
}

/// A content type that is no text format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unsupported content type {found:?}, expected application/openmetrics-text or text/plain")]
pub struct FormatError {
    pub found: String,
}

/// At most this many characters of the input are shown in an error.
const SHOWN: usize = 40;

/// The input at an error, short and quoted.
pub(super) fn shown(rest: &str) -> String {
    if rest.is_empty() {
        return "the end of the line".to_owned();
    }
    format!("{:?}", rest.chars().take(SHOWN).collect::<String>())
}
