//! How single values are read: text, numbers, booleans, durations in Prometheus's and in Go's manner, sizes.

use super::{Context, FromNode, Node, Value};
use crate::error::ConfigError;
use std::time::Duration;

impl FromNode for String {
    /// A number or a boolean is taken as it was written: `env: 1` is the label value `1`.
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Scalar(scalar) => Ok(scalar.text.clone()),
            Value::Null => Ok(String::new()),
            _ => Err(ctx.wrong_type(node, "text")),
        }
    }
}

impl FromNode for bool {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Scalar(scalar) if !scalar.is_string && scalar.text == "true" => Ok(true),
            Value::Scalar(scalar) if !scalar.is_string && scalar.text == "false" => Ok(false),
            _ => Err(ctx.wrong_type(node, "true or false")),
        }
    }
}

impl FromNode for u64 {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        number(node).ok_or_else(|| ctx.wrong_type(node, "a whole number of at least 0"))
    }
}

impl FromNode for u16 {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        number(node).ok_or_else(|| ctx.wrong_type(node, "a whole number from 0 to 65535"))
    }
}

impl FromNode for i64 {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        number(node).ok_or_else(|| ctx.wrong_type(node, "a whole number"))
    }
}

impl FromNode for f64 {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        number(node).ok_or_else(|| ctx.wrong_type(node, "a number"))
    }
}

/// Numbers must not be quoted, as in Go's YAML.
fn number<T: std::str::FromStr>(node: &Node) -> Option<T> {
    match &node.value {
        Value::Scalar(scalar) if !scalar.is_string => scalar.text.replace('_', "").parse().ok(),
        _ => None,
    }
}

/// A duration as Prometheus, Alertmanager and Promtail's discovery write it: `30s`, `1h30m`, `15d`.
impl FromNode for Duration {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let text = String::from_node(node, ctx)?;
        model::duration::parse_duration(&text).map_err(|error| ctx.invalid(node.at, error.to_string()))
    }
}

/// A duration as Go programs such as Loki and Tempo write it: like Prometheus's, and `1.5h`, `300us`, `100ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(pub Duration);

impl GoDuration {
    /// Reads `1h15m30.5s`; `0` needs no unit. Prometheus's longer units (d, w, y) are taken as well, as Loki does.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "0" {
            return Some(Self(Duration::ZERO));
        }
        let mut rest = text;
        let mut seconds = 0.0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
            let number: f64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
            let unit = match &rest[..letters] {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 7.0 * 86_400.0,
                "y" => 365.0 * 86_400.0,
                _ => return None,
            };
            seconds += number * unit;
            rest = &rest[letters..];
        }
        // Rounded to the nanosecond, so that 0.3 s is 300 ms and not 299.999999 ms.
        Duration::try_from_secs_f64(seconds).ok().map(|d| Self(d.max(Duration::ZERO)))
    }
}

impl FromNode for GoDuration {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let text = String::from_node(node, ctx)?;
        Self::parse(&text).ok_or_else(|| ctx.wrong_type(node, "a duration such as 1h30m, 10s or 500ms"))
    }
}

/// A number of bytes: `4MB`, `512KiB`, `1e6`, `1000`. As in Loki and Prometheus, `KB` is 1024 like `KiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let number: f64 = text[..digits].trim().parse().ok()?;
        let power = match text[digits..].trim().to_ascii_uppercase().as_str() {
            "" | "B" => 0,
            "K" | "KB" | "KIB" => 1,
            "M" | "MB" | "MIB" => 2,
            "G" | "GB" | "GIB" => 3,
            "T" | "TB" | "TIB" => 4,
            _ => return None,
        };
        let bytes = number * 1024f64.powi(power);
        // The cast is exact enough: sizes above 2^53 bytes do not occur, and infinity saturates.
        (bytes >= 0.0).then_some(Self(bytes as u64))
    }
}

impl FromNode for ByteSize {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let text = String::from_node(node, ctx)?;
        Self::parse(&text).ok_or_else(|| ctx.wrong_type(node, "a size such as 4MB or 1024"))
    }
}
