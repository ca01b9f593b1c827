//! Arithmetic that needs more than one number.

use super::map;
use crate::ast::Call;
use crate::column::{ABSENT, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use crate::num::{go_max, go_min};

/// -1, 0 or 1; NaN and both zeros as they are.
pub(super) fn sgn(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// Applies a function of a value and the step's scalars to a vector.
fn with_scalars<const N: usize>(
    evaluator: &mut Evaluator<'_>,
    call: &Call,
    grid: &Grid,
    apply: impl Fn(f64, [f64; N]) -> f64,
) -> Result<Out, EvalError> {
    let mut columns = evaluator.vector(&call.args[0], grid)?;
    let mut scalars = Vec::with_capacity(N);
    for arg in &call.args[1..] {
        scalars.push(evaluator.scalar(arg, grid)?);
    }
    for column in &mut columns {
        column.drop_name = true;
        for (step, value) in column.values.iter_mut().enumerate() {
            if present(*value) {
                *value = apply(*value, std::array::from_fn(|at| scalars[at][step]));
            }
        }
    }
    Ok(Out::Vector(columns))
}

/// Nothing when the bounds are the wrong way round.
pub(super) fn clamp(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    with_scalars(evaluator, call, grid, |value, [least, most]: [f64; 2]| {
        if most < least { ABSENT } else { go_max(least, go_min(most, value)) }
    })
}

pub(super) fn clamp_max(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    with_scalars(evaluator, call, grid, |value, [most]: [f64; 1]| go_min(most, value))
}

pub(super) fn clamp_min(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    with_scalars(evaluator, call, grid, |value, [least]: [f64; 1]| go_max(least, value))
}

/// Halves are rounded up. The inverse is multiplied, which is exact for steps such as 0.1 where dividing is not.
pub(super) fn round(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    if call.args.len() == 1 {
        let columns = evaluator.vector(&call.args[0], grid)?;
        return Ok(Out::Vector(map(columns, |value| (value + 0.5).floor())));
    }
    with_scalars(evaluator, call, grid, |value, [nearest]: [f64; 1]| {
        let inverse = 1.0 / nearest;
        (value * inverse + 0.5).floor() / inverse
    })
}

fn of_two(
    evaluator: &mut Evaluator<'_>,
    call: &Call,
    grid: &Grid,
    apply: fn(f64, f64) -> f64,
) -> Result<Out, EvalError> {
    let left = evaluator.scalar(&call.args[0], grid)?;
    let right = evaluator.scalar(&call.args[1], grid)?;
    Ok(Out::Scalar(left.into_iter().zip(right).map(|(left, right)| apply(left, right)).collect()))
}

pub(super) fn max_of(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    of_two(evaluator, call, grid, go_max)
}

pub(super) fn min_of(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    of_two(evaluator, call, grid, go_min)
}

pub(super) fn pi(evaluator: &mut Evaluator<'_>, _: &Call, grid: &Grid) -> Result<Out, EvalError> {
    evaluator.charge(grid.len)?;
    Ok(Out::Scalar(vec![std::f64::consts::PI; grid.len]))
}

/// Radians to degrees, in the order of operations that upstream has.
pub(super) fn deg(radians: f64) -> f64 {
    radians * 180.0 / std::f64::consts::PI
}

pub(super) fn rad(degrees: f64) -> f64 {
    degrees * std::f64::consts::PI / 180.0
}
