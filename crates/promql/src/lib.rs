//! PromQL: parse, check, evaluate. Pure: it reads samples through `model::metrics::MetricQuerier` and has neither I/O nor a clock.
//!
//! Start reading at [`parse()`], then [`Engine`]; `eval` walks the tree, one folder each holds the functions, the
//! aggregations and the binary operators. Range queries are evaluated series by series: every node yields columns with
//! one value per step, so that each series is decoded once and windows move over it with two pointers.
//!
//! The rules followed are those of Prometheus 3: left-open windows, delayed removal of metric names, vector matching
//! judged step by step. Native histograms are not supported.

mod aggregate;
mod annotate;
mod ast;
mod binary;
mod column;
mod engine;
mod error;
mod eval;
mod functions;
mod grid;
mod lex;
mod num;
mod parse;
mod select;
mod subquery;
pub mod testing;
mod value;

pub use ast::{Expr, Type};
pub use engine::{Engine, Interrupt, Limits, Never};
pub use error::{ErrorKind, EvalError, ParseError};
pub use functions::function_names;
pub use parse::{MAX_DEPTH, MAX_QUERY_BYTES, parse, parse_selector};
pub use value::{Answer, Series, Value, VectorSample};
