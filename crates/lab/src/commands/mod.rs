//! The subcommands: one file each, one table. Data goes to standard output, talk to standard error.
//!
//! Exit codes: 0 done, 1 failed (or, for `verify`, a broken link), 2 wrong usage, 130 interrupted.

mod chaos;
mod clean;
mod daemon;
mod down;
mod healthcheck;
mod load;
mod logs;
mod ps;
mod query;
mod restart;
mod run;
mod sink;
mod slo;
mod up;
mod verify;

use crate::host::Context;
use crate::place::Place;
use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use std::future::Future;
use std::process::ExitCode;

/// A shop of Rust services that is fully observed and can be broken on purpose
#[derive(Parser)]
#[command(name = "lab", version, max_term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Args),
    Down(down::Args),
    Ps(ps::Args),
    Logs(logs::Args),
    Restart(restart::Args),
    Clean(clean::Args),
    Chaos(chaos::Args),
    Load(load::Args),
    Verify(verify::Args),
    Query(query::Args),
    Run(run::Args),
    Sink(sink::Args),
    Slo(slo::Args),
    Healthcheck(healthcheck::Args),
    #[command(hide = true)]
    Daemon(daemon::Args),
}

impl Cli {
    /// Runs the chosen subcommand to its end.
    ///
    /// # Errors
    /// Whatever the subcommand could not do.
    pub fn run(self, context: Context) -> Result<ExitCode> {
        match self.command {
            Command::Up(args) => wait(up::run(context, args)),
            Command::Down(args) => wait(down::run(context, args)),
            Command::Ps(args) => wait(ps::run(context, args)),
            Command::Logs(args) => wait(logs::run(context, args)),
            Command::Restart(args) => wait(restart::run(context, args)),
            Command::Clean(args) => wait(clean::run(context, args)),
            Command::Chaos(args) => wait(chaos::run(context, args)),
            Command::Load(args) => wait(load::run(context, args)),
            Command::Verify(args) => wait(verify::run(context, args)),
            Command::Query(args) => wait(query::run(context, args)),
            Command::Run(args) => wait(run::run(context, args)),
            Command::Slo(args) => wait(slo::run(context, args)),
            Command::Sink(args) => wait(sink::run(context, args)),
            Command::Healthcheck(args) => wait(healthcheck::run(context, args)),
            Command::Daemon(args) => daemon::run(context, args),
        }
    }
}

/// The exit code of a command that was interrupted by Ctrl-C: 128 + SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Runs a command on a small runtime: commands wait, they do not compute.
fn wait(command: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// The repository and its `.lab` folder, which `LAB_DIR` overrides.
fn place(context: &Context) -> Result<Place> {
    Place::find(&context.folder, context.env("LAB_DIR"))
}

/// Where the parts answer: the column of the environment, or the offset of the stack that runs here.
fn column(context: &Context) -> Result<crate::endpoints::Column> {
    let running = place(context)
        .ok()
        .and_then(|place| crate::state::State::load(&place))
        .map(|state| state.options.offset);
    crate::endpoints::Column::from_context(context, running).context("cannot tell where the lab is")
}
