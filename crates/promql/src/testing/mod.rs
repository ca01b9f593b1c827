//! What tests of queries and rules need: a store in memory, the notation for series, and scripts of loads and evaluations.
//!
//! The notation and the scripts are those of Prometheus's own tests (promql/promqltest), so that one corpus can be run by both.

mod compare;
mod memory;
mod notation;
mod run;
mod script;

pub use memory::MemoryStore;
pub use notation::{SeriesLine, Slot, parse_series};
pub use run::{Outcome, Verdict, run_script};
pub use script::{Command, Eval, Expectations, Note, Script, ScriptError, When};
