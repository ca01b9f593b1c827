//! Walks the tree. Every node gives a value for each time of a grid: a scalar, a text, or columns.

use crate::annotate::Notes;
use crate::ast::{At, Expr, Node, Text};
use crate::column::{Column, present};
use crate::engine::{Interrupt, Limits};
use crate::error::EvalError;
use crate::functions::Body;
use crate::grid::Grid;
use crate::value::{Answer, Value};
use crate::{aggregate, binary, functions};
use model::clock::Millis;
use model::metrics::MetricQuerier;

/// The value of a node.
pub(crate) enum Out {
    /// One number per step.
    Scalar(Vec<f64>),
    Text(Text),
    Vector(Vec<Column>),
}

/// After how many touched samples the caller is asked again whether to go on.
const WORK_BETWEEN_CHECKS: usize = 1 << 18;

pub(crate) struct Evaluator<'a> {
    pub store: &'a dyn MetricQuerier,
    pub limits: Limits,
    pub notes: Notes,
    interrupt: &'a dyn Interrupt,
    /// The query's own first and last time, for `@ start()` and `@ end()`, and its step.
    query: Grid,
    query_end: Millis,
    is_range: bool,
    /// Samples read and values computed so far.
    charged: usize,
    /// Samples touched since the caller was last asked.
    work: usize,
}

impl<'a> Evaluator<'a> {
    pub fn new(
        store: &'a dyn MetricQuerier,
        interrupt: &'a dyn Interrupt,
        limits: Limits,
        query: Grid,
    ) -> Self {
        Self {
            store,
            limits,
            notes: Notes::default(),
            interrupt,
            query,
            query_end: query.end(),
            is_range: false,
            charged: 0,
            work: 0,
        }
    }

    /// The end that was asked for; the last step may come before it.
    pub fn ends_at(&mut self, end: Millis) {
        self.query_end = end;
    }

    pub fn range_query(&mut self) {
        self.is_range = true;
    }

    pub fn is_range(&self) -> bool {
        self.is_range
    }

    /// Start, end and step of the query in milliseconds; an instant query has a step of 0.
    pub fn query_times(&self) -> (Millis, Millis, Millis) {
        (self.query.start, self.query_end, if self.is_range { self.query.step } else { 0 })
    }

    pub fn answer(self, value: Value) -> Answer {
        let (warnings, infos) = self.notes.into_parts();
        Answer { value, warnings, infos }
    }

    /// Counts samples or values against the limit and asks the caller whether to go on.
    pub fn charge(&mut self, count: usize) -> Result<(), EvalError> {
        self.charged = self.charged.saturating_add(count);
        if self.charged > self.limits.max_samples {
            return Err(EvalError::TooManySamples { limit: self.limits.max_samples });
        }
        self.work(count + 64)
    }

    /// Counts touched samples and now and then asks the caller whether to go on.
    pub fn work(&mut self, count: usize) -> Result<(), EvalError> {
        self.work += count;
        if self.work >= WORK_BETWEEN_CHECKS {
            self.work = 0;
            if self.interrupt.interrupted() {
                return Err(EvalError::Interrupted);
            }
        }
        Ok(())
    }

    pub fn resolve(&self, at: Option<At>) -> Option<Millis> {
        at.map(|at| match at {
            At::Start => self.query.start,
            At::End => self.query_end,
            At::Time(t) => t,
        })
    }

    pub fn eval(&mut self, expr: &Expr, grid: &Grid) -> Result<Out, EvalError> {
        if grid.len > 1 && is_step_invariant(expr) {
            return self.eval_once(expr, grid);
        }
        match &expr.node {
            Node::Number(value) => {
                self.charge(grid.len)?;
                Ok(Out::Scalar(vec![*value; grid.len]))
            }
            Node::Text(text) => Ok(Out::Text(text.clone())),
            Node::Paren(inner) => self.eval(inner, grid),
            Node::Negate(inner) => self.negate(inner, grid),
            Node::Vector(selector) => Ok(Out::Vector(self.select_instant(selector, grid, false)?)),
            Node::Matrix(..) | Node::Subquery(_) => {
                Err(EvalError::Execution(format!("a range vector has no value of its own: {expr}")))
            }
            Node::Call(call) => functions::call(self, expr, call, grid),
            Node::Aggregate(aggregate) => aggregate::eval(self, expr, aggregate, grid).map(Out::Vector),
            Node::Binary(binary) => binary::eval(self, binary, grid),
        }
    }

    /// Evaluates what is the same at every step at the first one, and repeats it.
    fn eval_once(&mut self, expr: &Expr, grid: &Grid) -> Result<Out, EvalError> {
        let once = Grid { len: 1, ..*grid };
        Ok(match self.eval(expr, &once)? {
            Out::Scalar(values) => {
                self.charge(grid.len)?;
                Out::Scalar(vec![values[0]; grid.len])
            }
            Out::Vector(mut columns) => {
                columns.retain(|column| present(column.values[0]));
                for column in &mut columns {
                    self.charge(grid.len)?;
                    column.values = vec![column.values[0]; grid.len];
                }
                Out::Vector(columns)
            }
            text @ Out::Text(_) => text,
        })
    }

    fn negate(&mut self, inner: &Expr, grid: &Grid) -> Result<Out, EvalError> {
        Ok(match self.eval(inner, grid)? {
            Out::Scalar(mut values) => {
                values.iter_mut().for_each(|value| *value = -*value);
                Out::Scalar(values)
            }
            Out::Vector(mut columns) => {
                for column in &mut columns {
                    column.drop_name = true;
                    for value in column.values.iter_mut().filter(|value| present(**value)) {
                        *value = -*value;
                    }
                }
                Out::Vector(columns)
            }
            text @ Out::Text(_) => text,
        })
    }

    /// Evaluates an expression that the parser found to be an instant vector.
    pub fn vector(&mut self, expr: &Expr, grid: &Grid) -> Result<Vec<Column>, EvalError> {
        match self.eval(expr, grid)? {
            Out::Vector(columns) => Ok(columns),
            _ => Err(EvalError::Execution(format!("expected an instant vector: {expr}"))),
        }
    }

    /// Evaluates an expression that the parser found to be a scalar.
    pub fn scalar(&mut self, expr: &Expr, grid: &Grid) -> Result<Vec<f64>, EvalError> {
        match self.eval(expr, grid)? {
            Out::Scalar(values) => Ok(values),
            _ => Err(EvalError::Execution(format!("expected a scalar: {expr}"))),
        }
    }

    /// The text of an expression that the parser found to be a string.
    pub fn text(&mut self, expr: &Expr) -> Result<Text, EvalError> {
        match &expr.unwrapped().node {
            Node::Text(text) => Ok(text.clone()),
            _ => Err(EvalError::Execution(format!("expected a string: {expr}"))),
        }
    }
}

/// Whether an expression has the same value at every step: all its selectors are pinned by `@`.
fn is_step_invariant(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) | Node::Text(_) => true,
        Node::Vector(selector) | Node::Matrix(selector, _) => selector.at.is_some(),
        Node::Subquery(subquery) => subquery.at.is_some(),
        Node::Call(call) if call.function.uses_time() => false,
        _ => expr.children().into_iter().all(is_step_invariant),
    }
}

impl functions::Function {
    /// Whether the value depends on the evaluation time even when all arguments are pinned.
    fn uses_time(&self) -> bool {
        self.time_dependent || matches!(self.body, Body::Calendar(_))
    }
}
