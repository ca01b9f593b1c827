//! The metrics store: an in-memory head of compressed chunks, a write-ahead log, two-hour segments on disk.
//!
//! A sample is in the log before [`Store`]'s `append` returns, so that `kill -9` loses nothing acknowledged; the log is
//! synced to the device at most every second, so that a power cut loses a second. The bytes on disk are drawn in
//! `docs/formats/tsdb.md`.
//!
//! Start reading at [`Store::open`]; then [`chunk`] for how samples are packed and [`store`] for how they move from
//! head to disk. There is no clock and no thread in here: the owner calls [`Store::maintain`] about once a second.

mod bits;
pub mod chunk;
mod codec;
mod exemplars;
mod index;
mod metadata;
mod options;
pub mod postings;
mod report;
mod segment;
mod series;
pub mod store;
mod wal;

pub use options::{CUT_DELAY, Options, WINDOW};
pub use report::{Counters, Damage, MaintainReport, RecoveryReport};
pub use store::Store;
