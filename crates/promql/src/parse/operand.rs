//! Operands: literals, parentheses, signs, calls, aggregations, and the modifiers that follow an operand.

use super::Parser;
use crate::ast::{Aggregate, AggregateOp, At, Call, Expr, Node, Subquery, Text, Type};
use crate::error::ParseError;
use crate::functions;
use crate::lex::Token;

/// How tightly a sign binds: as multiplication does, so that `-a ^ 2` is `-(a ^ 2)` and `-a + b` is `(-a) + b`.
const SIGN_POWER: u8 = 5;
/// The largest range, step or offset in milliseconds: a thousand years, far from the edge of the time type.
const MAX_DURATION_MS: f64 = 1000.0 * 365.0 * 86_400_000.0;
/// Words that are operators or modifiers and therefore no metric names.
const RESERVED: [&str; 6] = ["atan2", "on", "ignoring", "group_left", "group_right", "bool"];

impl Parser<'_> {
    pub(super) fn operand(&mut self) -> Result<Expr, ParseError> {
        let pos = self.pos();
        let expr = match self.peek().clone() {
            Token::Sign(sign @ ("+" | "-")) => {
                self.take();
                let inner = self.expression(SIGN_POWER)?;
                return match inner.node {
                    Node::Number(value) => {
                        self.build(Node::Number(if sign == "-" { -value } else { value }), pos)
                    }
                    // A plus sign changes nothing where it is allowed at all.
                    _ if sign == "+" && matches!(inner.kind(), Type::Scalar | Type::Vector) => Ok(inner),
                    _ => self.build(Node::Negate(Box::new(inner)), pos),
                };
            }
            Token::Sign("(") => {
                self.take();
                let inner = self.expression(0)?;
                self.expect_sign(")")?;
                self.build(Node::Paren(Box::new(inner)), pos)?
            }
            Token::Sign("{") => self.vector_selector(None)?,
            Token::Number(value) => {
                self.take();
                self.build(Node::Number(value), pos)?
            }
            Token::Duration(millis) => {
                self.take();
                self.build(Node::Number(millis as f64 / 1e3), pos)?
            }
            Token::Text { value, bad } => {
                self.take();
                self.build(Node::Text(Text { value, bad }), pos)?
            }
            Token::Word(word) => self.word(&word)?,
            Token::Sign(_) | Token::End => return Err(self.unexpected("an expression")),
        };
        self.modifiers(expr)
    }

    fn word(&mut self, word: &str) -> Result<Expr, ParseError> {
        let pos = self.pos();
        let called = matches!(self.peek_second(), Token::Sign("("));
        if let Some(op) = AggregateOp::find(word) {
            let grouped = matches!(self.peek_second(), Token::Word(next) if is_grouping(next));
            if called || grouped {
                self.take();
                return self.aggregate(op);
            }
        }
        if called {
            let function = functions::find(word)
                .ok_or_else(|| self.fail(format!("unknown function with name {word:?}")))?;
            self.take();
            let outer = std::mem::replace(&mut self.in_info, function.name == "info");
            let args = self.arguments()?;
            self.in_info = outer;
            return self.build(Node::Call(Call { pos, function, args }), pos);
        }
        for (name, value) in [("inf", f64::INFINITY), ("nan", f64::NAN)] {
            if word.eq_ignore_ascii_case(name) {
                self.take();
                return self.build(Node::Number(value), pos);
            }
        }
        if RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved)) {
            return Err(self.unexpected("an expression"));
        }
        self.take();
        self.vector_selector(Some((word.to_owned(), pos)))
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        self.expect_sign("(")?;
        let mut args = Vec::new();
        if self.skip_sign(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            if self.skip_sign(")") {
                return Ok(args);
            }
            if !self.skip_sign(",") {
                return Err(self.unexpected("\",\" or \")\""));
            }
            if self.at_sign(")") {
                return Err(self.fail("trailing commas not allowed in function call args"));
            }
        }
    }

    /// An aggregation whose operator was just taken; `by` and `without` stand before or after the arguments.
    fn aggregate(&mut self, op: AggregateOp) -> Result<Expr, ParseError> {
        let pos = crate::lex::place(self.query, self.lexemes[self.next - 1].at);
        let mut clause = self.grouping()?;
        let mut args = self.arguments()?;
        if clause.is_none() {
            clause = self.grouping()?;
        }
        let (without, grouping) = clause.unwrap_or_default();
        let wanted = if op.parameter().is_some() { 2 } else { 1 };
        let found = args.len();
        if found != wanted {
            let text = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {found}"
            );
            return Err(Self::fail_at(pos, text));
        }
        let expr = args
            .pop()
            .map(Box::new)
            .ok_or_else(|| self.fail("no arguments for aggregate expression provided"))?;
        let param = args.pop().map(Box::new);
        self.build(Node::Aggregate(Aggregate { op, expr, param, without, grouping }), pos)
    }

    fn grouping(&mut self) -> Result<Option<(bool, Vec<String>)>, ParseError> {
        match self.peek() {
            Token::Word(word) if is_grouping(word) => {
                let without = word.eq_ignore_ascii_case("without");
                self.take();
                Ok(Some((without, self.label_list()?)))
            }
            _ => Ok(None),
        }
    }

    /// Ranges, subqueries, `offset` and `@` after an operand.
    fn modifiers(&mut self, mut expr: Expr) -> Result<Expr, ParseError> {
        loop {
            if self.at_sign("[") {
                expr = self.brackets(expr)?;
            } else if self.at_word("offset") {
                let at = self.pos();
                self.take();
                let millis = self.duration(true)?;
                let slot = match &mut expr.node {
                    Node::Vector(selector) | Node::Matrix(selector, _) => &mut selector.offset,
                    Node::Subquery(subquery) => &mut subquery.offset,
                    _ => {
                        let text = "offset modifier must be preceded by an instant vector selector or range vector \
                                    selector or a subquery";
                        return Err(Self::fail_at(expr.pos, text));
                    }
                };
                if *slot != 0 {
                    return Err(Self::fail_at(at, "offset may not be set multiple times"));
                }
                *slot = millis;
            } else if self.at_sign("@") {
                let at = self.pos();
                self.take();
                let time = self.at_time()?;
                let slot = match &mut expr.node {
                    Node::Vector(selector) | Node::Matrix(selector, _) => &mut selector.at,
                    Node::Subquery(subquery) => &mut subquery.at,
                    _ => {
                        let text = "@ modifier must be preceded by an instant vector selector or range vector selector \
                                    or a subquery";
                        return Err(Self::fail_at(expr.pos, text));
                    }
                };
                if slot.is_some() {
                    return Err(Self::fail_at(at, "@ <timestamp> may not be set multiple times"));
                }
                *slot = Some(time);
            } else {
                return Ok(expr);
            }
        }
    }

    fn brackets(&mut self, expr: Expr) -> Result<Expr, ParseError> {
        let pos = expr.pos;
        self.expect_sign("[")?;
        let range = self.duration(false)?;
        if self.skip_sign(":") {
            let step = if self.at_sign("]") { None } else { Some(self.duration(false)?) };
            self.expect_sign("]")?;
            let subquery = Subquery { expr: Box::new(expr), range, step, offset: 0, at: None };
            return self.build(Node::Subquery(subquery), pos);
        }
        self.expect_sign("]")?;
        match expr.node {
            Node::Vector(selector) if selector.offset != 0 => {
                Err(Self::fail_at(pos, "no offset modifiers allowed before range"))
            }
            Node::Vector(selector) if selector.at.is_some() => {
                Err(Self::fail_at(pos, "no @ modifiers allowed before range"))
            }
            Node::Vector(selector) => self.build(Node::Matrix(selector, range), pos),
            _ => Err(Self::fail_at(pos, "ranges only allowed for vector selectors")),
        }
    }

    /// A duration or a number of seconds, in milliseconds. A sign is for offsets only, and nothing else may be zero.
    fn duration(&mut self, signed: bool) -> Result<i64, ParseError> {
        let pos = self.pos();
        if !signed && (self.at_sign("-") || self.at_sign("+")) {
            return Err(self.fail("duration must be greater than 0"));
        }
        let seconds = match (signed, self.peek()) {
            (true, _) | (false, Token::Number(_) | Token::Duration(_)) => self.signed_number()?,
            _ => return Err(self.unexpected("a duration")),
        };
        let millis = (seconds * 1e3).round();
        if !signed && millis <= 0.0 {
            return Err(Self::fail_at(pos, "duration must be greater than 0"));
        }
        if millis.is_nan() || millis.abs() > MAX_DURATION_MS {
            return Err(Self::fail_at(pos, "duration out of range"));
        }
        Ok(millis as i64)
    }

    fn at_time(&mut self) -> Result<At, ParseError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.skip_word(word) {
                self.expect_sign("(")?;
                self.expect_sign(")")?;
                return Ok(at);
            }
        }
        let pos = self.pos();
        let seconds = self.signed_number()?;
        let millis = (seconds * 1e3).round();
        if millis.is_nan() || millis.abs() > i64::MAX as f64 / 4.0 {
            return Err(Self::fail_at(pos, format!("timestamp out of bounds for @ modifier: {seconds}")));
        }
        Ok(At::Time(millis as i64))
    }
}

fn is_grouping(word: &str) -> bool {
    word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without")
}
