//! Between scalars and vectors, and the times of the query.

use crate::ast::{Call, Node};
use crate::column::{Column, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use model::Labels;

/// The evaluation times in seconds.
pub(super) fn seconds(grid: &Grid) -> Vec<f64> {
    grid.times().map(|t| t as f64 / 1e3).collect()
}

/// The vector of one series without labels.
pub(super) fn vector_of(values: Vec<f64>) -> Vec<Column> {
    vec![Column::new(Labels::empty(), false, values)]
}

pub(super) fn time(evaluator: &mut Evaluator<'_>, _: &Call, grid: &Grid) -> Result<Out, EvalError> {
    evaluator.charge(grid.len)?;
    Ok(Out::Scalar(seconds(grid)))
}

/// The time of each sample. Only a selector knows it; of everything else the value is as old as the evaluation.
pub(super) fn timestamp(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let arg = call.args[0].unwrapped();
    let mut columns = if let Node::Vector(selector) = &arg.node {
        evaluator.select_instant(selector, grid, true)?
    } else {
        let mut columns = evaluator.vector(arg, grid)?;
        let times = seconds(grid);
        for column in &mut columns {
            for (value, time) in column.values.iter_mut().zip(&times).filter(|(value, _)| present(**value)) {
                *value = *time;
            }
        }
        columns
    };
    columns.iter_mut().for_each(|column| column.drop_name = true);
    Ok(Out::Vector(columns))
}

/// The value where there is exactly one, else NaN.
pub(super) fn scalar(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let columns = evaluator.vector(&call.args[0], grid)?;
    evaluator.charge(grid.len)?;
    let mut values = vec![f64::NAN; grid.len];
    let mut counts = vec![0_usize; grid.len];
    for column in &columns {
        for (step, found) in column.values.iter().enumerate().filter(|(_, found)| present(**found)) {
            counts[step] += 1;
            values[step] = if counts[step] == 1 { *found } else { f64::NAN };
        }
    }
    Ok(Out::Scalar(values))
}

pub(super) fn vector(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    Ok(Out::Vector(vector_of(evaluator.scalar(&call.args[0], grid)?)))
}

fn constant(evaluator: &mut Evaluator<'_>, grid: &Grid, millis: i64) -> Result<Out, EvalError> {
    evaluator.charge(grid.len)?;
    Ok(Out::Scalar(vec![millis as f64 / 1e3; grid.len]))
}

pub(super) fn start(evaluator: &mut Evaluator<'_>, _: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let (start, ..) = evaluator.query_times();
    constant(evaluator, grid, start)
}

pub(super) fn end(evaluator: &mut Evaluator<'_>, _: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let (_, end, _) = evaluator.query_times();
    constant(evaluator, grid, end)
}

pub(super) fn range(evaluator: &mut Evaluator<'_>, _: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let (start, end, _) = evaluator.query_times();
    constant(evaluator, grid, end - start)
}

pub(super) fn step(evaluator: &mut Evaluator<'_>, _: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let (.., step) = evaluator.query_times();
    constant(evaluator, grid, step)
}
