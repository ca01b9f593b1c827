//! Field expressions over one span.

use super::view::TraceView;
use crate::ast::BinaryOp;
use crate::plan::{Code, Condition, Plan};
use crate::value::Value;
use std::cmp::Ordering;

/// Whether a condition accepts a value. On attributes number types are strict: an integer never meets a float.
pub(crate) fn accepts(condition: &Condition, value: &Value, strict: bool) -> bool {
    if let Some(regex) = &condition.regex {
        let Value::Str(text) = value else { return false };
        return regex.is_match(text) == (condition.op == BinaryOp::Regex);
    }
    let same_type = std::mem::discriminant(value) == std::mem::discriminant(&condition.value)
        || matches!((value, &condition.value), (Value::Int(_), Value::Duration(_)));
    if strict && !same_type {
        return false;
    }
    compare(condition.op, value, &condition.value)
}

fn holds(op: BinaryOp, ordering: Option<Ordering>) -> bool {
    let Some(ordering) = ordering else { return false };
    match op {
        BinaryOp::Equal => ordering.is_eq(),
        BinaryOp::NotEqual => ordering.is_ne(),
        BinaryOp::Greater => ordering.is_gt(),
        BinaryOp::GreaterEqual => ordering.is_ge(),
        BinaryOp::Less => ordering.is_lt(),
        BinaryOp::LessEqual => ordering.is_le(),
        _ => false,
    }
}

/// Compares two values; an array matches when one of its elements does, and for `!=` when none is equal.
pub(crate) fn compare(op: BinaryOp, left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(_), Value::Array(_)) => holds(op, left.compare(right)),
        (Value::Array(values), _) if op == BinaryOp::NotEqual => {
            !values.iter().any(|value| compare(BinaryOp::Equal, value, right))
        }
        (Value::Array(values), _) => values.iter().any(|value| compare(op, value, right)),
        (_, Value::Array(_)) => compare(op.swapped(), right, left),
        _ => holds(op, left.compare(right)),
    }
}

/// Two integers stay integers (division truncates); a duration by a number stays a duration; the rest is a float.
pub(crate) fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Value {
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        let result = match op {
            BinaryOp::Add => a.checked_add(*b),
            BinaryOp::Sub => a.checked_sub(*b),
            BinaryOp::Mul => a.checked_mul(*b),
            BinaryOp::Div => a.checked_div(*b),
            BinaryOp::Mod => a.checked_rem(*b),
            BinaryOp::Pow => u32::try_from(*b).ok().and_then(|b| a.checked_pow(b)),
            _ => None,
        };
        return result.map_or(Value::Nil, Value::Int);
    }
    let (Some(a), Some(b)) = (left.number(), right.number()) else { return Value::Nil };
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        _ => return Value::Nil,
    };
    let whole = |value: &Value| matches!(value, Value::Duration(_) | Value::Int(_));
    if (matches!(left, Value::Duration(_)) || matches!(right, Value::Duration(_)))
        && whole(left)
        && whole(right)
    {
        return Value::Duration(result as i64);
    }
    Value::Float(result)
}

pub(crate) fn execute(code: &Code, plan: &Plan, view: &TraceView<'_>, at: usize) -> Value {
    match code {
        Code::Literal(value) => value.clone(),
        Code::Attribute(want) => view.value(plan, *want, at),
        Code::Exists(inner, wanted) => Value::Bool(execute(inner, plan, view, at).is_nil() != *wanted),
        Code::Not(inner) => match execute(inner, plan, view, at) {
            Value::Bool(flag) => Value::Bool(!flag),
            _ => Value::Bool(false),
        },
        Code::Minus(inner) => match execute(inner, plan, view, at) {
            Value::Int(number) => Value::Int(number.wrapping_neg()),
            Value::Float(number) => Value::Float(-number),
            Value::Duration(nanos) => Value::Duration(nanos.wrapping_neg()),
            _ => Value::Nil,
        },
        Code::Match(inner, regex, negated) => {
            let matches = |value: &Value| matches!(value, Value::Str(text) if regex.is_match(text));
            Value::Bool(match execute(inner, plan, view, at) {
                Value::Array(values) => values.iter().any(matches) != *negated,
                value @ Value::Str(_) => matches(&value) != *negated,
                _ => false,
            })
        }
        Code::Binary(BinaryOp::And, left, right) => {
            Value::Bool(execute(left, plan, view, at).is_true() && execute(right, plan, view, at).is_true())
        }
        Code::Binary(BinaryOp::Or, left, right) => {
            Value::Bool(execute(left, plan, view, at).is_true() || execute(right, plan, view, at).is_true())
        }
        Code::Binary(op, left, right) => {
            let (left, right) = (execute(left, plan, view, at), execute(right, plan, view, at));
            if op.is_arithmetic() {
                arithmetic(*op, &left, &right)
            } else if left.is_nil() || right.is_nil() {
                Value::Bool(false)
            } else {
                Value::Bool(compare(*op, &left, &right))
            }
        }
    }
}
