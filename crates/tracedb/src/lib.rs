//! The trace store: compact rows in a head, a write-ahead log, segment files.
//!
//! Start at [`TraceDb`]. A push becomes rows with symbols instead of texts (`row`, `dict`), goes to the log (`wal`), and
//! then into the head, where it can be found at once. A head that is large or old becomes a file (`segment`) as it is.
//! The formats are drawn in docs/formats/tracedb.md.

mod bytes;
mod crc;
mod db;
mod dict;
mod head;
mod hint;
mod merge;
mod row;
mod segment;
mod wal;

pub use db::{Options, Recovery, TraceDb};
