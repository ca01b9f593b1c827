//! Checks and chores of this repository: `cargo xtask tidy`, `cargo xtask conformance`, `cargo xtask bench`.
//!
//! One module a chore. `tidy` holds the house to its own rules, `conformance` runs query corpora against the engines,
//! `bench` measures what docs promise.

mod bench;
mod conformance;
mod tidy;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "xtask", about = "Checks and chores of this repository")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Hold the repository to its own rules (import order, file sizes, crate map, names)
    Tidy,
    /// Run a query corpus against an engine and print the share that passed
    Conformance(conformance::Args),
    /// Measure what the documentation promises
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let done = repository_root().and_then(|root| match Cli::parse().chore {
        Chore::Tidy => tidy::run(&root),
        Chore::Conformance(args) => conformance::run(&args),
        Chore::Bench(args) => bench::run(&root, &args),
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the parent of this crate's folder.
fn repository_root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
    Ok(root.to_path_buf())
}
