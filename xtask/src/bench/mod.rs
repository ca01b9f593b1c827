//! `cargo xtask bench [NAME]`: measures what the documentation promises. One file a measurement, one table.

mod request;

use anyhow::{Result, bail};
use std::path::Path;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Which measurement; all when absent
    name: Option<String>,
}

/// A measurement: gets the repository's root and prints its own table.
type Measure = fn(&Path) -> Result<()>;

/// Every measurement in the order in which they run.
const MEASUREMENTS: &[(&str, &str, Measure)] =
    &[("request", "CPU a request: bare, + metrics, + logs, + traces, all", request::run)];

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
