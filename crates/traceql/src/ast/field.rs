//! Expressions over one span, as they stand between braces.

use super::Attribute;
use crate::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Equal,
    NotEqual,
    Regex,
    NotRegex,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    And,
    Or,
}

impl BinaryOp {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::And => "&&",
            Self::Or => "||",
        }
    }

    pub fn from_symbol(symbol: &str) -> Option<Self> {
        const ALL: [BinaryOp; 16] = [
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
            BinaryOp::Div,
            BinaryOp::Mod,
            BinaryOp::Pow,
            BinaryOp::Equal,
            BinaryOp::NotEqual,
            BinaryOp::Regex,
            BinaryOp::NotRegex,
            BinaryOp::Greater,
            BinaryOp::GreaterEqual,
            BinaryOp::Less,
            BinaryOp::LessEqual,
            BinaryOp::And,
            BinaryOp::Or,
        ];
        ALL.into_iter().find(|op| op.as_str() == symbol)
    }

    /// How tightly it binds; `&&` and `||` bind alike and to the left, as in Tempo's grammar.
    pub fn precedence(self) -> u8 {
        match self {
            Self::And | Self::Or => 1,
            Self::Add | Self::Sub => 3,
            Self::Mul | Self::Div | Self::Mod => 5,
            Self::Pow => 6,
            _ => 2,
        }
    }

    pub fn is_arithmetic(self) -> bool {
        matches!(self, Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Mod | Self::Pow)
    }

    pub fn is_comparison(self) -> bool {
        !self.is_arithmetic() && !matches!(self, Self::And | Self::Or)
    }

    /// The operator that says the same with its sides swapped.
    pub fn swapped(self) -> Self {
        match self {
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            other => other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Not,
    Minus,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FieldExpr {
    Literal(Value),
    Attribute(Attribute),
    Unary(UnaryOp, Box<FieldExpr>),
    Binary(BinaryOp, Box<FieldExpr>, Box<FieldExpr>),
}

impl FieldExpr {
    /// Shows every attribute of the expression to `visit`.
    pub fn attributes<'a>(&'a self, visit: &mut dyn FnMut(&'a Attribute)) {
        match self {
            Self::Literal(_) => {}
            Self::Attribute(attribute) => visit(attribute),
            Self::Unary(_, inner) => inner.attributes(visit),
            Self::Binary(_, left, right) => {
                left.attributes(visit);
                right.attributes(visit);
            }
        }
    }

    pub fn references_span(&self) -> bool {
        let mut found = false;
        self.attributes(&mut |_| found = true);
        found
    }
}
