//! TraceQL: parse, check, evaluate. Pure: no I/O and no clock; traces come through `model::traces::TraceQuerier`.
//!
//! Start reading at [`parse`] (text to [`Expr`]), then [`check`] (types), then [`Engine`] (search, metrics, tags).

mod ast;
mod check;
mod error;
mod eval;
mod lenient;
mod lex;
mod metrics;
mod parse;
mod plan;
mod tags;
mod value;

pub use ast::{
    Aggregate, Attribute, AttributeScope, BinaryOp, Expr, FieldExpr, Hint, HintValue, Intrinsic, MetricsExpr,
    MetricsFn, Pipeline, ScalarExpr, SecondStage, SpansetOp, Stage, UnaryOp,
};
pub use check::check;
pub use error::{CheckError, EvalError, ParseError, TraceQlError};
pub use eval::{
    Engine, FoundSpan, FoundSpanset, FoundTrace, Interrupt, Limits, SearchAnswer, SearchRequest, ServiceStats,
};
pub use lenient::lenient_filter;
pub use lex::duration_nanos;
pub use metrics::{MetricsAnswer, MetricsExemplar, MetricsRequest, MetricsSeries, default_step_nanos};
pub use parse::{parse, parse_attribute};
pub use tags::{TagNames, intrinsic_tag_names};
pub use value::Value;
