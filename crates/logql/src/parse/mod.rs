//! Tokens to a tree: a recursive descent, operators by precedence. The parts: `log` (selectors and stages),
//! `label_filter`, `metric` (aggregations and operators), `check` (rules about whole expressions).

mod check;
mod label_filter;
mod log;
mod metric;

use crate::ast::{Expr, LogExpr, MetricExpr};
use crate::lex::{Placed, Token, lex};
use crate::{ParseError, ast};
use model::Matcher;

/// Longest query in bytes. Loki's limit.
const MAX_LENGTH: usize = 131_072;
/// Deepest nesting of parentheses, calls and filters.
const MAX_DEPTH: usize = 100;

/// Reads a query.
///
/// # Errors
/// [`ParseError`] with line and column, what was found and, where few things fit, what was expected.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(ParseError::whole(format!(
            "query too long: found {} bytes, the limit is {MAX_LENGTH} bytes",
            text.len()
        )));
    }
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0 };
    if parser.peek() == &Token::End {
        return Err(ParseError::whole("syntax error: unexpected $end"));
    }
    let expr = parser.expression(0)?;
    if parser.peek() != &Token::End {
        return Err(parser.unexpected(&[]));
    }
    check::check(&expr)?;
    Ok(expr)
}

/// Reads a query that must be a log query.
///
/// # Errors
/// As [`parse`]; also when it is a metric query.
pub fn parse_log(text: &str) -> Result<LogExpr, ParseError> {
    match parse(text)? {
        Expr::Log(log) => Ok(log),
        Expr::Metric(_) => Err(ParseError::whole("only log selector is supported")),
    }
}

/// Reads a query that must be a metric query.
///
/// # Errors
/// As [`parse`]; also when it is a log query.
pub fn parse_metric(text: &str) -> Result<MetricExpr, ParseError> {
    match parse(text)? {
        Expr::Metric(metric) => Ok(metric),
        Expr::Log(_) => Err(ParseError::whole("found a log query, expected a metric query")),
    }
}

/// Reads a bare selector, of which matchers that match everything are allowed when `lenient`.
///
/// # Errors
/// As [`parse`]; also when there is more than a selector.
pub fn parse_matchers(text: &str, lenient: bool) -> Result<Vec<Matcher>, ParseError> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0 };
    let matchers = parser.selector()?;
    if parser.peek() != &Token::End {
        return Err(ParseError::whole("only label matchers are supported"));
    }
    if !lenient {
        check::selective(&matchers)?;
    }
    Ok(matchers)
}

pub(crate) struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].token
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].token
    }

    /// Takes the token; the end stays where it is.
    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.next();
        }
        found
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Identifier(name) if name == word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, symbol: &str, expected: &[&str]) -> Result<(), ParseError> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: &[&str]) -> ParseError {
        let placed = &self.tokens[self.at];
        let expecting = match expected {
            [] => String::new(),
            all => format!(", expecting {}", all.join(" or ")),
        };
        ParseError::at(
            placed.line,
            placed.column,
            format!("syntax error: unexpected {}{expecting}", placed.token.describe()),
        )
    }

    fn text(&mut self) -> Result<String, ParseError> {
        match self.peek() {
            Token::Text(_) => match self.next() {
                Token::Text(text) => Ok(text),
                _ => Err(self.unexpected(&["STRING"])),
            },
            _ => Err(self.unexpected(&["STRING"])),
        }
    }

    fn identifier(&mut self) -> Result<String, ParseError> {
        match self.peek() {
            Token::Identifier(name) => {
                let name = name.clone();
                self.next();
                Ok(name)
            }
            _ => Err(self.unexpected(&["IDENTIFIER"])),
        }
    }

    /// A number with its sign.
    fn number(&mut self) -> Result<f64, ParseError> {
        let sign = if self.eat("-") {
            -1.0
        } else {
            self.eat("+");
            1.0
        };
        match *self.peek() {
            Token::Number(value) => {
                self.next();
                Ok(sign * value)
            }
            _ => Err(self.unexpected(&["NUMBER"])),
        }
    }

    /// Runs `inner` one level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        if self.depth >= MAX_DEPTH {
            let placed = &self.tokens[self.at];
            let message = format!("syntax error: nested too deeply, the limit is {MAX_DEPTH}");
            return Err(ParseError::at(placed.line, placed.column, message));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// `(a, b)`, perhaps empty.
    fn names(&mut self) -> Result<Vec<String>, ParseError> {
        self.expect("(", &["("])?;
        let mut names = Vec::new();
        if self.eat(")") {
            return Ok(names);
        }
        loop {
            names.push(self.identifier()?);
            if self.eat(")") {
                return Ok(names);
            }
            self.expect(",", &[",", ")"])?;
        }
    }

    fn grouping(&mut self) -> Result<Option<ast::Grouping>, ParseError> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.next();
        Ok(Some(ast::Grouping { without, labels: self.names()? }))
    }
}

#[cfg(test)]
mod tests;
