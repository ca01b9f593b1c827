//! Conditions that at least one span of every wanted trace satisfies: what a store can skip traces by.

use crate::ast::{Attribute, BinaryOp, FieldExpr, Intrinsic, Pipeline, SpansetOp, Stage};
use crate::value::Value;
use model::traces::{AttrValue, SpanHint};

/// Hints of a pipeline: those of every filter that has to let a span through.
pub(crate) fn hints(pipeline: &Pipeline) -> Vec<SpanHint> {
    let mut out = Vec::new();
    pipeline.stages.iter().for_each(|stage| of_stage(stage, &mut out));
    out
}

/// Whether the hints of a pipeline are all for one span: filters behind each other narrow the same spans, operators
/// between sets of spans bring together different ones.
pub(crate) fn same_span(pipeline: &Pipeline) -> bool {
    pipeline.stages.iter().all(|stage| match stage {
        Stage::Combine(..) => false,
        Stage::Nested(inner) => same_span(inner),
        _ => true,
    })
}

fn of_stage(stage: &Stage, out: &mut Vec<SpanHint>) {
    match stage {
        Stage::Filter(field) => of_field(field, out),
        Stage::Combine(SpansetOp::Or, ..) => {}
        // The left side may match nothing at all.
        Stage::Combine(SpansetOp::NotRelated(_), _, right) => of_stage(right, out),
        Stage::Combine(_, left, right) => {
            of_stage(left, out);
            of_stage(right, out);
        }
        Stage::Nested(pipeline) => out.extend(hints(pipeline)),
        Stage::Scalar(..) | Stage::By(_) | Stage::Coalesce | Stage::Select(_) => {}
    }
}

fn of_field(field: &FieldExpr, out: &mut Vec<SpanHint>) {
    match field {
        FieldExpr::Binary(BinaryOp::And, left, right) => {
            of_field(left, out);
            of_field(right, out);
        }
        FieldExpr::Binary(op, left, right) => match (&**left, &**right) {
            (FieldExpr::Attribute(attribute), FieldExpr::Literal(value)) => {
                out.extend(of_condition(attribute, *op, value));
            }
            (FieldExpr::Literal(value), FieldExpr::Attribute(attribute)) => {
                out.extend(of_condition(attribute, op.swapped(), value));
            }
            _ => {}
        },
        _ => {}
    }
}

fn of_condition(attribute: &Attribute, op: BinaryOp, value: &Value) -> Option<SpanHint> {
    match (attribute.intrinsic, op, value) {
        (Some(Intrinsic::Name), BinaryOp::Equal, Value::Str(name)) => Some(SpanHint::Name(name.to_string())),
        (Some(Intrinsic::Status), BinaryOp::Equal, Value::Status(status)) => Some(SpanHint::Status(*status)),
        (Some(Intrinsic::Kind), BinaryOp::Equal, Value::Kind(kind)) => Some(SpanHint::Kind(*kind)),
        (
            Some(Intrinsic::Duration),
            BinaryOp::Greater | BinaryOp::GreaterEqual,
            Value::Duration(nanos) | Value::Int(nanos),
        ) => Some(SpanHint::DurationAtLeast(*nanos)),
        (None, BinaryOp::Equal, Value::Str(name)) if attribute.is_service_name() && !name.is_empty() => {
            Some(SpanHint::ServiceName(name.to_string()))
        }
        (None, BinaryOp::Equal, _) if !attribute.is_service_name() => {
            let value = match value {
                Value::Str(text) => AttrValue::Str(text.clone()),
                Value::Int(number) => AttrValue::Int(*number),
                Value::Float(number) => AttrValue::Double(*number),
                Value::Bool(flag) => AttrValue::Bool(*flag),
                _ => return None,
            };
            Some(SpanHint::Attribute {
                scope: attribute.scope.to_model(),
                name: attribute.name.clone(),
                value,
            })
        }
        _ => None,
    }
}
