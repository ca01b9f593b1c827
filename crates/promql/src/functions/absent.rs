//! `absent` and `absent_over_time`: a series where there is none, labelled by what was looked for.

use crate::ast::{Call, Expr, Node};
use crate::column::{ABSENT, Column, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use model::labels::METRIC_NAME;
use model::{Labels, LabelsBuilder, MatchOp};

pub(super) fn absent(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let columns = evaluator.vector(&call.args[0], grid)?;
    let mut values = vec![1.0; grid.len];
    for column in &columns {
        for (value, _) in values.iter_mut().zip(&column.values).filter(|(_, found)| present(**found)) {
            *value = ABSENT;
        }
    }
    Ok(answer(&call.args[0], values))
}

pub(super) fn absent_over_time(
    evaluator: &mut Evaluator<'_>,
    call: &Call,
    grid: &Grid,
) -> Result<Out, EvalError> {
    let mut values = vec![1.0; grid.len];
    evaluator.each_window(&call.args[0], grid, &mut |_, _, samples, windows| {
        for (step, within) in windows.over(samples) {
            if !within.is_empty() {
                values[step] = ABSENT;
            }
        }
        Ok(())
    })?;
    Ok(answer(&call.args[0], values))
}

fn answer(arg: &Expr, values: Vec<f64>) -> Out {
    let column = Column::new(labels_of(arg), false, values);
    Out::Vector(if column.any_present() { vec![column] } else { Vec::new() })
}

/// The labels that a selector fixes: those with exactly one matcher, an equality.
fn labels_of(arg: &Expr) -> Labels {
    let (Node::Vector(selector) | Node::Matrix(selector, _)) = &arg.node else { return Labels::empty() };
    let mut builder = LabelsBuilder::default();
    for matcher in &selector.matchers {
        let alone = selector.matchers.iter().filter(|other| other.name == matcher.name).count() == 1;
        if matcher.name != METRIC_NAME && matcher.op == MatchOp::Equal && alone {
            builder.set(&matcher.name, &matcher.value);
        }
    }
    builder.build()
}
