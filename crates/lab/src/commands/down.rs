//! `lab down`: stops everything and leaves nothing, also after the daemon was killed.

use super::place;
use crate::control::{self, Request, STOP_PATIENCE};
use crate::host::Context;
use crate::place::Place;
use crate::state::{Lock, State};
use anyhow::Result;
use std::process::ExitCode;
use std::time::Duration;
use supervise::reap;

/// Stop everything
#[derive(clap::Args)]
pub struct Args {}

/// How long processes that a killed daemon left behind get to stop.
const GRACE: Duration = Duration::from_secs(5);

pub async fn run(context: Context, _: Args) -> Result<ExitCode> {
    let place = place(&context)?;
    if !place.lab.exists() {
        eprintln!("nothing is running");
        return Ok(ExitCode::SUCCESS);
    }
    place.open()?;
    let _lock = Lock::take(&place).await?;
    match stop_all(&place).await? {
        0 => eprintln!("nothing is running"),
        _ => eprintln!("stopped"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Stops the stack of this place: asks the daemon, then ends whatever of it still runs. Returns how many processes ran.
///
/// # Errors
/// When the state file cannot be removed.
pub async fn stop_all(place: &Place) -> Result<usize> {
    let state = State::load(place);
    let processes = state.as_ref().map(State::identities).unwrap_or_default();
    let running = processes.iter().filter(|process| process.is_alive()).count();
    if state.as_ref().is_some_and(|state| state.daemon().is_some())
        || (state.is_none() && place.socket().exists())
    {
        // A daemon that does not answer is ended by its number below.
        if let Err(error) = control::ask(place, &Request::Shutdown).await
            && state.is_some()
        {
            eprintln!("the daemon does not answer ({error:#}), ending it");
        }
    }
    // The daemon first answers and then ends; wait for that instead of signalling it in the middle of its last lines.
    let gone = async {
        while processes.iter().any(supervise::Identity::is_alive) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if state.as_ref().is_some_and(|state| state.daemon().is_some()) {
        let _ = tokio::time::timeout(STOP_PATIENCE, gone).await;
    }
    reap(&processes, GRACE).await;
    let _ = std::fs::remove_file(place.socket());
    State::remove(place)?;
    Ok(running)
}
