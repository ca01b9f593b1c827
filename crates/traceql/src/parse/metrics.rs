//! Metrics functions, second stages and arithmetic on metrics.

use super::pipeline::{Node, arithmetic, constant};
use super::{Parsed, Parser};
use crate::ast::{BinaryOp, MetricsExpr, MetricsFn, Pipeline, SecondStage};
use crate::error::ParseError;
use crate::lex::Token;
use crate::value::Value;

/// Values that `compare` shows of each attribute when the query does not say.
const DEFAULT_COMPARE_TOP: i64 = 10;

impl Parser {
    /// `rate() by (x)` and its like, behind a pipeline; and a comparison behind that.
    pub(super) fn metrics_function(&mut self, pipeline: Pipeline) -> Parsed<MetricsExpr> {
        let Token::Identifier(name) = self.peek().clone() else { return Err(self.unexpected(None)) };
        let at = self.unexpected(None);
        self.bump();
        let known = [
            "rate",
            "count_over_time",
            "min_over_time",
            "max_over_time",
            "avg_over_time",
            "sum_over_time",
            "quantile_over_time",
            "histogram_over_time",
            "compare",
        ];
        if !known.contains(&name.as_str()) {
            return Err(at);
        }
        self.expect("(")?;
        let function = match name.as_str() {
            "rate" => MetricsFn::Rate,
            "count_over_time" => MetricsFn::CountOverTime,
            "min_over_time" => MetricsFn::MinOverTime(self.attribute()?),
            "max_over_time" => MetricsFn::MaxOverTime(self.attribute()?),
            "avg_over_time" => MetricsFn::AvgOverTime(self.attribute()?),
            "sum_over_time" => MetricsFn::SumOverTime(self.attribute()?),
            "histogram_over_time" => MetricsFn::HistogramOverTime(self.attribute()?),
            "quantile_over_time" => {
                let attribute = self.attribute()?;
                let mut quantiles = Vec::new();
                while self.accept(",") {
                    match self.literal()? {
                        Some(value @ (Value::Int(_) | Value::Float(_))) => quantiles.extend(value.number()),
                        _ => return Err(self.unexpected(None)),
                    }
                }
                if quantiles.is_empty() {
                    return Err(self.unexpected(Some(",")));
                }
                MetricsFn::QuantileOverTime(attribute, quantiles)
            }
            _ => self.compare()?,
        };
        self.expect(")")?;
        let by = if self.is_word("by") && !matches!(function, MetricsFn::Compare { .. }) {
            self.bump();
            self.attributes()?
        } else {
            Vec::new()
        };
        self.comparison(MetricsExpr::Function { pipeline, function, by })
    }

    fn compare(&mut self) -> Parsed<MetricsFn> {
        let filter = Box::new(self.filter()?);
        let mut numbers = Vec::new();
        while self.accept(",") {
            match self.literal()? {
                Some(Value::Int(number)) => numbers.push(number),
                _ => return Err(self.unexpected(Some("INTEGER"))),
            }
        }
        match numbers.as_slice() {
            [] => Ok(MetricsFn::Compare { filter, top: DEFAULT_COMPARE_TOP, start: 0, end: 0 }),
            [top] => Ok(MetricsFn::Compare { filter, top: *top, start: 0, end: 0 }),
            [top, start, end] => Ok(MetricsFn::Compare { filter, top: *top, start: *start, end: *end }),
            _ => Err(self.unexpected(None)),
        }
    }

    /// `topk(5)` or `bottomk(5)` behind a `|`, and a comparison behind that.
    pub(super) fn second_stage(&mut self, metrics: MetricsExpr) -> Parsed<MetricsExpr> {
        let top = self.is_word("topk");
        if !top && !self.is_word("bottomk") {
            return Err(self.unexpected(None));
        }
        self.bump();
        self.expect("(")?;
        let Token::Int(count) = *self.peek() else { return Err(self.unexpected(Some("INTEGER"))) };
        self.bump();
        self.expect(")")?;
        let stage = if top { SecondStage::TopK(count) } else { SecondStage::BottomK(count) };
        self.comparison(MetricsExpr::Second(Box::new(metrics), stage))
    }

    /// An optional `> 10` directly behind a metrics stage.
    fn comparison(&mut self, metrics: MetricsExpr) -> Parsed<MetricsExpr> {
        let Token::Symbol(symbol) = *self.peek() else { return Ok(metrics) };
        let Some(op) = BinaryOp::from_symbol(symbol).filter(|op| op.is_comparison()) else {
            // Arithmetic on metrics needs parentheses around each side.
            return if BinaryOp::from_symbol(symbol).is_some() {
                Err(self.unexpected(None))
            } else {
                Ok(metrics)
            };
        };
        if matches!(op, BinaryOp::Regex | BinaryOp::NotRegex) {
            return Err(self.unexpected(None));
        }
        self.bump();
        let number = self.constant_sum()?;
        Ok(MetricsExpr::Second(Box::new(metrics), SecondStage::Filter(op, number)))
    }

    fn constant_sum(&mut self) -> Parsed<f64> {
        let mut sum = self.constant_product()?;
        while self.is("+") || self.is("-") {
            let minus = self.bump() == Token::Symbol("-");
            let next = self.constant_product()?;
            sum = if minus { sum - next } else { sum + next };
        }
        Ok(sum)
    }

    fn constant_product(&mut self) -> Parsed<f64> {
        let mut product = self.constant_operand()?;
        while self.is("*") || self.is("/") {
            let by = self.bump() == Token::Symbol("/");
            let next = self.constant_operand()?;
            product = if by { product / next } else { product * next };
        }
        Ok(product)
    }

    fn constant_operand(&mut self) -> Parsed<f64> {
        if self.accept("(") {
            let inner = self.nested(Self::constant_sum)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let at = self.unexpected(None);
        match self.literal()? {
            Some(value @ (Value::Int(_) | Value::Float(_))) => value.number().ok_or(at),
            _ => Err(at),
        }
    }
}

/// An operator with metrics on at least one side and a constant or metrics on the other.
pub(super) fn combine(op: BinaryOp, left: Node, right: Node, at: ParseError) -> Parsed<Node> {
    let side = |node: Node| match node {
        Node::Metrics(metrics) => Some(metrics),
        Node::Scalar(scalar) => constant(&scalar).map(MetricsExpr::Number),
        Node::Spans(_) | Node::Pipeline(_) => None,
    };
    let (Some(left), Some(right)) = (side(left), side(right)) else { return Err(at) };
    if arithmetic(op, 1.0, 1.0).is_some() {
        return Ok(Node::Metrics(MetricsExpr::Binary(op, Box::new(left), Box::new(right))));
    }
    let compares = op.is_comparison() && !matches!(op, BinaryOp::Regex | BinaryOp::NotRegex);
    match right {
        MetricsExpr::Number(number) if compares => {
            Ok(Node::Metrics(MetricsExpr::Second(Box::new(left), SecondStage::Filter(op, number))))
        }
        _ => Err(at),
    }
}
