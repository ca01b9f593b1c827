//! What the console can ask of the daemon behind it: the state of the services, starting and stopping them.

use serde::Serialize;
use std::future::Future;
use std::pin::Pin;

pub type ControlFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ControlError>> + Send + 'a>>;

#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("unknown service {found:?}, expected one of {expected}")]
    UnknownService { found: String, expected: String },
    #[error("{0}")]
    Refused(String),
}

#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceState {
    pub name: String,
    /// `running`, `starting`, `backing off`, `stopped`.
    pub state: String,
    pub pid: Option<u32>,
    pub restarts: u64,
    /// Where it answers, as the configuration names it: `http://gateway:8000`.
    pub url: String,
}

/// Implemented by the daemon.
pub trait Control: Send + Sync {
    fn services(&self) -> ControlFuture<'_, Vec<ServiceState>>;
    /// `start`, `stop`, `kill` or `restart`.
    fn act<'a>(&'a self, service: &'a str, action: Action) -> ControlFuture<'a, ()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Start,
    Stop,
    Kill,
    Restart,
}

impl Action {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "start" => Self::Start,
            "stop" => Self::Stop,
            "kill" => Self::Kill,
            "restart" => Self::Restart,
            _ => return None,
        })
    }
}
