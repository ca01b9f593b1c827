//! Data goes to standard output, and a reader that goes away (`lab ps | head -1`) ends the command without a complaint.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Writes one line of data.
///
/// # Errors
/// What standard output answers; a closed pipe is told from other errors by [`is_closed_pipe`].
pub fn line(text: Arguments<'_>) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Writes text that has its line ends already.
///
/// # Errors
/// As [`line`].
pub fn text(text: &str) -> io::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())
}

/// Whether a command failed only because nobody reads its output any more.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
