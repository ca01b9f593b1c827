//! The syntax tree, split by what is done with it: fields of a span, sets of spans, metrics.

mod attribute;
mod display;
mod field;
mod metrics;
mod spanset;

pub use attribute::{Attribute, AttributeScope, Intrinsic};
pub use field::{BinaryOp, FieldExpr, UnaryOp};
pub use metrics::{MetricsExpr, MetricsFn, SecondStage};
pub use spanset::{Aggregate, Pipeline, Relation, ScalarExpr, SpansetOp, Stage};

/// A whole query: a search pipeline or metrics, and its `with(...)` hints.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub root: Root,
    pub hints: Vec<Hint>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Root {
    Search(Pipeline),
    Metrics(MetricsExpr),
}

/// `name=value` within `with(...)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    pub name: String,
    pub value: HintValue,
}

pub type HintValue = crate::value::Value;

impl Expr {
    /// Whether `with(name=true)` is there.
    pub fn hint_is_true(&self, name: &str) -> bool {
        self.hints.iter().any(|hint| hint.name == name && hint.value == crate::value::Value::Bool(true))
    }

    pub fn is_metrics(&self) -> bool {
        matches!(self.root, Root::Metrics(_))
    }

    /// The pipelines that choose spans: one of a search, one or more of metrics.
    pub fn pipelines(&self) -> Vec<&Pipeline> {
        match &self.root {
            Root::Search(pipeline) => vec![pipeline],
            Root::Metrics(metrics) => metrics.pipelines(),
        }
    }
}
