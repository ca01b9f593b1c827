//! Label filters: comparisons joined by `and`, `,`, nothing at all (all *and*) and `or`.

use super::Parser;
use super::check::compile_error;
use crate::ParseError;
use crate::ast::{CompareOp, LabelFilter};
use crate::lex::Token;
use model::{MatchOp, Matcher};

impl Parser {
    /// Whether the token `ahead` compares a label with something.
    pub(super) fn compares(&self, ahead: usize) -> bool {
        matches!(
            self.peek_at(ahead),
            Token::Symbol("=" | "==" | "!=" | "=~" | "!~" | ">" | ">=" | "<" | "<=")
        )
    }

    /// `level` 0 takes `or`, 1 takes *and*.
    pub(super) fn label_filter(&mut self, level: u8) -> Result<LabelFilter, ParseError> {
        self.nested(|parser| {
            let mut left = if level == 0 { parser.label_filter(1)? } else { parser.single()? };
            loop {
                let joined = match level {
                    0 => parser.eat_word("or"),
                    _ => parser.eat_word("and") || parser.eat(",") || parser.starts_single(),
                };
                if !joined {
                    return Ok(left);
                }
                let next = if level == 0 { parser.label_filter(1)? } else { parser.single()? };
                left = if level == 0 {
                    LabelFilter::Or(Box::new(left), Box::new(next))
                } else {
                    LabelFilter::And(Box::new(left), Box::new(next))
                };
            }
        })
    }

    /// Whether another comparison follows directly.
    fn starts_single(&self) -> bool {
        match self.peek() {
            Token::Identifier(name) => name != "or" && self.compares(1),
            Token::Symbol("(") => true,
            _ => false,
        }
    }

    fn single(&mut self) -> Result<LabelFilter, ParseError> {
        if self.eat("(") {
            let inner = self.label_filter(0)?;
            self.expect(")", &[")"])?;
            return Ok(inner);
        }
        let name = match self.peek() {
            Token::Identifier(_) => self.identifier()?,
            _ => return Err(self.unexpected(&["IDENTIFIER", "("])),
        };
        let text_op = self.match_op();
        let number_op = match self.peek() {
            Token::Symbol("=" | "==") => Some(CompareOp::Equal),
            Token::Symbol("!=") => Some(CompareOp::NotEqual),
            Token::Symbol(">") => Some(CompareOp::Greater),
            Token::Symbol(">=") => Some(CompareOp::GreaterEqual),
            Token::Symbol("<") => Some(CompareOp::Less),
            Token::Symbol("<=") => Some(CompareOp::LessEqual),
            _ => None,
        };
        if text_op.is_none() && number_op.is_none() {
            return Err(self.unexpected(&[]));
        }
        self.next();
        if let Some(op @ (MatchOp::Equal | MatchOp::NotEqual)) = text_op
            && let Some(pattern) = self.ip()?
        {
            return Ok(LabelFilter::Ip { name, negative: op == MatchOp::NotEqual, pattern });
        }
        if let (Some(op), Token::Text(_)) = (text_op, self.peek()) {
            let value = self.text()?;
            return Matcher::new(name, op, value)
                .map(LabelFilter::Text)
                .map_err(|error| compile_error(&error));
        }
        let negative = self.eat("-");
        let Some(op) = number_op else { return Err(self.unexpected(&["STRING"])) };
        let filter = match *self.peek() {
            Token::Number(value) => {
                LabelFilter::Number { name, op, value: if negative { -value } else { value } }
            }
            Token::Duration(value) => {
                LabelFilter::Duration { name, op, value: if negative { -value } else { value } }
            }
            Token::Bytes(value) if !negative => LabelFilter::Bytes { name, op, value },
            _ => return Err(self.unexpected(&["BYTES", "STRING", "NUMBER", "DURATION"])),
        };
        self.next();
        Ok(filter)
    }
}
