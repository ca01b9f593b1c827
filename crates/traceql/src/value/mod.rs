//! Values of the language and how they compare. Numbers of different kinds compare by amount; everything else only
//! compares with its own kind.

use crate::ast::BinaryOp;
use model::traces::{AttrValue, SpanKind, StatusCode};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Nil,
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    Bool(bool),
    /// Nanoseconds.
    Duration(i64),
    Status(StatusCode),
    Kind(SpanKind),
    Array(Vec<Value>),
}

/// What the check knows of an expression before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Nil,
    Int,
    Float,
    Str,
    Bool,
    Duration,
    Status,
    Kind,
    /// Known only when a span is at hand.
    Attribute,
}

impl Type {
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Duration | Self::Attribute)
    }

    pub(crate) fn matches(self, other: Self) -> bool {
        self == Self::Attribute
            || other == Self::Attribute
            || self == other
            || (self.is_number() && other.is_number())
            || self == Self::Nil
            || other == Self::Nil
    }

    pub(crate) fn allows(self, op: BinaryOp) -> bool {
        match self {
            Self::Attribute => true,
            Self::Bool => matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Equal | BinaryOp::NotEqual),
            Self::Int | Self::Float | Self::Duration => {
                op.is_arithmetic()
                    || (op.is_comparison() && !matches!(op, BinaryOp::Regex | BinaryOp::NotRegex))
            }
            Self::Str => op.is_comparison(),
            Self::Nil | Self::Status | Self::Kind => matches!(op, BinaryOp::Equal | BinaryOp::NotEqual),
        }
    }
}

pub(crate) fn status_name(status: StatusCode) -> &'static str {
    match status {
        StatusCode::Unset => "unset",
        StatusCode::Ok => "ok",
        StatusCode::Error => "error",
    }
}

pub(crate) const KINDS: [(SpanKind, &str); 6] = [
    (SpanKind::Unspecified, "unspecified"),
    (SpanKind::Internal, "internal"),
    (SpanKind::Server, "server"),
    (SpanKind::Client, "client"),
    (SpanKind::Producer, "producer"),
    (SpanKind::Consumer, "consumer"),
];

pub(crate) fn kind_name(kind: SpanKind) -> &'static str {
    KINDS.iter().find(|(of, _)| *of == kind).map_or("unspecified", |(_, name)| name)
}

impl Value {
    pub fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(text.into())
    }

    /// An attribute's value. Maps, bytes, empty values, empty arrays and arrays of several types are nothing that the
    /// language can see: Tempo keeps them for display only.
    pub fn from_attr(value: &AttrValue) -> Self {
        match value {
            AttrValue::Str(text) => Self::Str(text.clone()),
            AttrValue::Int(number) => Self::Int(*number),
            AttrValue::Double(number) => Self::Float(*number),
            AttrValue::Bool(flag) => Self::Bool(*flag),
            AttrValue::Array(values) => {
                let values: Vec<Self> = values.iter().map(Self::from_attr).collect();
                let plain = values.iter().all(|value| !matches!(value, Self::Nil | Self::Array(_)));
                let one_type = values.windows(2).all(|pair| pair[0].type_of() == pair[1].type_of());
                if plain && one_type && !values.is_empty() { Self::Array(values) } else { Self::Nil }
            }
            AttrValue::Bytes(_) | AttrValue::Map(_) | AttrValue::Empty => Self::Nil,
        }
    }

    pub(crate) fn type_of(&self) -> Type {
        match self {
            Self::Nil => Type::Nil,
            Self::Int(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::Str(_) => Type::Str,
            Self::Bool(_) => Type::Bool,
            Self::Duration(_) => Type::Duration,
            Self::Status(_) => Type::Status,
            Self::Kind(_) => Type::Kind,
            Self::Array(_) => Type::Attribute,
        }
    }

    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The amount of a number; a duration in nanoseconds.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) | Self::Duration(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// None when the two do not compare.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a) | Self::Duration(a), Self::Int(b) | Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Str(a), Self::Str(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Status(a), Self::Status(b)) => Some(a.cmp(b)),
            (Self::Kind(a), Self::Kind(b)) => Some(a.cmp(b)),
            (Self::Nil, Self::Nil) => Some(Ordering::Equal),
            (Self::Array(a), Self::Array(b)) => (a == b).then_some(Ordering::Equal),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    /// As text for people and for labels: no quotes.
    pub fn plain(&self) -> String {
        match self {
            Self::Nil => "nil".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Str(text) => text.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Duration(nanos) => format_duration(*nanos),
            Self::Status(status) => status_name(*status).to_owned(),
            Self::Kind(kind) => kind_name(*kind).to_owned(),
            Self::Array(values) => {
                format!("[{}]", values.iter().map(Self::plain).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// As an OTLP value. Whatever OTLP has no type for is a string.
    pub fn to_attr(&self) -> AttrValue {
        match self {
            Self::Int(number) => AttrValue::Int(*number),
            Self::Float(number) => AttrValue::Double(*number),
            Self::Bool(flag) => AttrValue::Bool(*flag),
            Self::Array(values) => AttrValue::Array(values.iter().map(Self::to_attr).collect()),
            Self::Str(text) => AttrValue::Str(text.clone()),
            other => AttrValue::Str(other.plain().into()),
        }
    }

    /// The name of the type in answers about tag values.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "string",
            Self::Bool(_) => "bool",
            Self::Duration(_) => "duration",
            Self::Status(_) | Self::Kind(_) => "keyword",
            Self::Array(_) => "array",
        }
    }
}

/// Equal in kind and amount: what grouping and sets go by.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Array(a), Self::Array(b)) => a == b,
            _ => {
                std::mem::discriminant(self) == std::mem::discriminant(other)
                    && self.compare(other) == Some(Ordering::Equal)
            }
        }
    }
}

impl Eq for Value {}

impl std::hash::Hash for Value {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Nil => {}
            Self::Int(number) | Self::Duration(number) => number.hash(state),
            Self::Float(number) => number.to_bits().hash(state),
            Self::Str(text) => text.hash(state),
            Self::Bool(flag) => flag.hash(state),
            Self::Status(status) => status.hash(state),
            Self::Kind(kind) => kind.hash(state),
            Self::Array(values) => values.hash(state),
        }
    }
}

/// As it is written in a query.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) if text.contains('`') => write!(f, "{text:?}"),
            Self::Str(text) => write!(f, "`{text}`"),
            Self::Float(number) if number.fract() == 0.0 && number.is_finite() => write!(f, "{number:.1}"),
            Self::Float(number) => write!(f, "{number}"),
            other => f.write_str(&other.plain()),
        }
    }
}

/// A duration as Go prints it: `1h2m3.5s`, `19.999989ms`, `0s`.
pub(crate) fn format_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let fraction = |unit: u64| {
        let text = format!("{:.9}", (nanos % unit) as f64 / unit as f64);
        text.trim_start_matches('0').trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let text = match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}{}µs", nanos / 1_000, fraction(1_000)),
        1_000_000..1_000_000_000 => format!("{}{}ms", nanos / 1_000_000, fraction(1_000_000)),
        _ => {
            let seconds = nanos / 1_000_000_000;
            let rest = format!("{}{}s", seconds % 60, fraction(1_000_000_000));
            match (seconds / 3_600, seconds / 60 % 60) {
                (0, 0) => rest,
                (0, minutes) => format!("{minutes}m{rest}"),
                (hours, minutes) => format!("{hours}h{minutes}m{rest}"),
            }
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests;
