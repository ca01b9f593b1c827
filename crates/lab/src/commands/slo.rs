//! `lab slo`: makes the rule files of the SLO files, or says which are stale.

use super::place;
use crate::host::Context;
use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// Make recording rules and alerts of slo/*.yml
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Write prometheus/rules/{lab,production}/ anew
    Generate,
    /// Exit code 1 when a rule file is not what slo/*.yml gives
    Check,
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let root = place(&context)?.root;
    Ok(match args.what {
        What::Generate => {
            print(&::slo::write(&root)?)?;
            ExitCode::SUCCESS
        }
        What::Check => {
            let stale = ::slo::stale(&root)?;
            print(&stale)?;
            if stale.is_empty() {
                ExitCode::SUCCESS
            } else {
                eprintln!("stale rule files\n  hint: `lab slo generate` writes them anew");
                ExitCode::FAILURE
            }
        }
    })
}

fn print(files: &[PathBuf]) -> std::io::Result<()> {
    for file in files {
        crate::output::line(format_args!("{}", file.display()))?;
    }
    Ok(())
}
