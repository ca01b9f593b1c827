//! What the tests of the services share. Never a dependency of anything but tests, so a failure here is a panic.
#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

pub mod collector;
pub mod process;
pub mod sink;

pub use collector::{Collector, Span};
pub use process::Process;
pub use sink::Sink;
