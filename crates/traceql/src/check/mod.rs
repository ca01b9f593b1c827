//! Types and limits of a query that parses. What Tempo calls unsupported is refused here, with a message.

use crate::ast::{Aggregate, Intrinsic};
use crate::ast::{
    Attribute, BinaryOp, Expr, FieldExpr, MetricsExpr, MetricsFn, Pipeline, Root, ScalarExpr, SecondStage,
    Stage, UnaryOp,
};
use crate::error::CheckError;
use crate::value::{Type, Value};
use regex::Regex;

/// Attributes in one `by(...)` of a metrics function.
const MAX_GROUPS: usize = 5;

/// Checks types, regular expressions and limits.
///
/// # Errors
/// [`CheckError`] with the expression as it was understood; [`CheckError::is_unsupported`] tells the rest apart.
pub fn check(expr: &Expr) -> Result<(), CheckError> {
    match &expr.root {
        Root::Search(pipeline) => pipeline_check(pipeline),
        Root::Metrics(metrics) => metrics_check(metrics, false),
    }
}

fn pipeline_check(pipeline: &Pipeline) -> Result<(), CheckError> {
    pipeline.stages.iter().try_for_each(stage_check)
}

fn stage_check(stage: &Stage) -> Result<(), CheckError> {
    match stage {
        Stage::Filter(field) => match field_type(field)? {
            Type::Bool | Type::Attribute => Ok(()),
            _ => Err(CheckError::NotBoolean(stage.to_string())),
        },
        Stage::Combine(_, left, right) => {
            stage_check(left)?;
            stage_check(right)
        }
        Stage::Nested(pipeline) => pipeline_check(pipeline),
        Stage::By(field) => {
            field_type(field)?;
            if field.references_span() {
                Ok(())
            } else {
                Err(CheckError::GroupWithoutSpan(stage.to_string()))
            }
        }
        Stage::Coalesce => Ok(()),
        Stage::Select(attributes) => attributes.iter().try_for_each(attribute_check),
        Stage::Scalar(_, left, right) => {
            scalar_check(left)?;
            scalar_check(right)?;
            let simple = matches!(left, ScalarExpr::Aggregate(..)) && is_constant(right);
            if simple { Ok(()) } else { Err(CheckError::Unsupported(format!("scalar filter {stage}"))) }
        }
    }
}

fn is_constant(scalar: &ScalarExpr) -> bool {
    match scalar {
        ScalarExpr::Literal(_) => true,
        ScalarExpr::Binary(_, left, right) => is_constant(left) && is_constant(right),
        ScalarExpr::Aggregate(..) | ScalarExpr::Pipeline(..) => false,
    }
}

fn scalar_check(scalar: &ScalarExpr) -> Result<(), CheckError> {
    match scalar {
        ScalarExpr::Literal(value) if value.type_of().is_number() => Ok(()),
        ScalarExpr::Literal(value) => Err(CheckError::ScalarNotNumber(value.to_string())),
        ScalarExpr::Aggregate(Aggregate::Count, _) | ScalarExpr::Aggregate(_, None) => Ok(()),
        ScalarExpr::Aggregate(_, Some(field)) => {
            if !field_type(field)?.is_number() {
                return Err(CheckError::NotNumber(scalar.to_string()));
            }
            if field.references_span() {
                Ok(())
            } else {
                Err(CheckError::AggregateWithoutSpan(scalar.to_string()))
            }
        }
        ScalarExpr::Binary(_, left, right) => {
            scalar_check(left)?;
            scalar_check(right)
        }
        ScalarExpr::Pipeline(pipeline, inner) => {
            pipeline_check(pipeline)?;
            scalar_check(inner)
        }
    }
}

