//! How the command talks to the daemon: one JSON object a line over a Unix socket, a request and its answer.
//!
//! The protocol is private to one version of `lab`: the command and the daemon are the same binary, and `up` replaces a
//! daemon of another build.

mod client;

pub use client::{ask, status};

use crate::fingerprint::Fingerprint;
use crate::state::Options;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest line either side reads.
pub const MAX_LINE: usize = 1024 * 1024;

/// How long either side waits for the other; stopping a stack takes longer and has its own limit.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long a stack may take to stop: services flush for 3 s and are killed after 5 s, stores close after them.
pub const STOP_PATIENCE: Duration = Duration::from_secs(15);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// The parts and how they are.
    Status,
    /// Stops everything and ends the daemon. Answered when all parts have stopped.
    Shutdown,
    /// Stops one service of the shop and starts it again.
    Restart { service: String },
    /// Reads the configuration again; the old one stays when the new one is bad.
    Reload,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    Status(StackStatus),
    Done,
    Failed { error: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackStatus {
    pub options: Options,
    pub fingerprint: Fingerprint,
    pub parts: Vec<PartStatus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    Starting,
    Ready,
    /// Was ready and is not now, or could not start; `note` says why.
    Failed,
}

impl PartState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartStatus {
    pub name: String,
    pub state: PartState,
    /// Milliseconds from the start of the daemon until the part was ready for the first time.
    pub ready_after_ms: Option<u64>,
    pub url: Option<String>,
    /// Of services; the engines live in the daemon.
    pub pid: Option<i32>,
    pub restarts: u32,
    pub note: Option<String>,
}

impl StackStatus {
    pub fn all_ready(&self) -> bool {
        self.parts.iter().all(|part| part.state == PartState::Ready)
    }

    /// The first part that failed, with its reason.
    pub fn failure(&self) -> Option<&PartStatus> {
        self.parts.iter().find(|part| part.state == PartState::Failed)
    }
}
