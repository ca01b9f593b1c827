//! Reads a query: operator precedence here, operands in `operand`, selectors in `selector`, types in `check`.
//!
//! Grammar: Prometheus documentation, "Querying basics" and "Operators". Not supported: native histogram syntax and the
//! experimental duration expressions, `anchored` and `smoothed`.

mod check;
mod operand;
mod selector;

use crate::ast::{Binary, BinaryOp, Cardinality, Expr, Matching, Node, Pos};
use crate::error::ParseError;
use crate::lex::{Lexeme, Token, error, lex, place};
use model::Matcher;

/// The longest query that is read.
pub const MAX_QUERY_BYTES: usize = 128 * 1024;
/// How deep expressions may be nested, so that neither reading nor evaluating one can exhaust a thread's stack.
pub const MAX_DEPTH: usize = 100;

/// Reads and checks a query.
///
/// # Errors
/// [`ParseError`] with the place and what is wrong there: syntax, types, unknown functions, wrong matching modifiers.
pub fn parse(query: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser::new(query)?;
    let expr = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("an operator or the end of the query")),
    }
}

/// Reads a series selector (`up{job="a"}`), as `match[]` and federation take them.
///
/// # Errors
/// [`ParseError`] when the text is anything else.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseError> {
    match parse(text)?.node {
        Node::Vector(selector) if selector.at.is_none() && selector.offset == 0 => Ok(selector.matchers),
        _ => Err(error(text, 0, "expected a series selector such as up{job=\"a\"}")),
    }
}

pub(super) struct Parser<'a> {
    query: &'a str,
    lexemes: Vec<Lexeme>,
    next: usize,
    /// How many expressions are open around the current one.
    open: usize,
    /// Within `info`, whose second argument may select everything: it only narrows what the function looks for.
    in_info: bool,
}

impl<'a> Parser<'a> {
    fn new(query: &'a str) -> Result<Self, ParseError> {
        if query.len() > MAX_QUERY_BYTES {
            let found = query.len();
            return Err(error(
                "",
                0,
                format!("the query has {found} bytes, at most {MAX_QUERY_BYTES} are read"),
            ));
        }
        let lexemes = lex(query)?;
        if lexemes.len() == 1 {
            return Err(error(query, 0, "no expression found in input"));
        }
        Ok(Self { query, lexemes, next: 0, open: 0, in_info: false })
    }

    fn peek(&self) -> &Token {
        &self.lexemes[self.next].token
    }

    fn peek_second(&self) -> &Token {
        &self.lexemes[(self.next + 1).min(self.lexemes.len() - 1)].token
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        if self.next + 1 < self.lexemes.len() {
            self.next += 1;
        }
        token
    }

    fn at(&self) -> usize {
        self.lexemes[self.next].at
    }

    fn pos(&self) -> Pos {
        place(self.query, self.at())
    }

    fn fail(&self, message: impl Into<String>) -> ParseError {
        error(self.query, self.at(), message)
    }

    fn fail_at(pos: Pos, message: impl Into<String>) -> ParseError {
        ParseError { line: pos.line, column: pos.column, message: message.into() }
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let found = match self.peek() {
            Token::Word(word) => format!("identifier {word:?}"),
            Token::Text { value, .. } => format!("string {value:?}"),
            Token::Number(value) => format!("number {value}"),
            Token::Duration(millis) => format!("duration of {millis} ms"),
            Token::Sign(sign) => format!("{sign:?}"),
            Token::End => "end of input".to_owned(),
        };
        self.fail(format!("unexpected {found}, expected {expected}"))
    }

    fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    fn skip_sign(&mut self, sign: &str) -> bool {
        let found = self.at_sign(sign);
        if found {
            self.take();
        }
        found
    }

