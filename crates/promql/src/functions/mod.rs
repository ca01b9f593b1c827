//! The functions: one family a file, all of them in [`ALL`].

mod absent;
mod calendar;
mod convert;
mod histogram;
mod info;
mod labels;
mod math;
mod over_time;
mod rate;
mod regression;
mod sort;
mod table;

use crate::ast::{Call, Expr, Type};
use crate::column::{ABSENT, Column, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use model::metrics::Sample;
use std::fmt;

pub(crate) use labels::is_label_name;
pub(crate) use table::ALL;

/// A function: its signature, and how it is computed.
pub(crate) struct Function {
    pub name: &'static str,
    /// Types of the arguments; the last one repeats when more are allowed.
    pub args: &'static [Type],
    /// How many of `args` may be left out.
    pub optional: usize,
    /// Whether the last argument may be repeated without end.
    pub repeats: bool,
    pub returns: Type,
    /// Whether the value depends on the evaluation time even when all arguments are pinned by `@`.
    pub time_dependent: bool,
    /// Upstream asks for a feature flag before it takes this one.
    pub experimental: bool,
    pub body: Body,
}

pub(crate) type Special = fn(&mut Evaluator<'_>, &Call, &Grid) -> Result<Out, EvalError>;

/// How a function is computed.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// A number from each number of a vector.
    Number(fn(f64) -> f64),
    /// As `Number`, of a time in seconds; the evaluation time without an argument.
    Calendar(fn(f64) -> f64),
    /// A number from each window of a range vector.
    Window(WindowBody),
    Special(Special),
}

/// A function of windows, with the scalar arguments around the range vector.
#[derive(Clone, Copy)]
pub(crate) struct WindowBody {
    pub keeps_name: bool,
    /// Gives `ABSENT` where the window says nothing. Called with at least one sample.
    pub apply: fn(&Window<'_>) -> f64,
}

/// One window of one series.
pub(crate) struct Window<'a> {
    pub samples: &'a [Sample],
    /// Evaluation time, milliseconds.
    pub t: i64,
    /// The scalar arguments at this step.
    pub params: &'a [f64],
}

impl Function {
    /// The smallest number of arguments and the largest, if there is one.
    pub fn arity(&self) -> (usize, Option<usize>) {
        let most = (!self.repeats).then_some(self.args.len());
        (self.args.len() - self.optional, most)
    }

    pub fn argument(&self, at: usize) -> Type {
        self.args[at.min(self.args.len() - 1)]
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|function| function.name == name)
}

/// The names of all functions, and whether upstream asks for a feature flag before it takes them; for the reference.
pub fn function_names() -> impl Iterator<Item = (&'static str, bool)> {
    ALL.iter().map(|function| (function.name, function.experimental))
}

pub(crate) fn call(
    evaluator: &mut Evaluator<'_>,
    expr: &Expr,
    call: &Call,
    grid: &Grid,
) -> Result<Out, EvalError> {
    match call.function.body {
        Body::Number(apply) => {
            let columns = evaluator.vector(&call.args[0], grid)?;
            Ok(Out::Vector(map(columns, apply)))
        }
        Body::Calendar(apply) => {
            let columns = match call.args.first() {
                Some(arg) => evaluator.vector(arg, grid)?,
                None => convert::vector_of(convert::seconds(grid)),
            };
            Ok(Out::Vector(map(columns, apply)))
        }
        Body::Window(body) => windows(evaluator, expr, call, body, grid).map(Out::Vector),
        Body::Special(apply) => apply(evaluator, call, grid),
    }
}

/// Applies `apply` to every value; the metric name goes, for the value is no longer that metric.
fn map(mut columns: Vec<Column>, apply: impl Fn(f64) -> f64) -> Vec<Column> {
    for column in &mut columns {
        column.drop_name = true;
        for value in column.values.iter_mut().filter(|value| present(**value)) {
            *value = apply(*value);
        }
    }
    columns
}

fn windows(
    evaluator: &mut Evaluator<'_>,
    expr: &Expr,
    call: &Call,
    body: WindowBody,
    grid: &Grid,
) -> Result<Vec<Column>, EvalError> {
    let mut params: Vec<Vec<f64>> = Vec::new();
    let mut range = None;
    for arg in &call.args {
        if arg.kind() == Type::Matrix {
            range = Some(arg);
        } else {
            params.push(evaluator.scalar(arg, grid)?);
        }
    }
    let range = range.ok_or_else(|| EvalError::Execution(format!("expected a range vector in {expr}")))?;
    let mut columns = Vec::new();
    let mut at_step = vec![0.0; params.len()];
    evaluator.each_window(range, grid, &mut |evaluator, source, samples, windows| {
        evaluator.charge(windows.len())?;
        let mut values = vec![ABSENT; windows.len()];
        let mut any = false;
        for (step, within) in windows.over(samples) {
            if within.is_empty() {
                continue;
            }
            evaluator.work(within.len())?;
            for (slot, param) in at_step.iter_mut().zip(&params) {
                *slot = param[step];
            }
            let window = Window { samples: &samples[within], t: windows.time(step), params: &at_step };
            values[step] = (body.apply)(&window);
            any |= present(values[step]);
        }
        if any {
            let drop_name = source.drop_name || !body.keeps_name;
            columns.push(Column::new(source.labels.clone(), drop_name, values));
        }
        Ok(())
    })?;
    Ok(columns)
}
