//! The syntax tree of a template.

use crate::Value;

pub type Block = Vec<Node>;

#[derive(Debug)]
pub enum Node {
    Text(String),
    Action { line: usize, pipe: Pipe },
    If { line: usize, pipe: Pipe, then: Block, otherwise: Block },
    With { line: usize, pipe: Pipe, then: Block, otherwise: Block },
    Range { line: usize, pipe: Pipe, then: Block, otherwise: Block },
    Template { line: usize, name: String, pipe: Option<Pipe> },
    Break,
    Continue,
}

/// `$a, $b := command | command …`.
#[derive(Debug)]
pub struct Pipe {
    pub variables: Vec<String>,
    /// `=` instead of `:=`.
    pub assign: bool,
    pub commands: Vec<Command>,
}

/// An operand with its arguments; only a function, a method or a field takes some.
#[derive(Debug)]
pub struct Command {
    pub operands: Vec<Operand>,
}

#[derive(Debug)]
pub enum Operand {
    Dot,
    Nil,
    Literal(Value),
    /// `.A.B`: fields of the dot.
    Field(Vec<String>),
    /// `$x.A.B`; the name of `$` is empty.
    Variable {
        name: String,
        fields: Vec<String>,
    },
    Function(String),
    /// `(pipe).A.B`.
    Paren {
        pipe: Box<Pipe>,
        fields: Vec<String>,
    },
}
