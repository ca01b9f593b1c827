//! `lab healthcheck URL`: for images that hold one binary and no shell.

use crate::host::Context;
use crate::http;
use anyhow::Result;
use std::process::ExitCode;

/// Ask a URL; exit code 0 when it answers with a success
#[derive(clap::Args)]
pub struct Args {
    url: String,
}

pub async fn run(_: Context, args: Args) -> Result<ExitCode> {
    let answer = http::get(&http::client()?, &args.url).await?;
    if answer.status.is_success() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}: {}", args.url, answer.status);
    Ok(ExitCode::FAILURE)
}
