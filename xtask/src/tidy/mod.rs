//! `cargo xtask tidy`: the invariants of the house, one file a rule, one table.
//!
//! A rule reads the tree as it stands (the files git knows of, and new ones) and returns what breaks it.

mod crates;
mod sizes;
mod text;

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The files of the repository, read once, and its root.
pub struct Tree {
    pub root: PathBuf,
    /// Paths relative to the root, sorted.
    pub files: Vec<String>,
}

/// What breaks a rule: a place and what was found there.
pub type Findings = Vec<String>;

type Rule = fn(&Tree) -> Result<Findings>;

const RULES: &[(&str, Rule)] = &[
    ("crates import in one direction only", crates::import_order),
    ("folder name and crate name are the same", crates::folder_names),
    ("no axum below collect", crates::no_axum_below),
    ("the crate map in ARCHITECTURE.md is complete", crates::architecture_map),
    ("files are of a readable size", sizes::file_sizes),
    ("every source file says its duty", text::file_headers),
    ("nothing is left unfinished", text::unfinished),
    ("nothing names a path of one machine", text::machine_paths),
];

impl Tree {
    /// Lists what git tracks and what it would add.
    pub fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("cannot run git ls-files")?;
        anyhow::ensure!(output.status.success(), "git ls-files failed in {}", root.display());
        let mut files: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|path| !path.is_empty() && root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(Self { root: root.to_path_buf(), files })
    }

    pub fn text(&self, path: &str) -> Result<String> {
        let bytes = std::fs::read(self.root.join(path)).with_context(|| format!("cannot read {path}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Rust sources that are part of a product: not tests, not benches.
    pub fn production_sources(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str).filter(|path| path.ends_with(".rs") && !is_test(path))
    }
}

/// Whether a source file holds tests: `tests.rs`, a `tests/` folder, or something below `e2e/`.
pub fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/") || path.starts_with("e2e/")
}

pub fn run(root: &Path) -> Result<ExitCode> {
    let tree = Tree::read(root)?;
    let mut broken = 0;
    for (name, rule) in RULES {
        let findings = rule(&tree)?;
        println!("{} {name}", if findings.is_empty() { "ok  " } else { "FAIL" });
        for finding in &findings {
            println!("       {finding}");
        }
        broken += findings.len();
    }
    if broken > 0 {
        eprintln!("error: {broken} findings");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
