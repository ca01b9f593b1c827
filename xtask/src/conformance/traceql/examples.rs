//! Queries by class: valid, refused by the parser, refused by the check, unsupported.
//!
//! `examples.yaml` has lists under `valid`, `parse_fails`, `validate_fails`, `unsupported`; a file `CLASS.txt` has one
//! query a line, with `#` before comments.

use crate::conformance::Report;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;

const CLASSES: [&str; 4] = ["valid", "parse_fails", "validate_fails", "unsupported"];

pub fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let yaml = folder.join("examples.yaml");
    if yaml.exists() {
        let text =
            std::fs::read_to_string(&yaml).with_context(|| format!("cannot read {}", yaml.display()))?;
        let classes: BTreeMap<String, Option<Vec<String>>> =
            serde_saphyr::from_str(&text).with_context(|| format!("cannot parse {}", yaml.display()))?;
        for class in CLASSES {
            for query in classes.get(class).into_iter().flatten().flatten() {
                record(class, query, report);
            }
        }
    }
    for class in CLASSES {
        let path = folder.join(format!("{class}.txt"));
        if path.exists() {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            for query in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
                record(class, query, report);
            }
        }
    }
    Ok(())
}

fn record(class: &str, query: &str, report: &mut Report) {
    let (found, reason) = classify(query);
    let outcome =
        if found == class { Ok(()) } else { Err(format!("expected {class}, found {found} {reason}")) };
    report.record(format!("{class}: {query}"), outcome);
}

/// The class of a query, and why. A valid one also has to print as a query that parses to the same tree.
fn classify(query: &str) -> (&'static str, String) {
    let parsed = match traceql::parse(query) {
        Ok(parsed) => parsed,
        Err(error) => return ("parse_fails", error.to_string()),
    };
    match traceql::check(&parsed) {
        Err(error) if error.is_unsupported() => ("unsupported", error.to_string()),
        Err(error) => ("validate_fails", error.to_string()),
        Ok(()) if traceql::parse(&parsed.to_string()).as_ref() == Ok(&parsed) => ("valid", String::new()),
        Ok(()) => ("printed otherwise", parsed.to_string()),
    }
}
