//! Rules about what stands in the files: headers, unfinished work, paths of one machine.

use super::{Findings, Tree};
use anyhow::Result;

/// Marks of unfinished work. Written in halves so that this file does not find itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX:"),
    concat!("to", "do!("),
    concat!("unim", "plemented!("),
    concat!("not built", " yet"),
    concat!("#[", "ignore"),
];

/// Beginnings of paths that exist on one machine only. `/root` and the like are matched as whole path segments.
const MACHINE_PATHS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Files that are not written by hand or whose content is not ours to judge.
fn is_text_of_ours(path: &str) -> bool {
    let by_machine = ["Cargo.lock", "package-lock.json"].iter().any(|name| path.ends_with(name));
    let binary = [".png", ".svg", ".ico", ".woff2", ".zst", ".pb", ".bin", ".snap"].iter();
    !by_machine && !binary.into_iter().any(|end| path.ends_with(end)) && !path.starts_with("conformance/")
}

pub fn file_headers(tree: &Tree) -> Result<Findings> {
    let mut findings = Findings::new();
    for path in tree.production_sources() {
        if !tree.text(path)?.starts_with("//!") {
            findings.push(format!("{path} does not begin with `//!` and its duty"));
        }
    }
    Ok(findings)
}

pub fn unfinished(tree: &Tree) -> Result<Findings> {
    find(tree, UNFINISHED)
}

pub fn machine_paths(tree: &Tree) -> Result<Findings> {
    find(tree, MACHINE_PATHS)
}

fn find(tree: &Tree, needles: &[&str]) -> Result<Findings> {
    let mut findings = Findings::new();
    for path in tree.files.iter().filter(|path| is_text_of_ours(path)) {
        findings.extend(find_in(path, &tree.text(path)?, needles));
    }
    Ok(findings)
}

/// Every line of `text` that holds one of `needles` as a word or path of its own.
pub fn find_in(path: &str, text: &str, needles: &[&str]) -> Findings {
    let mut findings = Findings::new();
    for (number, line) in text.lines().enumerate() {
        for needle in needles {
            let begins_word = line.match_indices(needle).any(|(at, _)| {
                !line[..at]
                    .chars()
                    .next_back()
                    .is_some_and(|c| c.is_ascii_alphanumeric() || "._-$}".contains(c))
            });
            if begins_word {
                findings.push(format!("{path}:{}: {needle}", number + 1));
            }
        }
    }
    findings
}
