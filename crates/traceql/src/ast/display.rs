//! The tree as text that parses to the same tree.

use super::*;
use crate::lex::is_attribute_char;
use std::fmt::{self, Display, Formatter};

impl Display for Attribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(intrinsic) = self.intrinsic {
            return f.write_str(intrinsic.name());
        }
        if self.parent {
            f.write_str("parent")?;
        }
        match (self.parent, self.scope) {
            (true, AttributeScope::None) => f.write_str(".")?,
            (true, scope) => write!(f, ".{}", scope.prefix())?,
            (false, scope) => f.write_str(scope.prefix())?,
        }
        let plain = self.name.chars().all(is_attribute_char)
            && !(self.scope == AttributeScope::None && self.name.starts_with(|c: char| c.is_ascii_digit()));
        if plain {
            return f.write_str(&self.name);
        }
        write!(f, "\"{}\"", self.name.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

impl Display for FieldExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let part = |f: &mut Formatter<'_>, part: &FieldExpr| match part {
            FieldExpr::Literal(_) | FieldExpr::Attribute(_) => write!(f, "{part}"),
            _ => write!(f, "({part})"),
        };
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Attribute(attribute) => write!(f, "{attribute}"),
            Self::Unary(op, inner) => {
                f.write_str(if *op == UnaryOp::Not { "!" } else { "-" })?;
                part(f, inner)
            }
            Self::Binary(op, left, right) => {
                part(f, left)?;
                write!(f, " {} ", op.as_str())?;
                part(f, right)
            }
        }
    }
}

impl Display for ScalarExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Aggregate(aggregate, None) => write!(f, "{}()", aggregate.as_str()),
            Self::Aggregate(aggregate, Some(field)) => write!(f, "{}({field})", aggregate.as_str()),
            Self::Binary(op, left, right) => write!(f, "({left}) {} ({right})", op.as_str()),
            Self::Pipeline(pipeline, scalar) => write!(f, "({pipeline} | {scalar})"),
        }
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(FieldExpr::Literal(crate::value::Value::Bool(true))) => f.write_str("{ true }"),
            Self::Filter(field) => write!(f, "{{ {field} }}"),
            Self::Combine(op, left, right) => write!(f, "({left}) {} ({right})", op.as_str()),
            Self::Nested(pipeline) => write!(f, "({pipeline})"),
            Self::Scalar(op, left, right) => write!(f, "{left} {} {right}", op.as_str()),
            Self::By(field) => write!(f, "by({field})"),
            Self::Coalesce => f.write_str("coalesce()"),
            Self::Select(attributes) => write!(f, "select({})", list(attributes)),
        }
    }
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "))
    }
}

fn list<T: Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Display for MetricsFn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuantileOverTime(attribute, quantiles) => {
                write!(f, "quantile_over_time({attribute}, {})", list(quantiles))
            }
            Self::Compare { filter, top, start: 0, end: 0 } => write!(f, "compare({filter}, {top})"),
            Self::Compare { filter, top, start, end } => {
                write!(f, "compare({filter}, {top}, {start}, {end})")
            }
            other => match other.attribute() {
                Some(attribute) => write!(f, "{}({attribute})", other.name()),
                None => write!(f, "{}()", other.name()),
            },
        }
    }
}

impl Display for MetricsExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function { pipeline, function, by } => {
                write!(f, "{pipeline} | {function}")?;
                if !by.is_empty() {
                    write!(f, " by ({})", list(by))?;
                }
                Ok(())
            }
            Self::Second(inner, SecondStage::TopK(count)) => write!(f, "{inner} | topk({count})"),
            Self::Second(inner, SecondStage::BottomK(count)) => write!(f, "{inner} | bottomk({count})"),
            Self::Second(inner, SecondStage::Filter(op, number)) => {
                write!(f, "{inner} {} {number}", op.as_str())
            }
            Self::Binary(op, left, right) => write!(f, "({left}) {} ({right})", op.as_str()),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Search(pipeline) => write!(f, "{pipeline}")?,
            Root::Metrics(metrics) => write!(f, "{metrics}")?,
        }
        if !self.hints.is_empty() {
            let hints: Vec<String> =
                self.hints.iter().map(|hint| format!("{}={}", hint.name, hint.value)).collect();
            write!(f, " with({})", hints.join(", "))?;
        }
        Ok(())
    }
}
