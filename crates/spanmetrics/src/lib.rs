//! RED metrics and the service graph from spans, as Tempo's metrics-generator makes them.
//!
//! Start at [`Generator`]: spans go in as they are stored (see [`Tee`]), series come out at every collection.
//! Source: Tempo documentation, "Metrics-generator", "Span metrics", "Service graphs".

mod generator;
mod graph;
mod histogram;
mod names;
mod observed;
mod registry;
mod tee;

pub use generator::{Generator, Stats};
pub use tee::Tee;

#[cfg(test)]
mod tests;
