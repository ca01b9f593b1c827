//! Telemetry of the shop's services: logs, metrics with exemplars, traces, propagation, and faults on demand.
//!
//! A service makes one [`Telemetry`] value from [`Settings`] and its [`Service`] description, wraps its router with
//! [`Telemetry::instrument`] and serves it with [`serve::serve`]. Everything a request leaves behind (span, exemplar, count,
//! log line) is owned by one place: [`request`]. Every name is in [`names`].
//!
//! Nothing here is global: two values can live in one process, which tests do all the time. Only
//! [`Telemetry::install`], called by each binary once, sets the process-wide subscriber and panic hook.

pub mod chaos;
pub mod client;
mod clock;
pub mod command;
pub mod json;
pub mod logs;
pub mod metrics;
pub mod names;
pub mod ops;
pub mod problem;
pub mod request;
pub mod serve;
pub mod settings;
mod telemetry;
pub mod traces;

pub use problem::Problem;
pub use settings::{Settings, SettingsError};
pub use telemetry::{Endpoint, Service, StartError, Telemetry};
