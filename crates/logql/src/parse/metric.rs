//! Aggregations, functions and operators.

use super::{Parser, check};
use crate::ParseError;
use crate::ast::{
    Binary, BinaryOp, Card, CompareOp, Conversion, Expr, LabelReplace, LogRange, Matching, MetricExpr,
    RANGE_OPS, RangeAggregation, Unwrap, VECTOR_OPS, VectorAggregation, VectorOp,
};
use crate::engine::fold;
use crate::lex::Token;

impl Parser {
    /// An expression whose operators bind tighter than `floor`.
    pub(super) fn expression(&mut self, floor: u8) -> Result<Expr, ParseError> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            while let Some(op) = parser.binary_op().filter(|op| op.precedence() > floor) {
                parser.next();
                let bool_modifier = parser.eat_word("bool");
                let matching = parser.matching()?;
                // `^` groups to the right, all others to the left.
                let floor = if op == BinaryOp::Pow { op.precedence() - 1 } else { op.precedence() };
                let right = parser.expression(floor)?;
                left = Expr::Metric(check::binary(op, left, right, bool_modifier, matching)?);
            }
            Ok(left)
        })
    }

    fn binary_op(&self) -> Option<BinaryOp> {
        Some(match self.peek() {
            Token::Identifier(word) => match word.as_str() {
                "or" => BinaryOp::Or,
                "and" => BinaryOp::And,
                "unless" => BinaryOp::Unless,
                _ => return None,
            },
            Token::Symbol(symbol) => match *symbol {
                "+" => BinaryOp::Add,
                "-" => BinaryOp::Sub,
                "*" => BinaryOp::Mul,
                "/" => BinaryOp::Div,
                "%" => BinaryOp::Mod,
                "^" => BinaryOp::Pow,
                "==" => BinaryOp::Compare(CompareOp::Equal),
                "!=" => BinaryOp::Compare(CompareOp::NotEqual),
                ">" => BinaryOp::Compare(CompareOp::Greater),
                ">=" => BinaryOp::Compare(CompareOp::GreaterEqual),
                "<" => BinaryOp::Compare(CompareOp::Less),
                "<=" => BinaryOp::Compare(CompareOp::LessEqual),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn matching(&mut self) -> Result<Option<Matching>, ParseError> {
        let on = self.is_word("on");
        if !on && !self.is_word("ignoring") {
            return Ok(None);
        }
        self.next();
        let mut matching = Matching { on, labels: self.names()?, ..Matching::default() };
        let left = self.is_word("group_left");
        if left || self.is_word("group_right") {
            self.next();
            matching.card = if left { Card::ManyToOne } else { Card::OneToMany };
            if self.is_symbol("(") && self.is_name_list() {
                matching.include = self.names()?;
            }
        }
        Ok(Some(matching))
    }

    /// Whether `(a, b)` or `()` follows, and not an expression in parentheses.
    fn is_name_list(&self) -> bool {
        matches!(
            (self.peek_at(1), self.peek_at(2)),
            (Token::Symbol(")"), _) | (Token::Identifier(_), Token::Symbol("," | ")"))
        )
    }

    fn operand(&mut self) -> Result<Expr, ParseError> {
        match self.peek().clone() {
            Token::Symbol("{") => Ok(Expr::Log(self.log()?)),
            Token::Symbol("(") => {
                self.next();
                let inner = self.expression(0)?;
                self.expect(")", &[")"])?;
                Ok(inner)
            }
            Token::Symbol("+" | "-") | Token::Number(_) => {
                Ok(Expr::Metric(MetricExpr::Literal(self.number()?)))
            }
            Token::Identifier(word) => {
                let called = self.peek_at(1) == &Token::Symbol("(");
                let grouped = matches!(self.peek_at(1), Token::Identifier(next) if next == "by" || next == "without")
                    && self.peek_at(2) == &Token::Symbol("(");
                if let Some((_, op)) =
                    VECTOR_OPS.iter().find(|(name, _)| *name == word && (called || grouped))
                {
                    return self.vector_aggregation(*op).map(Expr::Metric);
                }
                if !called {
                    return Err(self.unexpected(&[]));
                }
                if let Some((_, op)) = RANGE_OPS.iter().find(|(name, _)| *name == word) {
                    self.next();
                    self.next();
                    let parameter = match self.peek() {
                        Token::Number(_) | Token::Symbol("-" | "+") => {
                            let parameter = self.number()?;
                            self.expect(",", &[","])?;
                            Some(parameter)
                        }
                        _ => None,
                    };
                    let range = self.log_range()?;
                    self.expect(")", &[")"])?;
                    let grouping = self.grouping()?;
                    let aggregation = RangeAggregation { op: *op, range, parameter, grouping };
                    check::range_aggregation(&aggregation)?;
                    return Ok(Expr::Metric(MetricExpr::Range(aggregation)));
                }
                match word.as_str() {
                    "vector" => {
                        self.next();
                        self.next();
                        let value = self.number()?;
                        self.expect(")", &[")"])?;
                        Ok(Expr::Metric(MetricExpr::Constant(value)))
                    }
                    "label_replace" => self.label_replace().map(Expr::Metric),
                    _ => Err(self.unexpected(&[])),
                }
            }
            _ => Err(self.unexpected(&[])),
        }
    }

    /// An argument that must be a metric expression. A selector is refused where it ends, as upstream's grammar does.
    fn metric_argument(&mut self) -> Result<MetricExpr, ParseError> {
        match self.expression(0)? {
            Expr::Metric(metric) => Ok(metric),
            Expr::Log(_) => Err(self.unexpected(&[])),
        }
    }

    fn vector_aggregation(&mut self, op: VectorOp) -> Result<MetricExpr, ParseError> {
        self.next();
        let mut grouping = self.grouping()?;
        self.expect("(", &["("])?;
        let negative = self.is_symbol("-");
        let number_at = usize::from(negative);
        let parameter = match (self.peek_at(number_at), self.peek_at(number_at + 1)) {
            (Token::Number(_), Token::Symbol(",")) => {
                let value = self.number()?;
                self.next();
                Some(value)
            }
            _ => None,
        };
        let inner = self.metric_argument()?;
        self.expect(")", &[")"])?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let parameter = check::vector_parameter(op, parameter, grouping.as_ref())?;
        Ok(MetricExpr::Vector(VectorAggregation { op, inner: Box::new(inner), parameter, grouping }))
    }

    /// `{…} | … [5m] offset 1m`; the range may also stand before the stages.
    fn log_range(&mut self) -> Result<LogRange, ParseError> {
        self.nested(|parser| {
            if parser.eat("(") {
                let inner = parser.log_range_or_log()?;
                parser.expect(")", &[")"])?;
                return parser.finish_range(inner);
            }
            let inner = parser.log_range_or_log()?;
            parser.finish_range(inner)
        })
    }

    fn log_range_or_log(&mut self) -> Result<OpenRange, ParseError> {
        let mut open = if self.eat("(") {
            let inner = self.nested(Self::log_range_or_log)?;
            self.expect(")", &[")"])?;
            inner
        } else {
            OpenRange { log: self.log()?, unwrap: None, range: None, offset: 0 }
        };
        self.continue_range(&mut open)?;
        Ok(open)
    }

    fn continue_range(&mut self, open: &mut OpenRange) -> Result<(), ParseError> {
        loop {
            if let Token::Range(range) = *self.peek() {
                if open.range.is_some() {
                    return Err(self.unexpected(&[]));
                }
                self.next();
                open.range = Some(range);
            } else if open.range.is_some() && open.offset == 0 && self.eat_word("offset") {
                open.offset = self.signed_duration()?;
            } else if self.is_symbol("|")
                && open.unwrap.is_none()
                && matches!(self.peek_at(1), Token::Identifier(name) if name == "unwrap")
            {
                self.next();
                self.next();
                open.unwrap = Some(self.unwrap()?);
            } else if open.unwrap.is_none() {
                let before = open.log.stages.len();
                self.stages(&mut open.log.stages)?;
                if open.log.stages.len() == before {
                    return Ok(());
                }
            } else {
                return Ok(());
            }
        }
    }

    fn finish_range(&mut self, mut open: OpenRange) -> Result<LogRange, ParseError> {
        self.continue_range(&mut open)?;
        let Some(range) = open.range else { return Err(self.unexpected(&[])) };
        Ok(LogRange { log: open.log, unwrap: open.unwrap, range, offset: open.offset })
    }

    fn signed_duration(&mut self) -> Result<i64, ParseError> {
        let negative = self.eat("-");
        match *self.peek() {
            Token::Duration(nanos) => {
                self.next();
                Ok(if negative { -nanos } else { nanos })
            }
            Token::Number(0.0) => {
                self.next();
                Ok(0)
            }
            _ => Err(self.unexpected(&["DURATION"])),
        }
    }

    fn unwrap(&mut self) -> Result<Unwrap, ParseError> {
        let word = match self.peek() {
            Token::Identifier(_) => self.identifier()?,
            _ => return Err(self.unexpected(&["IDENTIFIER", "bytes", "duration", "duration_seconds"])),
        };
        let conversion = match word.as_str() {
            _ if !self.is_symbol("(") => None,
            "duration" => Some(Conversion::Duration),
            "duration_seconds" => Some(Conversion::DurationSeconds),
            "bytes" => Some(Conversion::Bytes),
            _ => return Err(self.unexpected(&[])),
        };
        let label = if conversion.is_some() {
            self.next();
            let label = self.identifier()?;
            self.expect(")", &[")"])?;
            label
        } else {
            word
        };
        let mut filters = Vec::new();
        while self.is_symbol("|") {
            self.next();
            // Only label filters may follow an unwrap: other stages could not change the sample any more.
            let filter = match self.peek() {
                Token::Identifier(_) if self.compares(1) => true,
                Token::Symbol("(") => true,
                _ => false,
            };
            if !filter {
                return Err(self.unexpected(&["IDENTIFIER", "("]));
            }
            filters.push(self.label_filter(0)?);
        }
        Ok(Unwrap { label, conversion, filters })
    }

    fn label_replace(&mut self) -> Result<MetricExpr, ParseError> {
        self.next();
        self.next();
        let inner = Box::new(self.metric_argument()?);
        let mut texts = Vec::with_capacity(4);
        for _ in 0..4 {
            self.expect(",", &[","])?;
            texts.push(self.text()?);
        }
        self.expect(")", &[")"])?;
        let [destination, replacement, source, pattern] =
            <[String; 4]>::try_from(texts).map_err(|_| self.unexpected(&["STRING"]))?;
        let anchored = format!("^(?:{pattern})$");
        let regex = crate::units::regex(&anchored).map_err(|error| {
            ParseError::whole(format!(
                "invalid regex in label_replace: {}",
                crate::units::regex_error(&error.to_string(), &anchored)
            ))
        })?;
        check::label_name(&destination)?;
        Ok(MetricExpr::LabelReplace(LabelReplace { inner, destination, replacement, source, pattern, regex }))
    }
}

/// A range whose `[…]` has perhaps not come yet.
struct OpenRange {
    log: crate::ast::LogExpr,
    unwrap: Option<Unwrap>,
    range: Option<i64>,
    offset: i64,
}

/// Two literals are one: `1 + 2` is `3`, a scalar.
pub(super) fn fold_literals(op: BinaryOp, left: f64, right: f64) -> MetricExpr {
    MetricExpr::Literal(fold(op, left, right))
}

pub(super) fn make_binary(
    op: BinaryOp,
    left: MetricExpr,
    right: MetricExpr,
    bool_modifier: bool,
    matching: Option<Matching>,
) -> MetricExpr {
    match (&left, &right) {
        (MetricExpr::Literal(left), MetricExpr::Literal(right)) => fold_literals(op, *left, *right),
        _ => MetricExpr::Binary(Box::new(Binary { op, left, right, bool_modifier, matching })),
    }
}