    fn expect_sign(&mut self, sign: &'static str) -> Result<(), ParseError> {
        if self.skip_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("{sign:?}"))) }
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.take();
        }
        found
    }

    fn build(&self, node: Node, pos: Pos) -> Result<Expr, ParseError> {
        let mut expr = Expr { node, pos, depth: 1 };
        expr.depth += expr.children().iter().map(|child| child.depth).max().unwrap_or(0);
        if expr.depth > MAX_DEPTH {
            return Err(Self::fail_at(
                pos,
                format!("the expression is nested more than {MAX_DEPTH} levels deep"),
            ));
        }
        check::check(&expr)?;
        Ok(expr)
    }

    /// An expression of operators that bind tighter than `power`.
    fn expression(&mut self, power: u8) -> Result<Expr, ParseError> {
        self.open += 1;
        if self.open > MAX_DEPTH {
            return Err(self.fail(format!("the expression is nested more than {MAX_DEPTH} levels deep")));
        }
        let mut left = self.operand()?;
        while let Some(op) = self.operator() {
            if op.power() <= power {
                break;
            }
            self.take();
            let (return_bool, matching) = self.matching(op)?;
            // Power is the only operator that joins from the right: its right side may hold another one.
            let right_power = if op == BinaryOp::Power { op.power() - 1 } else { op.power() };
            let right = self.expression(right_power)?;
            let pos = left.pos;
            let (left_box, right) = (Box::new(left), Box::new(right));
            left =
                self.build(Node::Binary(Binary { op, left: left_box, right, return_bool, matching }), pos)?;
        }
        self.open -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<BinaryOp> {
        let find = |text: &str| {
            BinaryOp::ALL.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(text)).map(|(_, op, _)| op)
        };
        match self.peek() {
            Token::Sign(sign) => find(sign),
            Token::Word(word) => find(word),
            _ => None,
        }
    }

    /// What may stand between an operator and its right side: `bool`, `on`, `ignoring`, `group_left`, `fill` …
    fn matching(&mut self, op: BinaryOp) -> Result<(bool, Matching), ParseError> {
        let return_bool = self.skip_word("bool");
        let card = if op.is_set() { Cardinality::ManyToMany } else { Cardinality::OneToOne };
        let mut matching = Matching {
            card,
            on: false,
            labels: Vec::new(),
            include: Vec::new(),
            fill_left: None,
            fill_right: None,
        };
        let opens = |parser: &Self| matches!(parser.peek_second(), Token::Sign("("));
        if (self.at_word("on") || self.at_word("ignoring")) && opens(self) {
            matching.on = self.at_word("on");
            self.take();
            matching.labels = self.label_list()?;
            for (word, card) in
                [("group_left", Cardinality::ManyToOne), ("group_right", Cardinality::OneToMany)]
            {
                if !self.at_word(word) {
                    continue;
                }
                if op.is_set() {
                    return Err(self.fail(format!("no grouping allowed for {:?} operation", op.name())));
                }
                self.take();
                matching.card = card;
                if self.at_sign("(") {
                    matching.include = self.label_list()?;
                }
                let shared =
                    matching.include.iter().find(|label| matching.on && matching.labels.contains(label));
                if let Some(label) = shared {
                    let text = format!("label {label:?} must not occur in ON and GROUP clause at once");
                    return Err(self.fail(text));
                }
                break;
            }
        }
        while let Token::Word(word) = self.peek() {
            let word = word.to_ascii_lowercase();
            if !matches!(word.as_str(), "fill" | "fill_left" | "fill_right") || !opens(self) {
                break;
            }
            if op.is_set() {
                return Err(
                    self.fail(format!("fill modifiers are not allowed for {:?} operation", op.name()))
                );
            }
            self.take();
            self.expect_sign("(")?;
            let value = self.signed_number()?;
            self.expect_sign(")")?;
            if word != "fill_right" {
                matching.fill_left = Some(value);
            }
            if word != "fill_left" {
                matching.fill_right = Some(value);
            }
        }
        Ok((return_bool, matching))
    }

    /// A number or duration (in seconds) with an optional sign.
    fn signed_number(&mut self) -> Result<f64, ParseError> {
        let negative = self.skip_sign("-");
        if !negative {
            self.skip_sign("+");
        }
        let value = match self.peek() {
            Token::Number(value) => *value,
            Token::Duration(millis) => *millis as f64 / 1e3,
            Token::Word(word) if word.eq_ignore_ascii_case("inf") => f64::INFINITY,
            Token::Word(word) if word.eq_ignore_ascii_case("nan") => f64::NAN,
            _ => return Err(self.unexpected("a number")),
        };
        self.take();
        Ok(if negative { -value } else { value })
    }

    /// `(a, "b.c", d)`, possibly empty, possibly with a comma at the end.
    fn label_list(&mut self) -> Result<Vec<String>, ParseError> {
        self.expect_sign("(")?;
        let mut labels = Vec::new();
        while !self.at_sign(")") {
            match self.peek().clone() {
                Token::Word(name) if !name.contains(':') => labels.push(name),
                Token::Text { value, bad: None } if !value.is_empty() => labels.push(value),
                _ => return Err(self.unexpected("a label name")),
            }
            self.take();
            if !self.skip_sign(",") && !self.at_sign(")") {
                return Err(self.unexpected("\",\" or \")\""));
            }
        }
        self.expect_sign(")")?;
        Ok(labels)
    }
}

#[cfg(test)]
mod tests;
