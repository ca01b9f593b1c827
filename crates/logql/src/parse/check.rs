//! Rules about whole expressions, with the words that Loki has for them.

use super::metric::make_binary;
use crate::ParseError;
use crate::ast::{
    BinaryOp, Expr, Grouping, LogExpr, Matching, MetricExpr, RangeAggregation, RangeOp, Stage, VectorOp,
};
use crate::{pipeline, units};
use model::{Matcher, MatcherError};

/// Checks every selector and compiles every stage once, so that a broken pattern is an error of the query.
pub(super) fn check(expr: &Expr) -> Result<(), ParseError> {
    match expr {
        Expr::Log(log) => check_log(log),
        Expr::Metric(metric) => metric.ranges().into_iter().try_for_each(|range| {
            check_log(&range.log)?;
            let filters = range.unwrap.iter().flat_map(|unwrap| unwrap.filters.iter().cloned());
            let stages: Vec<_> = filters.map(Stage::LabelFilter).collect();
            pipeline::Pipeline::compile(&stages).map(|_| ())
        }),
    }
}

fn check_log(log: &LogExpr) -> Result<(), ParseError> {
    selective(&log.matchers)?;
    pipeline::Pipeline::compile(&log.stages).map(|_| ())
}

/// A selector must have a matcher that an absent label does not satisfy, or it would read everything.
pub(super) fn selective(matchers: &[Matcher]) -> Result<(), ParseError> {
    if matchers.iter().any(|matcher| !matcher.matches_empty()) {
        return Ok(());
    }
    Err(ParseError::whole(
        "queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will",
    ))
}

pub(super) fn compile_error(error: &MatcherError) -> ParseError {
    ParseError::whole(units::regex_error(&error.reason, &error.pattern))
}

pub(super) fn label_name(name: &str) -> Result<(), ParseError> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(());
    }
    Err(ParseError::whole(format!("invalid destination label name in label_replace(): {name}")))
}

pub(super) fn binary(
    op: BinaryOp,
    left: Expr,
    right: Expr,
    bool_modifier: bool,
    matching: Option<Matching>,
) -> Result<MetricExpr, ParseError> {
    let metric = |side: &str, expr: Expr| match expr {
        Expr::Metric(metric) => Ok(metric),
        Expr::Log(log) => {
            let kind = if log.stages.is_empty() { "*syntax.MatchersExpr" } else { "*syntax.PipelineExpr" };
            Err(ParseError::whole(format!(
                "unexpected type for {side} leg of binary operation ({}): {kind}",
                op.as_str()
            )))
        }
    };
    let left = metric("left", left)?;
    let right = metric("right", right)?;
    if op.is_set() {
        for (side, expr) in [("left", &left), ("right", &right)] {
            if let MetricExpr::Literal(value) = expr {
                return Err(ParseError::whole(format!(
                    "unexpected literal for {side} leg of logical/set binary operation ({}): {value:.6}",
                    op.as_str()
                )));
            }
        }
        if matching.as_ref().is_some_and(|matching| matching.card != crate::ast::Card::OneToOne) {
            return Err(ParseError::whole(format!(
                "no grouping allowed for set operation ({})",
                op.as_str()
            )));
        }
    }
    if bool_modifier && !matches!(op, BinaryOp::Compare(_)) {
        return Err(ParseError::whole(format!(
            "bool modifier can only be used on comparison operators, found {}",
            op.as_str()
        )));
    }
    Ok(make_binary(op, left, right, bool_modifier, matching))
}

pub(super) fn range_aggregation(aggregation: &RangeAggregation) -> Result<(), ParseError> {
    use RangeOp::*;
    let op = aggregation.op;
    let name = op.name();
    if aggregation.grouping.is_some()
        && !matches!(
            op,
            AvgOverTime
                | StddevOverTime
                | StdvarOverTime
                | QuantileOverTime
                | MaxOverTime
                | MinOverTime
                | FirstOverTime
                | LastOverTime
        )
    {
        return Err(ParseError::whole(format!("grouping not allowed for {name} aggregation")));
    }
    let unwrapped = aggregation.range.unwrap.is_some();
    let fits = match op {
        Rate | AbsentOverTime => true,
        CountOverTime | BytesRate | BytesOverTime => !unwrapped,
        _ => unwrapped,
    };
    if !fits {
        let with = if unwrapped { "with" } else { "without" };
        return Err(ParseError::whole(format!("invalid aggregation {name} {with} unwrap")));
    }
    match (op == QuantileOverTime, aggregation.parameter) {
        (true, None) => Err(ParseError::whole(format!("parameter required for operation {name}"))),
        (false, Some(value)) => Err(ParseError::whole(format!(
            "parameter {} not supported for operation {name}",
            crate::units::format_float(value)
        ))),
        _ => Ok(()),
    }
}

pub(super) fn vector_parameter(
    op: VectorOp,
    parameter: Option<f64>,
    grouping: Option<&Grouping>,
) -> Result<Option<i64>, ParseError> {
    let name = op.name();
    if matches!(op, VectorOp::Sort | VectorOp::SortDesc) && grouping.is_some() {
        return Err(ParseError::whole(format!("grouping not allowed for {name} aggregation")));
    }
    match (op.takes_parameter(), parameter) {
        (true, None) => Err(ParseError::whole(format!("parameter required for operation {name}"))),
        (true, Some(value)) if value.fract() != 0.0 || value.abs() > 1e9 => {
            Err(ParseError::whole(format!("invalid parameter {name}({value}, a whole number is required")))
        }
        (true, Some(value)) if value <= 0.0 => {
            Err(ParseError::whole(format!("invalid parameter (must be greater than 0) {name}({value}")))
        }
        (true, Some(value)) => Ok(Some(value as i64)),
        (false, Some(value)) => {
            Err(ParseError::whole(format!("unsupported parameter for operation {name}({value},")))
        }
        (false, None) => Ok(None),
    }
}
