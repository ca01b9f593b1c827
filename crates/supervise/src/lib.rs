//! Child processes: start, watch, restart, stop, reap.
//!
//! A [`Supervised`] process runs in a process group of its own and holds one end of a *supervision pipe* as its standard
//! input, with [`SUPERVISED_ENV`] in its environment to say so: when the supervisor ends, however it ends, the pipe
//! closes and the child stops by itself. What it prints is cut into lines, written to a log file of bounded size and
//! handed on through a bounded channel. A child that dies is started again with growing pauses.
//!
//! After a `kill -9` of the supervisor, [`reap`] ends what is left: a process is known by its number *and* its start
//! time ([`Identity`]), so that a number that was given out again is never hit.
//!
//! Start reading at [`process`].

pub mod backoff;
pub mod identity;
pub mod log_file;
pub mod output;
pub mod process;

pub use backoff::Backoff;
pub use identity::{Identity, reap};
pub use log_file::LogFile;
pub use output::{Output, OutputLine, OutputStream};
pub use process::{Exit, Spec, State, Status, SuperviseError, Supervised};

/// Set to `1` for a supervised child: its standard input is the supervision pipe, and its end means "stop".
pub const SUPERVISED_ENV: &str = "LAB_SUPERVISED";
