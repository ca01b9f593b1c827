//! TraceQL: queries that have to be taken or refused, and recorded requests and answers of a Tempo.
//!
//! A folder may hold `examples.yaml` or `*.txt` (see [`examples`]), and `input.json` with `cases.jsonl` (see
//! [`recordings`]); or subfolders `traceql` and `traces` of these.

mod examples;
mod normalise;
mod recordings;

use super::Report;
use anyhow::Result;
use std::path::Path;

/// Runs every case found in `dir`.
pub fn run(dir: &Path) -> Result<Report> {
    let mut report = Report::default();
    for folder in [dir.to_owned(), dir.join("traceql"), dir.join("traces")] {
        if folder.is_dir() {
            examples::run(&folder, &mut report)?;
            recordings::run(&folder, &mut report)?;
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests;
