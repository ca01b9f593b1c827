//! The syntax tree of a query.

mod print;

use crate::functions::Function;
use model::Matcher;
use std::fmt;

/// Where a node begins in the query's text, both from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pos {
    pub line: u32,
    pub column: u32,
}

/// Places do not tell expressions apart: `parse(print(x)) == x` holds although they differ.
impl PartialEq for Pos {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The four types of PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Scalar,
    String,
    Vector,
    Matrix,
}

impl Type {
    /// As the documentation and error messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        }
    }
}

/// A query that was parsed and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub(crate) node: Node,
    pub(crate) pos: Pos,
    /// Nodes on the longest way down, this one included; bounded by the parser.
    pub(crate) depth: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Number(f64),
    Text(Text),
    Vector(Selector),
    Matrix(Selector, i64),
    Subquery(Subquery),
    Call(Call),
    Aggregate(Aggregate),
    Binary(Binary),
    Negate(Box<Expr>),
    Paren(Box<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub value: String,
    /// The quoted form of a text that is not UTF-8.
    pub bad: Option<String>,
}

/// `@` before it is resolved against the query's own times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    Start,
    End,
    /// Milliseconds since the epoch.
    Time(i64),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    /// The name before the braces. It is among the matchers too.
    pub name: Option<String>,
    pub matchers: Vec<Matcher>,
    /// Milliseconds into the past.
    pub offset: i64,
    pub at: Option<At>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subquery {
    pub expr: Box<Expr>,
    /// Milliseconds.
    pub range: i64,
    /// Milliseconds; none = the engine's default.
    pub step: Option<i64>,
    pub offset: i64,
    pub at: Option<At>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Where the function's name begins.
    pub pos: Pos,
    pub function: &'static Function,
    pub args: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Quantile,
    Topk,
    Bottomk,
    CountValues,
    Limitk,
    LimitRatio,
}

impl AggregateOp {
    pub const ALL: [(&'static str, Self); 14] = [
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("min", Self::Min),
        ("max", Self::Max),
        ("count", Self::Count),
        ("group", Self::Group),
        ("stddev", Self::Stddev),
        ("stdvar", Self::Stdvar),
        ("quantile", Self::Quantile),
        ("topk", Self::Topk),
        ("bottomk", Self::Bottomk),
        ("count_values", Self::CountValues),
        ("limitk", Self::Limitk),
        ("limit_ratio", Self::LimitRatio),
    ];

    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, op)| op)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }

    /// The type of the parameter before the vector, if there is one.
    pub fn parameter(self) -> Option<Type> {
        match self {
            Self::CountValues => Some(Type::String),
            Self::Quantile | Self::Topk | Self::Bottomk | Self::Limitk | Self::LimitRatio => {
                Some(Type::Scalar)
            }
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub op: AggregateOp,
    pub expr: Box<Expr>,
    pub param: Option<Box<Expr>>,
    pub without: bool,
    /// Labels of `by` or `without`.
    pub grouping: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Atan2,
    Power,
}

impl BinaryOp {
    /// Spelling, operator, and how tightly it binds.
    pub const ALL: [(&'static str, Self, u8); 16] = [
        ("or", Self::Or, 1),
        ("and", Self::And, 2),
        ("unless", Self::Unless, 2),
        ("==", Self::Equal, 3),
        ("!=", Self::NotEqual, 3),
        ("<", Self::Less, 3),
        ("<=", Self::LessEqual, 3),
        (">", Self::Greater, 3),
        (">=", Self::GreaterEqual, 3),
        ("+", Self::Add, 4),
        ("-", Self::Subtract, 4),
        ("*", Self::Multiply, 5),
        ("/", Self::Divide, 5),
        ("%", Self::Modulo, 5),
        ("atan2", Self::Atan2, 5),
        ("^", Self::Power, 6),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, op, _)| *op == self).map_or("", |(name, ..)| name)
    }

    pub fn power(self) -> u8 {
        Self::ALL.into_iter().find(|(_, op, _)| *op == self).map_or(0, |(.., power)| power)
    }

    pub fn is_set(self) -> bool {
        matches!(self, Self::Or | Self::And | Self::Unless)
    }

    pub fn is_comparison(self) -> bool {
        self.power() == 3
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cardinality {
    OneToOne,
    ManyToOne,
    OneToMany,
    ManyToMany,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matching {
    pub card: Cardinality,
    /// `on` rather than `ignoring` (which is also what no modifier means).
    pub on: bool,
    pub labels: Vec<String>,
    /// Labels of the one side that `group_left` or `group_right` copies.
    pub include: Vec<String>,
    /// Values for a side that has no match.
    pub fill_left: Option<f64>,
    pub fill_right: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Binary {
    pub op: BinaryOp,
    pub left: Box<Expr>,
    pub right: Box<Expr>,
    pub return_bool: bool,
    pub matching: Matching,
}

impl Expr {
    pub fn kind(&self) -> Type {
        match &self.node {
            Node::Number(_) => Type::Scalar,
            Node::Text(_) => Type::String,
            Node::Vector(_) | Node::Aggregate(_) => Type::Vector,
            Node::Matrix(..) | Node::Subquery(_) => Type::Matrix,
            Node::Call(call) => call.function.returns,
            Node::Negate(inner) | Node::Paren(inner) => inner.kind(),
            Node::Binary(binary) => match (binary.left.kind(), binary.right.kind()) {
                (Type::Scalar, Type::Scalar) => Type::Scalar,
                _ => Type::Vector,
            },
        }
    }

    /// The expression within any parentheses.
    pub(crate) fn unwrapped(&self) -> &Self {
        match &self.node {
            Node::Paren(inner) => inner.unwrapped(),
            _ => self,
        }
    }

    /// The text of a string literal.
    pub fn literal_text(&self) -> Option<&str> {
        match &self.unwrapped().node {
            Node::Text(text) => Some(&text.value),
            _ => None,
        }
    }

    pub(crate) fn children(&self) -> Vec<&Self> {
        match &self.node {
            Node::Number(_) | Node::Text(_) | Node::Vector(_) | Node::Matrix(..) => Vec::new(),
            Node::Subquery(subquery) => vec![&subquery.expr],
            Node::Call(call) => call.args.iter().collect(),
            Node::Aggregate(aggregate) => {
                aggregate.param.as_deref().into_iter().chain([&*aggregate.expr]).collect()
            }
            Node::Binary(binary) => vec![&binary.left, &binary.right],
            Node::Negate(inner) | Node::Paren(inner) => vec![inner],
        }
    }

    /// The matchers of every selector, in the order of the text.
    pub fn selectors(&self) -> Vec<Vec<Matcher>> {
        let mut found = Vec::new();
        self.visit(&mut |expr| {
            if let Node::Vector(selector) | Node::Matrix(selector, _) = &expr.node {
                found.push(selector.matchers.clone());
            }
        });
        found
    }

    pub(crate) fn first_selector(&self) -> Option<&Selector> {
        match &self.node {
            Node::Vector(selector) | Node::Matrix(selector, _) => Some(selector),
            _ => self.children().into_iter().find_map(Self::first_selector),
        }
    }

    fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        for child in self.children() {
            child.visit(see);
        }
    }
}
