//! Binary operators: between numbers here, between vectors in `matching` (one to one, many to one) and `set`.

mod matching;
mod set;

use crate::ast::{Binary, BinaryOp};
use crate::column::{ABSENT, Column, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;

/// What an operator does with two numbers.
#[derive(Clone, Copy)]
pub(super) enum Apply {
    Number(fn(f64, f64) -> f64),
    /// Keeps the left value where it is true, or gives 1 and 0 with `bool`.
    Test(fn(f64, f64) -> bool),
}

impl Apply {
    fn of(op: BinaryOp) -> Self {
        match op {
            BinaryOp::Add => Self::Number(|a, b| a + b),
            BinaryOp::Subtract => Self::Number(|a, b| a - b),
            BinaryOp::Multiply => Self::Number(|a, b| a * b),
            BinaryOp::Divide => Self::Number(|a, b| a / b),
            BinaryOp::Modulo => Self::Number(|a, b| a % b),
            BinaryOp::Power => Self::Number(f64::powf),
            BinaryOp::Atan2 => Self::Number(f64::atan2),
            BinaryOp::Equal => Self::Test(|a, b| a == b),
            BinaryOp::NotEqual => Self::Test(|a, b| a != b),
            BinaryOp::Less => Self::Test(|a, b| a < b),
            BinaryOp::LessEqual => Self::Test(|a, b| a <= b),
            BinaryOp::Greater => Self::Test(|a, b| a > b),
            BinaryOp::GreaterEqual => Self::Test(|a, b| a >= b),
            // Set operators look at labels, not at values; see `set`.
            BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => Self::Number(|a, _| a),
        }
    }

    /// The value of `left op right`, with `kept` in place of the left value where a test keeps one.
    #[inline]
    fn value(self, left: f64, right: f64, kept: f64, return_bool: bool) -> f64 {
        match self {
            Self::Number(apply) => apply(left, right),
            Self::Test(test) if return_bool => f64::from(test(left, right)),
            Self::Test(test) => {
                if test(left, right) {
                    kept
                } else {
                    ABSENT
                }
            }
        }
    }
}

pub(crate) fn eval(evaluator: &mut Evaluator<'_>, binary: &Binary, grid: &Grid) -> Result<Out, EvalError> {
    let left = evaluator.eval(&binary.left, grid)?;
    let right = evaluator.eval(&binary.right, grid)?;
    let apply = Apply::of(binary.op);
    match (left, right) {
        (Out::Scalar(left), Out::Scalar(right)) => {
            let values =
                left.into_iter().zip(right).map(|(left, right)| apply.value(left, right, left, true));
            Ok(Out::Scalar(values.collect()))
        }
        (Out::Vector(columns), Out::Scalar(scalar)) => {
            Ok(Out::Vector(with_scalar(columns, &scalar, apply, binary.return_bool, false)))
        }
        (Out::Scalar(scalar), Out::Vector(columns)) => {
            Ok(Out::Vector(with_scalar(columns, &scalar, apply, binary.return_bool, true)))
        }
        (Out::Vector(left), Out::Vector(right)) => {
            evaluator.work((left.len() + right.len()) * grid.len)?;
            if binary.op.is_set() {
                return set::eval(binary, left, right, grid).map(Out::Vector);
            }
            evaluator.charge(left.len().max(right.len()) * grid.len)?;
            matching::eval(binary, apply, left, right, grid).map(Out::Vector)
        }
        _ => Err(EvalError::Execution("a string is no operand".to_owned())),
    }
}

/// `vector op scalar`, or with `swapped` the other way round. A comparison keeps the vector's value in either order.
fn with_scalar(
    mut columns: Vec<Column>,
    scalar: &[f64],
    apply: Apply,
    return_bool: bool,
    swapped: bool,
) -> Vec<Column> {
    let drops = return_bool || matches!(apply, Apply::Number(_));
    for column in &mut columns {
        column.drop_name |= drops;
        for (value, scalar) in column.values.iter_mut().zip(scalar) {
            if present(*value) {
                let (left, right) = if swapped { (*scalar, *value) } else { (*value, *scalar) };
                *value = apply.value(left, right, *value, return_bool);
            }
        }
    }
    columns.retain(Column::any_present);
    columns
}
