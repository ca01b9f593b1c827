//! Searches: traces from a store, through a pipeline, into an answer.

mod field;
mod pipeline;
mod search;
mod tree;
mod view;

pub(crate) use field::arithmetic;
pub(crate) use pipeline::run;
pub use search::{FoundSpan, FoundSpanset, FoundTrace, SearchAnswer, SearchRequest, ServiceStats};
pub(crate) use view::{TraceView, inclusive};

/// Says whether a query should end early; time-outs and clients that went away come through it.
pub trait Interrupt: Send + Sync {
    fn interrupted(&self) -> bool;
}

/// Bounds on what one query may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Series that one metrics query may have before second stages.
    pub max_series: usize,
    /// Samples that one series may have.
    pub max_points: usize,
    /// Distinct values of a tag.
    pub max_tag_values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Tempo bounds a range query by 10,000 points (its error says so) and answers by size; these are of that order.
        Self { max_series: 10_000, max_points: 11_000, max_tag_values: 10_000 }
    }
}

/// Evaluates checked queries against a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine {
    pub(crate) limits: Limits,
}

impl Engine {
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }
}

#[cfg(test)]
pub(crate) mod tests;
