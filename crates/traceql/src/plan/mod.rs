//! What a query has to know of every span: the attributes it names and the conditions on them.
//!
//! Tempo reads an attribute's column with the query's own conditions, so that a value which no condition accepts is
//! as good as absent, and only then evaluates the expression. Both steps are repeated here, because the difference
//! shows: number types are strict in the first step only, and results list the accepted values.

mod hints;

pub(crate) use hints::{hints, same_span};

use crate::ast::{
    Attribute, BinaryOp, Expr, FieldExpr, Intrinsic, MetricsExpr, MetricsFn, Pipeline, Root, ScalarExpr,
    Stage, UnaryOp,
};
use crate::check::compile;
use crate::error::CheckError;
use crate::value::Value;
use regex::Regex;

/// A comparison of an attribute with a literal.
#[derive(Debug)]
pub(crate) struct Condition {
    pub op: BinaryOp,
    pub value: Value,
    pub regex: Option<Regex>,
}

#[derive(Debug)]
pub(crate) struct Want {
    pub attribute: Attribute,
    pub conditions: Vec<Condition>,
    /// Used in some way that is no condition: every value counts.
    pub everything: bool,
    /// Compared with nil for being absent.
    pub absence: bool,
}

/// An expression whose attributes are numbers into the plan's wants.
#[derive(Debug)]
pub(crate) enum Code {
    Literal(Value),
    Attribute(usize),
    Exists(Box<Code>, bool),
    Not(Box<Code>),
    Minus(Box<Code>),
    Match(Box<Code>, Regex, bool),
    Binary(BinaryOp, Box<Code>, Box<Code>),
}

#[derive(Debug)]
pub(crate) enum Step {
    Filter(Code),
    Combine(crate::ast::SpansetOp, Box<Step>, Box<Step>),
    Nested(Vec<Step>),
    Scalar {
        name: String,
        aggregate: crate::ast::Aggregate,
        field: Option<Code>,
        op: BinaryOp,
        value: Value,
    },
    By(String, Code),
    Coalesce,
    /// Only adds wants.
    Nothing,
}

#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub wants: Vec<Want>,
    /// One filter of conditions joined by `&&`: then one event (or link) has to satisfy all of its conditions at once.
    pub joint: bool,
}

impl Plan {
    pub(crate) fn want(&mut self, attribute: &Attribute) -> usize {
        match self.wants.iter().position(|want| want.attribute == *attribute) {
            Some(at) => at,
            None => {
                self.wants.push(Want {
                    attribute: attribute.clone(),
                    conditions: Vec::new(),
                    everything: false,
                    absence: false,
                });
                self.wants.len() - 1
            }
        }
    }

    pub(crate) fn want_everything(&mut self, attribute: &Attribute) -> usize {
        let at = self.want(attribute);
        self.wants[at].everything = true;
        at
    }

    pub(crate) fn steps(&mut self, pipeline: &Pipeline) -> Result<Vec<Step>, CheckError> {
        pipeline.stages.iter().map(|stage| self.step(stage)).collect()
    }

    pub(crate) fn step(&mut self, stage: &Stage) -> Result<Step, CheckError> {
        Ok(match stage {
            Stage::Filter(field) => Step::Filter(self.code(field)?),
            Stage::Combine(op, left, right) => {
                Step::Combine(*op, Box::new(self.step(left)?), Box::new(self.step(right)?))
            }
            Stage::Nested(pipeline) => Step::Nested(self.steps(pipeline)?),
            Stage::By(field) => Step::By(stage.to_string(), self.code(field)?),
            Stage::Coalesce => Step::Coalesce,
            Stage::Select(attributes) => {
                for attribute in attributes {
                    self.want_everything(attribute);
                }
                Step::Nothing
            }
            Stage::Scalar(op, left, right) => {
                let unsupported = || CheckError::Unsupported(format!("scalar filter {stage}"));
                let ScalarExpr::Aggregate(aggregate, field) = left else { return Err(unsupported()) };
                let field = field.as_ref().map(|field| self.code(field)).transpose()?;
                let value = constant(right).ok_or_else(unsupported)?;
                Step::Scalar { name: left.to_string(), aggregate: *aggregate, field, op: *op, value }
            }
        })
    }

    fn code(&mut self, field: &FieldExpr) -> Result<Code, CheckError> {
        Ok(match field {
            FieldExpr::Literal(value) => Code::Literal(value.clone()),
            FieldExpr::Attribute(attribute) => Code::Attribute(self.want_everything(attribute)),
            FieldExpr::Unary(UnaryOp::Not, inner) => Code::Not(Box::new(self.code(inner)?)),
            FieldExpr::Unary(UnaryOp::Minus, inner) => Code::Minus(Box::new(self.code(inner)?)),
            FieldExpr::Binary(op, left, right) => self.binary(*op, left, right)?,
        })
    }

