//! The values that templates work on, and how Go's `%v` prints them.

use chrono::{DateTime, FixedOffset};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A value with fields or methods of its own (an alert list with `.Firing`, a label set read on demand).
pub trait Object: Send + Sync {
    /// A field, a map entry or a method without arguments.
    fn get(&self, name: &str) -> Option<Value>;

    /// A method with arguments; `None` when there is no such method.
    fn call(&self, _name: &str, _args: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    /// Key and value pairs for `range`, `len` and `index`; `None` when it is no collection.
    fn items(&self) -> Option<Vec<(Value, Value)>> {
        None
    }

    /// As `%v` would print it.
    fn display(&self) -> String;

    /// Whether an absent name is an error (a struct) or the missing key (a map).
    fn is_map(&self) -> bool {
        false
    }
}

#[derive(Clone, Default)]
pub enum Value {
    #[default]
    Null,
    /// A missing map key: prints `<no value>`.
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    List(Arc<Vec<Value>>),
    Map(Arc<BTreeMap<String, Value>>),
    /// A Go `time.Duration` in nanoseconds.
    Duration(i64),
    Time(DateTime<FixedOffset>),
    Object(Arc<dyn Object>),
}

impl Value {
    pub fn str(text: impl AsRef<str>) -> Self {
        Self::Str(Arc::from(text.as_ref()))
    }

    pub fn list(values: Vec<Self>) -> Self {
        Self::List(Arc::new(values))
    }

    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().map(|(key, value)| (key.into(), value)).collect()))
    }

    /// A map of strings, such as labels or annotations.
    pub fn strings<K: Into<String>, V: AsRef<str>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::map(entries.into_iter().map(|(key, value)| (key, Self::str(value))))
    }

    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Go's truth: false, 0, "", nil and empty collections are false.
    pub fn truth(&self) -> bool {
        match self {
            Self::Null | Self::Missing => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Duration(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Time(_) => true,
            Self::Object(object) => object.items().is_none_or(|items| !items.is_empty()),
        }
    }

    /// The name of the type, for error messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null | Self::Missing => "nil",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Duration(_) => "time.Duration",
            Self::Time(_) => "time.Time",
            Self::Object(_) => "object",
        }
    }

    /// As Go's `%v` prints it.
    pub fn display(&self) -> String {
        match self {
            Self::Null => "<nil>".to_owned(),
            Self::Missing => "<no value>".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => crate::printf::format_g(*value, None),
            Self::Str(text) => text.to_string(),
            Self::List(list) => format!("[{}]", list.iter().map(Self::display).collect::<Vec<_>>().join(" ")),
            Self::Map(map) => {
                let entries: Vec<_> =
                    map.iter().map(|(key, value)| format!("{key}:{}", value.display())).collect();
                format!("map[{}]", entries.join(" "))
            }
            Self::Duration(nanos) => format_duration(*nanos),
            Self::Time(time) => crate::layout::format(time, "2006-01-02 15:04:05.999999999 -0700 MST"),
            Self::Object(object) => object.display(),
        }
    }

    /// Key and value pairs of anything that can be ranged over. `None` for what cannot.
    pub fn items(&self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::List(list) => Some(
                list.iter().enumerate().map(|(at, value)| (Self::Int(at as i64), value.clone())).collect(),
            ),
            Self::Map(map) => Some(map.iter().map(|(key, value)| (Self::str(key), value.clone())).collect()),
            Self::Null | Self::Missing => Some(Vec::new()),
            Self::Object(object) => object.items(),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.type_name(), self.display())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::str(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// A duration as Go prints it: `1h2m3.5s`, `1.5ms`, `0s`.
pub fn format_duration(nanos: i64) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let total = nanos.unsigned_abs();
    let fraction = |value: u64, unit: u64| {
        let whole = value / unit;
        let digits = unit.ilog10() as usize;
        let rest = format!("{:0digits$}", value % unit);
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() || digits == 0 { whole.to_string() } else { format!("{whole}.{rest}") }
    };
    match total {
        0..1_000 => format!("{sign}{total}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(total, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(total, 1_000_000)),
        _ => {
            let minutes = total / 60_000_000_000;
            let seconds = fraction(total % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}
