//! `lab daemon`: the background process itself. Not for people: `lab up` starts it.

use super::place;
use crate::host::Context;
use crate::state::Options;
use anyhow::Result;
use std::process::ExitCode;

/// The background process; started by `up`
#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    only_stack: bool,
    #[arg(long, default_value_t = 0)]
    offset: u16,
    #[arg(long, default_value = "lab")]
    slo_windows: String,
}

/// The arguments that start a daemon with these options.
pub fn arguments(options: &Options) -> Vec<String> {
    let mut arguments = vec![
        "daemon".to_owned(),
        format!("--offset={}", options.offset),
        format!("--slo-windows={}", options.slo_windows),
    ];
    if options.only_stack {
        arguments.push("--only-stack".to_owned());
    }
    arguments
}

pub fn run(context: Context, args: Args) -> Result<ExitCode> {
    let place = place(&context)?;
    let options = Options { only_stack: args.only_stack, offset: args.offset, slo_windows: args.slo_windows };
    crate::daemon::run(&context, place, options)
}