    fn binary(&mut self, op: BinaryOp, left: &FieldExpr, right: &FieldExpr) -> Result<Code, CheckError> {
        let nil = |side: &FieldExpr| matches!(side, FieldExpr::Literal(Value::Nil));
        if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) && (nil(left) || nil(right)) {
            let other = if nil(right) { left } else { right };
            if let (FieldExpr::Attribute(attribute), BinaryOp::Equal) = (other, op) {
                let at = self.want(attribute);
                self.wants[at].absence = true;
            }
            return Ok(Code::Exists(Box::new(self.code(other)?), op == BinaryOp::NotEqual));
        }
        let regex = match (op, right) {
            (BinaryOp::Regex | BinaryOp::NotRegex, FieldExpr::Literal(Value::Str(pattern))) => {
                Some(compile(pattern)?)
            }
            _ => None,
        };
        let (left_code, right_code) = match (left, right) {
            (FieldExpr::Attribute(attribute), FieldExpr::Literal(value)) if op.is_comparison() => {
                let value = operand(attribute, value);
                let at =
                    self.condition(attribute, Condition { op, value: value.clone(), regex: regex.clone() });
                (Code::Attribute(at), Code::Literal(value))
            }
            (FieldExpr::Literal(value), FieldExpr::Attribute(attribute))
                if op.is_comparison() && regex.is_none() =>
            {
                let value = operand(attribute, value);
                let condition = Condition { op: op.swapped(), value: value.clone(), regex: None };
                let at = self.condition(attribute, condition);
                (Code::Literal(value), Code::Attribute(at))
            }
            _ => (self.code(left)?, self.code(right)?),
        };
        if let Some(regex) = regex {
            return Ok(Code::Match(Box::new(left_code), regex, op == BinaryOp::NotRegex));
        }
        Ok(Code::Binary(op, Box::new(left_code), Box::new(right_code)))
    }

    fn condition(&mut self, attribute: &Attribute, condition: Condition) -> usize {
        let at = self.want(attribute);
        self.wants[at].conditions.push(condition);
        at
    }
}

/// Trace ids are shown without leading zeros, so they are compared so, too.
fn operand(attribute: &Attribute, value: &Value) -> Value {
    match (attribute.intrinsic, value) {
        (Some(Intrinsic::TraceId), Value::Str(text)) => Value::str(text.trim_start_matches('0')),
        _ => value.clone(),
    }
}

fn constant(scalar: &ScalarExpr) -> Option<Value> {
    match scalar {
        ScalarExpr::Literal(value) => Some(value.clone()),
        ScalarExpr::Binary(op, left, right) => {
            Some(crate::eval::arithmetic(*op, &constant(left)?, &constant(right)?))
        }
        ScalarExpr::Aggregate(..) | ScalarExpr::Pipeline(..) => None,
    }
}

/// Plans the pipeline that a search runs: its own, or that of the first metrics function.
pub(crate) fn search_plan(expr: &Expr) -> Result<(Plan, Vec<Step>), CheckError> {
    let pipelines = expr.pipelines();
    let Some(pipeline) = pipelines.first() else { return Ok((Plan::default(), Vec::new())) };
    pipeline_plan(pipeline)
}

pub(crate) fn pipeline_plan(pipeline: &Pipeline) -> Result<(Plan, Vec<Step>), CheckError> {
    let mut plan = Plan::default();
    let steps = plan.steps(pipeline)?;
    plan.joint = is_joint(pipeline);
    Ok((plan, steps))
}

fn is_joint(pipeline: &Pipeline) -> bool {
    fn only_and(field: &FieldExpr) -> bool {
        match field {
            FieldExpr::Binary(BinaryOp::And, left, right) => only_and(left) && only_and(right),
            FieldExpr::Binary(BinaryOp::Or, ..) | FieldExpr::Unary(UnaryOp::Not, _) => false,
            _ => true,
        }
    }
    let filters = pipeline.stages.iter().filter(|stage| matches!(stage, Stage::Filter(_))).count();
    let combined = pipeline.stages.iter().any(|stage| matches!(stage, Stage::Combine(..) | Stage::Nested(_)));
    filters == 1
        && !combined
        && matches!(pipeline.stages.first(), Some(Stage::Filter(field)) if only_and(field))
}

/// All functions of a metrics expression, in the order in which they are written.
pub(crate) fn functions(metrics: &MetricsExpr) -> Vec<(&Pipeline, &MetricsFn, &[Attribute])> {
    match metrics {
        MetricsExpr::Function { pipeline, function, by } => vec![(pipeline, function, by.as_slice())],
        MetricsExpr::Second(inner, _) => functions(inner),
        MetricsExpr::Binary(_, left, right) => {
            let mut all = functions(left);
            all.extend(functions(right));
            all
        }
        MetricsExpr::Number(_) => Vec::new(),
    }
}

/// The metrics expression of a query, if it is one.
pub(crate) fn metrics_of(expr: &Expr) -> Option<&MetricsExpr> {
    match &expr.root {
        Root::Metrics(metrics) => Some(metrics),
        Root::Search(_) => None,
    }
}
