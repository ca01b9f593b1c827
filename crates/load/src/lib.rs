//! The open-model load generator.
//!
//! Users arrive when the schedule says so, whether or not the shop keeps up, and a request's latency counts from the moment
//! at which it was due. A generator that waits for answers instead (a closed model) stops asking just when the shop is slow,
//! and then reports a shop that is fine: coordinated omission.
//!
//! ```no_run
//! # async fn example() -> Result<(), load::PlanError> {
//! let plan = load::Plan::new("http://127.0.0.1:8000")?
//!     .catalog("http://127.0.0.1:8001")?
//!     .phases("baseline:60s@20,spike:30s@100".parse()?)
//!     .total(300)
//!     .seed(1);
//! let cancel = tokio_util::sync::CancellationToken::new();
//! let summary = load::run(plan, |progress| eprintln!("{progress}"), cancel).await;
//! println!("{summary}");
//! # Ok(()) }
//! ```
//!
//! Start reading at [`run`]; [`phases`] holds the schedule, [`journey`] what users do, [`recorder`] the account.

pub mod journey;
pub mod phases;
mod plan;
pub mod recorder;
mod run;
pub mod summary;
mod target;

pub use phases::{Phase, Phases};
pub use plan::{DEFAULT_RATE, Plan, PlanError};
pub use recorder::Progress;
pub use run::run;
pub use summary::Summary;
