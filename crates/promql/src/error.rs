//! What can go wrong: a query that cannot be read, and a query that cannot be answered.

use model::StoreError;

/// A query that is not PromQL. Lines and columns count from 1; a column is a byte of its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: parse error: {message}")]
pub struct ParseError {
    pub line: u32,
    pub column: u32,
    /// What was found and what was expected.
    pub message: String,
}

/// The classes of errors that the HTTP API tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request itself is wrong: `bad_data`, status 400.
    BadData,
    /// The query failed on the data it met, or it would need too much: `execution`, status 422.
    Execution,
    /// The caller said stop: `timeout`, status 503.
    Timeout,
    /// The store failed: `internal`, status 500.
    Internal,
}

#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// More steps than [`crate::Limits::max_points`] allows.
    #[error(
        "exceeded maximum resolution of {limit} points per timeseries. Try decreasing the query resolution (?step=XX)"
    )]
    TooManyPoints { limit: usize },
    #[error("zero or negative query resolution step widths are not accepted. Try a positive integer")]
    ZeroStep,
    #[error("end timestamp must not be before start time")]
    EndBeforeStart,
    /// A range query needs a scalar or an instant vector.
    #[error("invalid expression type {found:?} for range query, must be Scalar or instant Vector")]
    NotRangeable { found: &'static str },
    #[error(
        "query processing would load too many samples into memory in query execution: the limit is {limit}"
    )]
    TooManySamples { limit: usize },
    /// The data do not allow what the query asks for; the text is upstream's.
    #[error("{0}")]
    Execution(String),
    #[error("query timed out in query execution")]
    Interrupted,
    #[error(transparent)]
    Store(StoreError),
}

impl EvalError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooManyPoints { .. }
            | Self::ZeroStep
            | Self::EndBeforeStart
            | Self::NotRangeable { .. } => ErrorKind::BadData,
            Self::TooManySamples { .. } | Self::Execution(_) => ErrorKind::Execution,
            Self::Interrupted => ErrorKind::Timeout,
            Self::Store(_) => ErrorKind::Internal,
        }
    }
}

impl From<StoreError> for EvalError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Interrupted => Self::Interrupted,
            StoreError::Limit { what } => Self::Execution(what),
            other => Self::Store(other),
        }
    }
}

/// Upstream's text for two series that end up with the same labels at the same time.
pub(crate) fn same_labels() -> EvalError {
    EvalError::Execution("vector cannot contain metrics with the same labelset".to_owned())
}
