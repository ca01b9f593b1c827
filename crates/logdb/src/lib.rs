//! The log store: streams, chunks, write-ahead log, segments.
//!
//! A line is written to the write-ahead log before a push returns, joins the head block of its stream in memory, is
//! sealed into a compressed chunk with its neighbours, and goes with that chunk into a segment file when the log has
//! grown enough. Every block is the same [`block::Block`], whether it is a head or a chunk that was read back.
//! The files are described byte by byte in `docs/formats/logdb.md`.
//!
//! Where to start reading: [`LogDb`] for what there is, `db/push.rs` for the way in, `db/scan.rs` for the way out.

mod block;
mod bloom;
mod chunk;
mod codec;
mod config;
mod db;
mod detect;
mod rate;
mod segment;
mod stream;
mod tail;
mod wal;

pub use config::Config;
pub use db::{LogDb, Recovery, Stats};
