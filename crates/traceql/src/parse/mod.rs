//! Tokens to the syntax tree. Fields are in `field`, sets of spans in `pipeline`, metrics in `metrics`.

mod field;
mod metrics;
mod pipeline;

use crate::ast::{Attribute, Expr, Hint, Root};
use crate::error::ParseError;
use crate::lex::{Spanned, Token, tokens};
use crate::value::Value;

/// Parentheses, braces and unary operators within each other.
const MAX_DEPTH: usize = 100;

/// Reads a query.
///
/// # Errors
/// [`ParseError`] with the position, what was found and, where there is only one, what was expected.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let root = parser.root()?;
    let hints = parser.hints()?;
    parser.expect_end()?;
    Ok(Expr { root, hints })
}

/// Reads one attribute or intrinsic, `resource.service.name` or `name`.
///
/// # Errors
/// [`ParseError`] when it is something else.
pub fn parse_attribute(text: &str) -> Result<Attribute, ParseError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let attribute = parser.attribute()?;
    parser.expect_end()?;
    Ok(attribute)
}

pub(crate) struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser {
    fn here(&self) -> &Spanned {
        // The last token is always `End`, and `bump` never goes past it.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn peek(&self) -> &Token {
        &self.here().token
    }

    fn peek_ahead(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].token
    }

    fn bump(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Identifier(found) if found == word)
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.accept(symbol) { Ok(()) } else { Err(self.unexpected(Some(symbol))) }
    }

    fn expect_end(&self) -> Parsed<()> {
        if *self.peek() == Token::End { Ok(()) } else { Err(self.unexpected(None)) }
    }

    fn error(&self, message: String) -> ParseError {
        let Spanned { line, col, .. } = *self.here();
        ParseError { line, col, message }
    }

    fn unexpected(&self, expected: Option<&str>) -> ParseError {
        let found = self.peek().describe();
        self.error(match expected {
            Some(expected) => format!("syntax error: unexpected {found}, expecting {expected}"),
            None => format!("syntax error: unexpected {found}"),
        })
    }

    /// Runs `inner` one level deeper; the bound keeps hostile input off the stack's end.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("expression nested deeper than {MAX_DEPTH}")));
        }
        let done = inner(self);
        self.depth -= 1;
        done
    }

    fn attribute(&mut self) -> Parsed<Attribute> {
        match self.peek().clone() {
            Token::Attribute(attribute) => {
                self.bump();
                Ok(attribute)
            }
            Token::Identifier(name) if !crate::lex::KEYWORDS.contains(&name.as_str()) => {
                Err(self.error(format!("unknown identifier: {name}")))
            }
            _ => Err(self.unexpected(None)),
        }
    }

    fn attributes(&mut self) -> Parsed<Vec<Attribute>> {
        self.expect("(")?;
        let mut out = vec![self.attribute()?];
        while self.accept(",") {
            out.push(self.attribute()?);
        }
        self.expect(")")?;
        Ok(out)
    }

    fn root(&mut self) -> Parsed<Root> {
        let node = self.pipeline_node()?;
        self.finish(node)
    }

    /// `with (name=value, …)` behind everything else.
    fn hints(&mut self) -> Parsed<Vec<Hint>> {
        if !self.is_word("with") {
            return Ok(Vec::new());
        }
        self.bump();
        self.expect("(")?;
        let mut out = Vec::new();
        loop {
            let Token::Identifier(name) = self.peek().clone() else {
                return Err(self.unexpected(Some("IDENTIFIER")));
            };
            self.bump();
            self.expect("=")?;
            let value = match self.literal()? {
                Some(value) => value,
                None => return Err(self.unexpected(None)),
            };
            out.push(Hint { name, value });
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(out)
    }

    /// A literal, a sign included; None when something else comes next.
    fn literal(&mut self) -> Parsed<Option<Value>> {
        use model::traces::StatusCode;
        if self.is("-") {
            let negated = match self.peek_ahead(1) {
                Token::Int(number) => Value::Int(-number),
                Token::Float(number) => Value::Float(-number),
                Token::Duration(nanos) => Value::Duration(-nanos),
                _ => return Ok(None),
            };
            self.bump();
            self.bump();
            return Ok(Some(negated));
        }
        let value = match self.peek() {
            Token::Int(number) => Value::Int(*number),
            Token::Float(number) => Value::Float(*number),
            Token::Duration(nanos) => Value::Duration(*nanos),
            Token::Str(text) => Value::str(text.as_str()),
            Token::Identifier(name) => match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "nil" => Value::Nil,
                "ok" => Value::Status(StatusCode::Ok),
                "error" => Value::Status(StatusCode::Error),
                "unset" => Value::Status(StatusCode::Unset),
                other => match crate::value::KINDS.iter().find(|(_, name)| *name == other) {
                    Some((kind, _)) => Value::Kind(*kind),
                    None => return Ok(None),
                },
            },
            _ => return Ok(None),
        };
        self.bump();
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests;
