//! `lab clean`: stops everything and removes the data. Build output stays.

use super::{down, place};
use crate::host::Context;
use crate::state::Lock;
use anyhow::{Context as _, Result};
use std::process::ExitCode;

/// Stop everything and remove the data that was collected
#[derive(clap::Args)]
pub struct Args {}

pub async fn run(context: Context, _: Args) -> Result<ExitCode> {
    let place = place(&context)?;
    if !place.lab.exists() {
        return Ok(ExitCode::SUCCESS);
    }
    // No look at the format: this is the way out of a folder of another version.
    let _lock = Lock::take(&place).await?;
    down::stop_all(&place).await?;
    std::fs::remove_dir_all(&place.lab).with_context(|| format!("cannot remove {}", place.lab.display()))?;
    eprintln!("removed {}", place.lab.display());
    Ok(ExitCode::SUCCESS)
}