fn metrics_check(metrics: &MetricsExpr, combined: bool) -> Result<(), CheckError> {
    match metrics {
        MetricsExpr::Number(_) => Ok(()),
        MetricsExpr::Function { pipeline, function, by } => {
            pipeline_check(pipeline)?;
            if let Some(attribute) = function.attribute() {
                attribute_check(attribute)?;
            }
            by.iter().try_for_each(attribute_check)?;
            if by.len() > MAX_GROUPS {
                return Err(CheckError::TooManyGroups { found: by.len(), limit: MAX_GROUPS });
            }
            match function {
                MetricsFn::Compare { .. } if combined => Err(CheckError::CompareCombined),
                MetricsFn::Compare { filter, top, .. } => {
                    if *top <= 0 {
                        return Err(CheckError::NoLimit);
                    }
                    stage_check(filter)
                }
                MetricsFn::QuantileOverTime(_, quantiles) => {
                    match quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
                        Some(quantile) => Err(CheckError::Quantile(*quantile)),
                        None => Ok(()),
                    }
                }
                _ => Ok(()),
            }
        }
        MetricsExpr::Second(inner, stage) => {
            metrics_check(inner, true)?;
            match stage {
                SecondStage::TopK(count) | SecondStage::BottomK(count) if *count <= 0 => {
                    Err(CheckError::NoLimit)
                }
                _ => Ok(()),
            }
        }
        MetricsExpr::Binary(_, left, right) => {
            metrics_check(left, true)?;
            metrics_check(right, true)
        }
    }
}

fn attribute_check(attribute: &Attribute) -> Result<(), CheckError> {
    if attribute.parent {
        return Err(CheckError::Unsupported("parent scope".to_owned()));
    }
    if attribute.intrinsic == Some(Intrinsic::Parent) {
        return Err(CheckError::Unsupported("intrinsic parent".to_owned()));
    }
    Ok(())
}

fn attribute_type(attribute: &Attribute) -> Type {
    match attribute.intrinsic {
        None | Some(Intrinsic::Parent) => Type::Attribute,
        Some(Intrinsic::Duration | Intrinsic::TraceDuration | Intrinsic::EventTimeSinceStart) => {
            Type::Duration
        }
        Some(Intrinsic::Status) => Type::Status,
        Some(Intrinsic::Kind) => Type::Kind,
        Some(
            Intrinsic::ChildCount
            | Intrinsic::NestedSetLeft
            | Intrinsic::NestedSetRight
            | Intrinsic::NestedSetParent,
        ) => Type::Int,
        Some(_) => Type::Str,
    }
}

/// The type of an expression, everything within it checked.
fn field_type(field: &FieldExpr) -> Result<Type, CheckError> {
    match field {
        FieldExpr::Literal(value) => Ok(value.type_of()),
        FieldExpr::Attribute(attribute) => {
            attribute_check(attribute)?;
            Ok(attribute_type(attribute))
        }
        FieldExpr::Unary(op, inner) => {
            let inner = field_type(inner)?;
            let fits = match op {
                UnaryOp::Not => matches!(inner, Type::Bool | Type::Attribute),
                UnaryOp::Minus => inner.is_number(),
            };
            if fits { Ok(inner) } else { Err(CheckError::IllegalUnary(field.to_string())) }
        }
        FieldExpr::Binary(op, left, right) => binary_type(field, *op, left, right),
    }
}

fn binary_type(
    field: &FieldExpr,
    op: BinaryOp,
    left: &FieldExpr,
    right: &FieldExpr,
) -> Result<Type, CheckError> {
    let (left_type, right_type) = (field_type(left)?, field_type(right)?);
    if !left_type.matches(right_type) {
        return Err(CheckError::OperandTypes(field.to_string()));
    }
    if !left_type.allows(op) || !right_type.allows(op) {
        return Err(CheckError::IllegalOperation(field.to_string()));
    }
    if op == BinaryOp::Equal {
        for (one, other) in [(left, right_type), (right, left_type)] {
            if let (FieldExpr::Attribute(attribute), Type::Nil) = (one, other)
                && (attribute.intrinsic.is_some() || attribute.is_service_name())
            {
                return Err(CheckError::NeverNil(attribute.to_string()));
            }
        }
    }
    if matches!(op, BinaryOp::Regex | BinaryOp::NotRegex)
        && let FieldExpr::Literal(Value::Str(pattern)) = right
    {
        compile(pattern)?;
    }
    if op.is_arithmetic() {
        let both = (left_type, right_type);
        return Ok(match both {
            (Type::Attribute, _) | (_, Type::Attribute) => Type::Attribute,
            (Type::Int, Type::Int) => Type::Int,
            (Type::Duration, _) | (_, Type::Duration) => Type::Duration,
            _ => Type::Float,
        });
    }
    Ok(Type::Bool)
}

/// A regular expression of the language: anchored at both ends.
pub(crate) fn compile(pattern: &str) -> Result<Regex, CheckError> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|_| CheckError::Regex(format!("`{pattern}`")))
}

#[cfg(test)]
mod tests;
