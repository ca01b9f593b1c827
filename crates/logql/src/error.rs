//! What can go wrong with a query: before it runs ([`ParseError`]) and while it runs ([`EvalError`]).

use crate::labels::LabelSet;
use model::StoreError;

/// A query that is not LogQL. Line and column count from 1; 0 and 0 mean that the rule broken is about the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl ParseError {
    pub(crate) fn at(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { line, column, message: message.into() }
    }

    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self::at(0, 0, message)
    }
}

/// In Loki's words, which clients and people recognise.
impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == 0 && self.column == 0 {
            write!(f, "parse error : {}", self.message)
        } else {
            write!(f, "parse error at line {}, col {}: {}", self.line, self.column, self.message)
        }
    }
}

impl std::error::Error for ParseError {}

#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A line that a stage could not read reached an aggregation.
    #[error(
        "pipeline error: '{error}' for series: '{series}'.\nUse a label filter to intentionally skip this error. (e.g | __error__!=\"{error}\").\nTo skip all potential errors you can match empty errors.(e.g __error__=\"\")\nThe label filter can also be specified after unwrap. (e.g | unwrap latency | __error__=\"\" )\n"
    )]
    Pipeline { error: String, series: LabelSet },
    #[error(
        "maximum number of series ({limit}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()"
    )]
    TooManySeries { limit: usize },
    #[error(
        "the query would process too many samples: found more than {limit}; narrow the selector or the time range"
    )]
    TooManySamples { limit: usize },
    #[error("the query would read too many bytes: limit {limit}; narrow the selector or the time range")]
    TooManyBytes { limit: u64 },
    #[error("the query has too many steps, the limit is {limit}: take a larger step")]
    TooManySteps { limit: usize },
    #[error("multiple matches for labels: {message}")]
    ManyToMany { message: String },
    #[error("{message}")]
    Unsupported { message: String },
    #[error("the query was interrupted")]
    Interrupted,
}
