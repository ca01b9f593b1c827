//! Sets of spans, scalars and pipelines. What a text is (spans, a scalar, metrics) shows only as it is read, so
//! operands are read as a [`Node`] and every operator says which nodes it takes.

use super::{Parsed, Parser};
use crate::ast::{Aggregate, BinaryOp, FieldExpr, MetricsExpr, Pipeline, Root, ScalarExpr, SpansetOp, Stage};
use crate::error::ParseError;
use crate::lex::Token;
use crate::value::Value;

pub(super) enum Node {
    /// Chooses spans and can be an operand of `&&`, `>>` and their like.
    Spans(Stage),
    /// A pipeline without parentheses: whole already, an operand of nothing.
    Pipeline(Pipeline),
    /// Ends in a number: `count()`, `({…} | count())`, `2`.
    Scalar(ScalarExpr),
    Metrics(MetricsExpr),
}

fn precedence(symbol: &str) -> Option<u8> {
    match symbol {
        "&&" | "||" => Some(1),
        "+" | "-" => Some(3),
        "*" | "/" | "%" => Some(4),
        "^" => Some(5),
        "=" | "=~" => Some(2),
        other if SpansetOp::from_symbol(other).is_some() || BinaryOp::from_symbol(other).is_some() => {
            (other != "!").then_some(2)
        }
        _ => None,
    }
}

impl Parser {
    /// A whole pipeline up to `)`, `with` or the end.
    pub(super) fn pipeline_node(&mut self) -> Parsed<Node> {
        let mut node = self.operators(0)?;
        while self.is("|") {
            self.bump();
            node = self.stage_behind(node)?;
        }
        Ok(node)
    }

    /// What a query as a whole can be.
    pub(super) fn finish(&mut self, node: Node) -> Parsed<Root> {
        match node {
            Node::Spans(Stage::Nested(pipeline)) | Node::Pipeline(pipeline) => Ok(Root::Search(pipeline)),
            Node::Spans(stage) => Ok(Root::Search(Pipeline { stages: vec![stage] })),
            Node::Metrics(MetricsExpr::Number(_)) | Node::Scalar(_) => Err(self.unexpected(None)),
            Node::Metrics(metrics) => Ok(Root::Metrics(metrics)),
        }
    }

    fn operators(&mut self, least: u8) -> Parsed<Node> {
        let mut left = self.operand()?;
        while let Token::Symbol(symbol) = *self.peek() {
            let Some(binds) = precedence(symbol).filter(|binds| *binds > least) else { break };
            if matches!(left, Node::Pipeline(_)) {
                return Err(self.unexpected(Some("with")));
            }
            let at = self.unexpected(None);
            self.bump();
            let right = self.nested(|parser| parser.operators(binds))?;
            left = combine(symbol, left, right, at)?;
        }
        Ok(left)
    }

    fn operand(&mut self) -> Parsed<Node> {
        if self.is("{") {
            return self.filter().map(Node::Spans);
        }
        if self.accept("(") {
            let inner = self.nested(Self::pipeline_node)?;
            self.expect(")")?;
            return Ok(match inner {
                Node::Pipeline(pipeline) => Node::Spans(Stage::Nested(pipeline)),
                other => other,
            });
        }
        if let Token::Identifier(name) = self.peek() {
            match name.as_str() {
                "by" | "coalesce" | "select" => {
                    let stage = self.group_stage()?;
                    return Ok(Node::Pipeline(Pipeline { stages: vec![stage] }));
                }
                other if Aggregate::from_name(other).is_some() => return self.aggregate().map(Node::Scalar),
                _ => return Err(self.unexpected(None)),
            }
        }
        match self.literal()? {
            Some(value @ (Value::Int(_) | Value::Float(_) | Value::Duration(_))) => {
                Ok(Node::Scalar(ScalarExpr::Literal(value)))
            }
            _ => Err(self.unexpected(None)),
        }
    }

    pub(super) fn filter(&mut self) -> Parsed<Stage> {
        self.expect("{")?;
        if self.accept("}") {
            return Ok(Stage::Filter(FieldExpr::Literal(Value::Bool(true))));
        }
        let field = self.field()?;
        self.expect("}")?;
        Ok(Stage::Filter(field))
    }

    fn aggregate(&mut self) -> Parsed<ScalarExpr> {
        let Token::Identifier(name) = self.bump() else { return Err(self.unexpected(None)) };
        let Some(aggregate) = Aggregate::from_name(&name) else { return Err(self.unexpected(None)) };
        self.expect("(")?;
        let field = if aggregate == Aggregate::Count { None } else { Some(self.field()?) };
        self.expect(")")?;
        Ok(ScalarExpr::Aggregate(aggregate, field))
    }

