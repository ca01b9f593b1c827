//! Errors in Tempo's wording: a parse error has a position, a type error shows the expression.

use model::StoreError;

/// The text is not TraceQL. Lines and columns count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parse error at line {line}, col {col}: {message}")]
pub struct ParseError {
    pub line: usize,
    pub col: usize,
    pub message: String,
}

/// The query parses but makes no sense, or is one that Tempo does not support either.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CheckError {
    #[error("binary operations must operate on the same type: {0}")]
    OperandTypes(String),
    #[error("illegal operation for the given types: {0}")]
    IllegalOperation(String),
    #[error("illegal operation for the given type: {0}")]
    IllegalUnary(String),
    #[error("span filter field expressions must resolve to a boolean: {0}")]
    NotBoolean(String),
    #[error("aggregate field expressions must resolve to a number type: {0}")]
    NotNumber(String),
    #[error("aggregate field expressions must reference the span: {0}")]
    AggregateWithoutSpan(String),
    #[error("grouping field expressions must reference the span: {0}")]
    GroupWithoutSpan(String),
    #[error("scalar expressions must resolve to a number: {0}")]
    ScalarNotNumber(String),
    #[error("invalid regex: {0}")]
    Regex(String),
    #[error("{0} cannot be nil")]
    NeverNil(String),
    #[error("limit must be greater than 0")]
    NoLimit,
    #[error("quantile must be between 0 and 1: {0}")]
    Quantile(f64),
    #[error("maximum number of group by fields is {limit}, found {found}")]
    TooManyGroups { found: usize, limit: usize },
    #[error("`compare()` cannot be used with second stage functions or arithmetic")]
    CompareCombined,
    #[error("{0} not yet supported")]
    Unsupported(String),
}

impl CheckError {
    /// Whether the query would be right but for a part of the language that is not built (in Tempo neither).
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported(_))
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TraceQlError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error(transparent)]
    Check(#[from] CheckError),
}

#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("not a metrics query")]
    NotMetrics,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the query was interrupted")]
    Interrupted,
    #[error("{0}")]
    Limit(String),
}
