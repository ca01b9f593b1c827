//! The size of source files: median ≤ 150 production lines, nine in ten ≤ 400, none above 800.

use super::{Findings, Tree};
use anyhow::Result;

const MEDIAN: usize = 150;
const NINE_IN_TEN: usize = 400;
const MOST: usize = 800;

pub fn file_sizes(tree: &Tree) -> Result<Findings> {
    let mut sizes = Vec::new();
    for path in tree.production_sources() {
        sizes.push((production_lines(&tree.text(path)?), path.to_owned()));
    }
    for path in tree.files.iter().filter(|path| {
        path.starts_with("crates/console/web/src/") && (path.ends_with(".ts") || path.ends_with(".tsx"))
    }) {
        sizes.push((production_lines(&tree.text(path)?), path.clone()));
    }
    Ok(check(sizes))
}

/// Lines that are neither empty nor comments.
pub fn production_lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

pub fn check(mut sizes: Vec<(usize, String)>) -> Findings {
    let mut findings = Findings::new();
    if sizes.is_empty() {
        return findings;
    }
    sizes.sort();
    let at = |share: usize| sizes[(sizes.len() - 1) * share / 100].0;
    if at(50) > MEDIAN {
        findings.push(format!("the median file has {} lines, allowed are {MEDIAN}", at(50)));
    }
    if at(90) > NINE_IN_TEN {
        findings.push(format!("nine in ten files have up to {} lines, allowed are {NINE_IN_TEN}", at(90)));
    }
    for (lines, path) in sizes.iter().filter(|(lines, _)| *lines > MOST) {
        findings.push(format!("{path} has {lines} lines, allowed are {MOST}"));
    }
    findings
}
