//! Rules about the crates: who may import whom, how they are called, that the map shows them all.

use super::{Findings, Tree};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// The layers from the bottom up. A crate imports only from layers below its own.
const LAYERS: &[&[&str]] = &[
    &["model"],
    &["stackconf", "gotmpl", "promql", "logql", "traceql", "tsdb", "logdb", "tracedb", "wire"],
    &["collect", "rules", "alerts", "spanmetrics", "slo", "supervise", "load"],
    &["api", "console"],
    &["lab"],
];

/// Imports within one layer that are allowed, each with its reason.
const SAME_LAYER: &[(&str, &str)] = &[
    // LogQL's `line_format` is a Go template: the language contains the other.
    ("logql", "gotmpl"),
];

/// The layer from which HTTP servers are allowed: that of `collect`, which receives OTLP.
const FIRST_HTTP_LAYER: usize = 2;

/// The dependencies of each crate below crates/, without those of tests, as the manifests name them.
pub fn dependencies(tree: &Tree) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut crates = BTreeMap::new();
    for path in tree.files.iter().filter(|path| path.starts_with("crates/") && path.ends_with("/Cargo.toml"))
    {
        let Some(name) = path.split('/').nth(1) else { continue };
        if path.split('/').count() == 3 {
            crates.insert(name.to_owned(), names_in(&tree.text(path)?));
        }
    }
    Ok(crates)
}

/// The names below `[dependencies]` of a manifest.
pub fn names_in(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line == "[build-dependencies]";
        } else if inside && !line.starts_with('#') {
            let name: String =
                line.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
            if !name.is_empty() {
                names.insert(name);
            }
        }
    }
    names
}

fn layer_of(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

pub fn import_order(tree: &Tree) -> Result<Findings> {
    Ok(check_order(&dependencies(tree)?))
}

/// The imports that go upward or sideways.
pub fn check_order(crates: &BTreeMap<String, BTreeSet<String>>) -> Findings {
    let mut findings = Findings::new();
    for (name, imports) in crates {
        let Some(layer) = layer_of(name) else {
            findings
                .push(format!("crates/{name} has no place in the import order (xtask/src/tidy/crates.rs)"));
            continue;
        };
        for import in imports {
            let allowed = SAME_LAYER.contains(&(name.as_str(), import.as_str()));
            if let Some(below) = layer_of(import)
                && below >= layer
                && !allowed
            {
                findings.push(format!("crates/{name} imports {import}, which is not below it"));
            }
            if import == "telemetry" {
                findings.push(format!("crates/{name} imports telemetry, which belongs to the services"));
            }
        }
    }
    findings
}

pub fn no_axum_below(tree: &Tree) -> Result<Findings> {
    let servers = |name: &String, imports: &BTreeSet<String>| {
        layer_of(name).is_some_and(|layer| layer < FIRST_HTTP_LAYER) && imports.contains("axum")
    };
    Ok(dependencies(tree)?
        .iter()
        .filter(|(name, imports)| servers(name, imports))
        .map(|(name, _)| format!("crates/{name} depends on axum"))
        .collect())
}

pub fn folder_names(tree: &Tree) -> Result<Findings> {
    let mut findings = Findings::new();
    for path in tree.files.iter().filter(|path| path.ends_with("/Cargo.toml")) {
        let folder = path.rsplit('/').nth(1).unwrap_or_default();
        let text = tree.text(path)?;
        let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        if name != Some(folder) {
            findings
                .push(format!("{path}: the folder is {folder}, the crate {}", name.unwrap_or("has no name")));
        }
    }
    Ok(findings)
}

/// Each crate stands in ARCHITECTURE.md as `crates/NAME`, and nothing stands there that does not exist.
pub fn architecture_map(tree: &Tree) -> Result<Findings> {
    let Ok(text) = tree.text("ARCHITECTURE.md") else {
        return Ok(vec!["ARCHITECTURE.md is missing".to_owned()]);
    };
    let shown: BTreeSet<&str> = text
        .split("crates/")
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            &rest[..end]
        })
        .filter(|name| !name.is_empty())
        .collect();
    let crates = dependencies(tree)?;
    let missing = crates.keys().filter(|name| !shown.contains(name.as_str()));
    let stale = shown.iter().filter(|name| !crates.contains_key(**name));
    Ok(missing
        .map(|name| format!("crates/{name} is not on the map"))
        .chain(stale.map(|name| format!("crates/{name} is on the map and does not exist")))
        .collect())
}
