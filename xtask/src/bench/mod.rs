//! `cargo xtask bench [NAME]`: measures what the documentation promises. One file a measurement, one table.

mod panels;
mod queries;
mod request;
mod soak;
mod stack;
mod tsdb;
mod up;

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[derive(clap::Args)]
pub struct Args {
    /// Which measurement; all when absent
    name: Option<String>,
}

/// A measurement: gets the repository's root and prints its own table.
type Measure = fn(&Path) -> Result<()>;

/// Every measurement in the order in which they run.
const MEASUREMENTS: &[(&str, &str, Measure)] = &[
    ("request", "CPU a request: bare, + metrics, + logs, + traces, all", request::run),
    ("up", "seconds to ready, part by part; memory of the idle daemon", up::run),
    ("panels", "seconds from ready until every panel has data, under load", panels::run),
    ("queries", "CPU of dashboard queries beside a real Prometheus", queries::run),
    ("tsdb", "the metrics store: ingest, memory, bytes a sample, start-up", tsdb::run),
    ("soak", "ten minutes of load: memory; kills in the middle of it", soak::run),
];

/// Builds programs as `make up` does and returns the folder they lie in.
pub fn build(root: &Path, packages: &[&str]) -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--quiet"]).current_dir(root);
    for package in packages {
        cargo.args(["-p", package]);
    }
    ensure!(cargo.status().context("cannot run cargo")?.success(), "the build failed");
    release_folder()
}

/// Where optimised programs lie.
pub fn release_folder() -> Result<PathBuf> {
    // This program lies in TARGET/PROFILE/: the other profile's folder is its neighbour, wherever TARGET is.
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).context("this program lies in no target folder")?;
    Ok(target.join("release"))
}

/// The middle value; of an even number the upper one.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub fn run(root: &Path, args: &Args) -> Result<ExitCode> {
    let chosen: Vec<_> = MEASUREMENTS
        .iter()
        .filter(|(name, ..)| args.name.as_deref().is_none_or(|wanted| wanted == *name))
        .collect();
    if chosen.is_empty() {
        let known: Vec<_> = MEASUREMENTS.iter().map(|(name, ..)| *name).collect();
        bail!("unknown measurement {:?}, expected one of {}", args.name, known.join(", "));
    }
    for (name, title, measure) in chosen {
        println!("== {name}: {title}");
        measure(root)?;
    }
    Ok(ExitCode::SUCCESS)
}
