//! Field expressions: `span.a + 1 > 2 && !(.b = "x")`.

use super::{Parsed, Parser};
use crate::ast::{BinaryOp, FieldExpr, UnaryOp};
use crate::lex::{KEYWORDS, Token};

/// `!` binds tighter than a sum and looser than a product; `-` like the sum that it stands before.
const NOT_PRECEDENCE: u8 = 4;
const MINUS_PRECEDENCE: u8 = 4;

impl Parser {
    pub(super) fn field(&mut self) -> Parsed<FieldExpr> {
        self.field_above(0)
    }

    fn field_above(&mut self, least: u8) -> Parsed<FieldExpr> {
        let mut left = self.field_operand()?;
        while let Token::Symbol(symbol) = self.peek() {
            let Some(op) = BinaryOp::from_symbol(symbol) else { break };
            let precedence = op.precedence();
            if precedence <= least {
                break;
            }
            self.bump();
            // Powers group to the right, everything else to the left.
            let next = if op == BinaryOp::Pow { precedence - 1 } else { precedence };
            let right = self.nested(|parser| parser.field_above(next))?;
            left = FieldExpr::Binary(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn field_operand(&mut self) -> Parsed<FieldExpr> {
        if self.accept("(") {
            let inner = self.nested(Self::field)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.accept("!") {
            let inner = self.nested(|parser| parser.field_above(NOT_PRECEDENCE))?;
            return Ok(FieldExpr::Unary(UnaryOp::Not, Box::new(inner)));
        }
        if let Some(value) = self.literal()? {
            return Ok(FieldExpr::Literal(value));
        }
        if self.accept("-") {
            let inner = self.nested(|parser| parser.field_above(MINUS_PRECEDENCE))?;
            return Ok(FieldExpr::Unary(UnaryOp::Minus, Box::new(inner)));
        }
        match self.peek().clone() {
            Token::Attribute(attribute) => {
                self.bump();
                Ok(FieldExpr::Attribute(attribute))
            }
            Token::Identifier(name) if !KEYWORDS.contains(&name.as_str()) => {
                Err(self.error(format!("unknown identifier: {name}")))
            }
            _ => Err(self.unexpected(None)),
        }
    }
}
