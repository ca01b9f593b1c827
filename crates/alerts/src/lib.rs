//! Alertmanager's work in one process: routing, grouping, inhibition, silences and notification; and the sink that shows
//! what was sent.
//!
//! Start at [`Alertmanager`]. What arrives is kept in [`provider`], leads through the tree of [`route`] into the groups of
//! [`dispatch`], and leaves through the stages of [`notify`]. Source of the rules: Alertmanager's documentation
//! ("Configuration", "Alerting concepts") and its API description.

pub mod alert;
mod config;
pub mod dispatch;
pub mod inhibit;
mod manager;
pub mod notify;
pub mod provider;
pub mod route;
pub mod silence;
pub mod sink;
pub mod state;
pub mod timeinterval;

pub use alert::{Alert, PostableAlert};
pub use config::Config;
pub use manager::{AlertFilter, AlertStatus, Alertmanager, GroupView, Options};

#[derive(Debug, thiserror::Error)]
pub enum AlertsError {
    #[error("cannot open {path}: {reason}")]
    State { path: String, reason: String },
    #[error("cannot write alerting state: {0}")]
    Write(String),
}
