//! What is kept about a running stack in `.lab/state.json`, and the lock that lets one command at a time change it.
//!
//! The file outlives a daemon that was killed: the next `up` or `down` finds in it the processes that are left.

use crate::fingerprint::Fingerprint;
use crate::place::Place;
use anyhow::{Context as _, Result};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::time::Duration;
use supervise::Identity;

/// How a stack was asked for. A second `up` with other options is a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Only the observability parts, no shop: a backend for other people's programs.
    pub only_stack: bool,
    /// Added to every port.
    pub offset: u16,
    /// Which set of SLO rules: the folder below prometheus/rules.
    pub slo_windows: String,
}

/// A process of the stack, by name and identity (`PID START`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub name: String,
    pub identity: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub options: Options,
    /// The daemon and, after it, the services.
    pub processes: Vec<Process>,
    pub fingerprint: Fingerprint,
}

/// The name of the daemon among the processes.
pub const DAEMON: &str = "lab";

impl State {
    /// The state of the last stack, or none when there is none or the file is damaged. Damage is not fatal: what it
    /// costs is that leftovers of a killed daemon are not found; services end with their pipe anyway.
    pub fn load(place: &Place) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(place.state_file()).ok()?).ok()
    }

    /// Replaces the file in one step.
    pub fn save(&self, place: &Place) -> Result<()> {
        let path = place.state_file();
        let new = path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(self).context("cannot encode the state")?;
        std::fs::write(&new, text)
            .and_then(|()| std::fs::rename(&new, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn remove(place: &Place) -> Result<()> {
        match std::fs::remove_file(place.state_file()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", place.state_file().display()))
            }
            _ => Ok(()),
        }
    }

    pub fn identities(&self) -> Vec<Identity> {
        self.processes.iter().filter_map(|process| Identity::parse(&process.identity)).collect()
    }

    /// The daemon, when that very process still runs.
    pub fn daemon(&self) -> Option<Identity> {
        let process = self.processes.iter().find(|process| process.name == DAEMON)?;
        Identity::parse(&process.identity).filter(Identity::is_alive)
    }
}

/// Held by `up`, `down`, `restart` and `clean` while they work. Freed by the kernel when the holder dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// How long a command waits for another one to finish. An `up` that builds nothing takes seconds.
const LOCK_WAIT: Duration = Duration::from_secs(60);

impl Lock {
    /// # Errors
    /// When another command holds the lock for longer than a minute.
    pub async fn take(place: &Place) -> Result<Self> {
        let path = place.lock_file();
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let deadline = tokio::time::Instant::now() + LOCK_WAIT;
        let mut told = false;
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if !told {
                eprintln!("another lab command is at work, waiting for it …");
                told = true;
            }
            anyhow::ensure!(
                tokio::time::Instant::now() < deadline,
                "another lab command holds {}",
                path.display()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests;
