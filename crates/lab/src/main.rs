//! The `lab` command: starts and stops the lab, breaks it, loads it, asks it. One file a subcommand below `commands/`.
//!
//! Start reading at [`commands`] for what a user types, at [`daemon`] for what runs in the background.

mod commands;
mod control;
mod daemon;
mod endpoints;
mod fingerprint;
mod host;
mod http;
mod output;
mod place;
mod ports;
mod state;
mod table;
mod verify;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let context = match host::Context::from_process() {
        Ok(context) => context,
        Err(error) => return report(&error),
    };
    let cli = commands::Cli::parse();
    match cli.run(context) {
        Ok(code) => code,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// An error is one line on standard error, its causes joined by colons. A hint stands on a line of its own.
fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
