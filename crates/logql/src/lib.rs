//! LogQL: parse, check, evaluate.
//!
//! Pure: no I/O and no clock. [`parse`] makes an [`Expr`], [`Engine`] evaluates it against a
//! [`model::logs::LogQuerier`]. The language is Loki's (its documentation, "LogQL: Log query language"), and so is what
//! surprises about it: a reader who wonders why a rule is the way it is finds the reason in the comment beside it.
//!
//! Where to start reading: [`ast`] for what there is, [`parse`] for how it is written, [`pipeline`] for what happens to
//! one line (one stage, one file), [`engine`] for what happens to many.

pub mod ast;
pub mod engine;
mod error;
pub mod labels;
mod lex;
mod parse;
pub mod pipeline;
pub mod units;

pub use ast::Expr;
pub use engine::{
    Answer, Direction, Engine, Interrupt, Limits, LogAnswer, LogLine, NeverInterrupted, OutStream,
};
pub use error::{EvalError, ParseError};
pub use labels::LabelSet;
pub use parse::{parse, parse_log, parse_matchers, parse_metric};