    fn group_stage(&mut self) -> Parsed<Stage> {
        match self.bump() {
            Token::Identifier(name) if name == "by" => {
                self.expect("(")?;
                let field = self.field()?;
                self.expect(")")?;
                Ok(Stage::By(field))
            }
            Token::Identifier(name) if name == "coalesce" => {
                self.expect("(")?;
                self.expect(")")?;
                Ok(Stage::Coalesce)
            }
            _ => self.attributes().map(Stage::Select),
        }
    }

    /// The stage behind a `|`.
    fn stage_behind(&mut self, node: Node) -> Parsed<Node> {
        if let Node::Metrics(metrics) = node {
            return self.second_stage(metrics).map(Node::Metrics);
        }
        let at = self.unexpected(None);
        let mut pipeline = match node {
            Node::Spans(stage) => Pipeline { stages: vec![stage] },
            Node::Pipeline(pipeline) => pipeline,
            Node::Scalar(_) | Node::Metrics(_) => return Err(at),
        };
        if let Token::Identifier(name) = self.peek().clone() {
            match name.as_str() {
                "by" | "coalesce" | "select" => pipeline.stages.push(self.group_stage()?),
                other if Aggregate::from_name(other).is_some() => {
                    return match self.operators(1)? {
                        Node::Pipeline(scalar) => {
                            pipeline.stages.extend(scalar.stages);
                            Ok(Node::Pipeline(pipeline))
                        }
                        // Naked: right only within parentheses, as a part of a scalar filter.
                        Node::Scalar(scalar) if self.is(")") => {
                            Ok(Node::Scalar(ScalarExpr::Pipeline(pipeline, Box::new(scalar))))
                        }
                        _ => Err(self.unexpected(None)),
                    };
                }
                _ => return self.metrics_function(pipeline).map(Node::Metrics),
            }
            return Ok(Node::Pipeline(pipeline));
        }
        match self.operators(0)? {
            Node::Spans(stage) => pipeline.stages.push(stage),
            _ => return Err(at),
        }
        Ok(Node::Pipeline(pipeline))
    }
}

/// Whether a scalar is made of numbers only, and then which.
pub(super) fn constant(scalar: &ScalarExpr) -> Option<f64> {
    match scalar {
        ScalarExpr::Literal(Value::Duration(_)) => None,
        ScalarExpr::Literal(value) => value.number(),
        ScalarExpr::Binary(op, left, right) => arithmetic(*op, constant(left)?, constant(right)?),
        ScalarExpr::Aggregate(..) | ScalarExpr::Pipeline(..) => None,
    }
}

pub(super) fn arithmetic(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    match op {
        BinaryOp::Add => Some(left + right),
        BinaryOp::Sub => Some(left - right),
        BinaryOp::Mul => Some(left * right),
        BinaryOp::Div => Some(left / right),
        _ => None,
    }
}

fn combine(symbol: &'static str, left: Node, right: Node, at: ParseError) -> Parsed<Node> {
    let spanset = SpansetOp::from_symbol(symbol);
    let binary = BinaryOp::from_symbol(symbol);
    match (left, right) {
        (Node::Spans(left), Node::Spans(right)) => {
            let op = spanset.ok_or(at)?;
            Ok(Node::Spans(Stage::Combine(op, Box::new(left), Box::new(right))))
        }
        (Node::Scalar(left), Node::Scalar(right)) => {
            let op = binary.ok_or_else(|| at.clone())?;
            if op.is_arithmetic() {
                return Ok(Node::Scalar(ScalarExpr::Binary(op, Box::new(left), Box::new(right))));
            }
            let compares = op.is_comparison() && !matches!(op, BinaryOp::Regex | BinaryOp::NotRegex);
            if !compares || constant(&left).is_some() {
                return Err(at);
            }
            // A pipeline in parentheses compares with a number or another pipeline, not with arithmetic.
            if matches!(left, ScalarExpr::Pipeline(..))
                && matches!(right, ScalarExpr::Binary(..))
                && constant(&right).is_some()
            {
                return Err(at);
            }
            Ok(Node::Pipeline(Pipeline { stages: vec![Stage::Scalar(op, left, right)] }))
        }
        (left, right) => super::metrics::combine(binary.ok_or_else(|| at.clone())?, left, right, at),
    }
}
