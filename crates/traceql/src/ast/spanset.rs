//! Sets of spans: filters, structural and logical operators, pipelines, scalar filters.

use super::{Attribute, BinaryOp, FieldExpr};
use crate::value::Value;

/// Stages from left to right; each takes the sets of spans that the one before lets through.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    pub stages: Vec<Stage>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    Filter(FieldExpr),
    Combine(SpansetOp, Box<Stage>, Box<Stage>),
    /// A pipeline in parentheses.
    Nested(Pipeline),
    Scalar(BinaryOp, ScalarExpr, ScalarExpr),
    By(FieldExpr),
    Coalesce,
    Select(Vec<Attribute>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    Child,
    Parent,
    Descendant,
    Ancestor,
    Sibling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpansetOp {
    And,
    Or,
    /// Right-hand spans that stand in the relation to a left-hand span.
    Related(Relation),
    /// Right-hand spans that stand in it to none.
    NotRelated(Relation),
    /// Both sides of every pair.
    Both(Relation),
}

const OPS: [(SpansetOp, &str); 17] = [
    (SpansetOp::And, "&&"),
    (SpansetOp::Or, "||"),
    (SpansetOp::Related(Relation::Child), ">"),
    (SpansetOp::Related(Relation::Parent), "<"),
    (SpansetOp::Related(Relation::Descendant), ">>"),
    (SpansetOp::Related(Relation::Ancestor), "<<"),
    (SpansetOp::Related(Relation::Sibling), "~"),
    (SpansetOp::NotRelated(Relation::Child), "!>"),
    (SpansetOp::NotRelated(Relation::Parent), "!<"),
    (SpansetOp::NotRelated(Relation::Descendant), "!>>"),
    (SpansetOp::NotRelated(Relation::Ancestor), "!<<"),
    (SpansetOp::NotRelated(Relation::Sibling), "!~"),
    (SpansetOp::Both(Relation::Child), "&>"),
    (SpansetOp::Both(Relation::Parent), "&<"),
    (SpansetOp::Both(Relation::Descendant), "&>>"),
    (SpansetOp::Both(Relation::Ancestor), "&<<"),
    (SpansetOp::Both(Relation::Sibling), "&~"),
];

impl SpansetOp {
    pub fn as_str(self) -> &'static str {
        OPS.iter().find(|(op, _)| *op == self).map_or("", |(_, symbol)| symbol)
    }

    pub fn from_symbol(symbol: &str) -> Option<Self> {
        OPS.iter().find(|(_, of)| *of == symbol).map(|(op, _)| *op)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    Count,
    Min,
    Max,
    Sum,
    Avg,
}

impl Aggregate {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Avg => "avg",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Count, Self::Min, Self::Max, Self::Sum, Self::Avg].into_iter().find(|of| of.as_str() == name)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ScalarExpr {
    Literal(Value),
    Aggregate(Aggregate, Option<FieldExpr>),
    Binary(BinaryOp, Box<ScalarExpr>, Box<ScalarExpr>),
    /// A pipeline in parentheses that ends with a scalar.
    Pipeline(Pipeline, Box<ScalarExpr>),
}
