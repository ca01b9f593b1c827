//! Prints a tree on one line, so that parsing the text gives the same tree.

use super::*;
use crate::units::{format_bytes, format_float, format_go_duration, format_range, quote};
use std::fmt::{self, Display, Formatter};

fn joined<T: Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(log) => log.fmt(f),
            Self::Metric(metric) => metric.fmt(f),
        }
    }
}

/// A selector alone: `{a="b", c=~"d"}`.
pub(super) fn selector(matchers: &[Matcher]) -> String {
    let all: Vec<_> = matchers.iter().map(matcher).collect();
    format!("{{{}}}", all.join(", "))
}

fn matcher(matcher: &Matcher) -> String {
    format!("{}{}{}", matcher.name, matcher.op.as_str(), quote(&matcher.value))
}

impl Display for LogExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&selector(&self.matchers))?;
        self.stages.iter().try_for_each(|stage| write!(f, " {stage}"))
    }
}

impl Display for LineMatch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quote(text)),
            Self::Ip(pattern) => write!(f, "ip({})", quote(pattern)),
        }
    }
}

impl Display for LineFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.alternatives.iter().map(ToString::to_string).collect();
        write!(f, "{} {}", self.op.as_str(), all.join(" or "))
    }
}

impl Display for Extraction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.label, quote(&self.expression))
    }
}

impl Display for LabelFormat {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.value {
            FormatValue::Rename(from) => write!(f, "{}={from}", self.name),
            FormatValue::Template(template) => write!(f, "{}={}", self.name, quote(template)),
        }
    }
}

impl Display for LabelPick {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Matching(picked) => f.write_str(&matcher(picked)),
        }
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineFilter(filter) => filter.fmt(f),
            Self::Json(expressions) if expressions.is_empty() => f.write_str("| json"),
            Self::Json(expressions) => write!(f, "| json {}", joined(expressions)),
            Self::Logfmt { strict, keep_empty, expressions } => {
                f.write_str("| logfmt")?;
                if *strict {
                    f.write_str(" --strict")?;
                }
                if *keep_empty {
                    f.write_str(" --keep-empty")?;
                }
                if expressions.is_empty() { Ok(()) } else { write!(f, " {}", joined(expressions)) }
            }
            Self::Pattern(pattern) => write!(f, "| pattern {}", quote(pattern)),
            Self::Regexp(regexp) => write!(f, "| regexp {}", quote(regexp)),
            Self::Unpack => f.write_str("| unpack"),
            Self::LabelFilter(filter) => write!(f, "| {filter}"),
            Self::LineFormat(template) => write!(f, "| line_format {}", quote(template)),
            Self::LabelFormat(formats) => write!(f, "| label_format {}", joined(formats)),
            Self::Drop(picks) => write!(f, "| drop {}", joined(picks)),
            Self::Keep(picks) => write!(f, "| keep {}", joined(picks)),
            Self::Decolorize => f.write_str("| decolorize"),
        }
    }
}

impl Display for LabelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => write!(f, "( {left} , {right} )"),
            Self::Or(left, right) => write!(f, "( {left} or {right} )"),
            Self::Text(text) => f.write_str(&matcher(text)),
            Self::Number { name, op, value } => write!(f, "{name}{}{}", op.as_str(), format_float(*value)),
            Self::Duration { name, op, value } => {
                write!(f, "{name}{}{}", op.as_str(), format_go_duration(*value))
            }
            Self::Bytes { name, op, value } => write!(f, "{name}{}{}", op.as_str(), exact_bytes(*value)),
            Self::Ip { name, negative, pattern } => {
                let op = if *negative { "!=" } else { "=" };
                write!(f, "{name}{op}ip({})", quote(pattern))
            }
        }
    }
}

/// The short form where it says the same number, else plain bytes: a printed filter must mean what it meant.
fn exact_bytes(value: u64) -> String {
    let short = format_bytes(value);
    if crate::units::parse_bytes(&short) == Some(value) { short } else { format!("{value}B") }
}

impl Display for Unwrap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.conversion {
            None => write!(f, "| unwrap {}", self.label)?,
            Some(Conversion::Duration) => write!(f, "| unwrap duration({})", self.label)?,
            Some(Conversion::DurationSeconds) => write!(f, "| unwrap duration_seconds({})", self.label)?,
            Some(Conversion::Bytes) => write!(f, "| unwrap bytes({})", self.label)?,
        }
        self.filters.iter().try_for_each(|filter| write!(f, " | {filter}"))
    }
}

impl LogRange {
    /// `[5m] offset 1h`.
    pub(super) fn window(&self) -> String {
        let offset = match self.offset {
            0 => String::new(),
            offset => format!(" offset {}", format_range(offset)),
        };
        format!("[{}]{offset}", format_range(self.range))
    }
}

impl Display for LogRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.log.fmt(f)?;
        if let Some(unwrap) = &self.unwrap {
            write!(f, " {unwrap}")?;
        }
        f.write_str(&self.window())
    }
}

impl Display for Grouping {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", if self.without { "without" } else { "by" }, self.labels.join(","))
    }
}

impl Display for Matching {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.on || !self.labels.is_empty() {
            write!(f, " {} ({})", if self.on { "on" } else { "ignoring" }, self.labels.join(","))?;
        }
        match self.card {
            Card::OneToOne => Ok(()),
            Card::ManyToOne => write!(f, " group_left ({})", self.include.join(",")),
            Card::OneToMany => write!(f, " group_right ({})", self.include.join(",")),
        }
    }
}

/// A literal as an operand: a negative one needs its sign right before the digits, which the lexer reads back.
fn literal(value: f64) -> String {
    if value.is_nan() {
        "(0 / 0)".to_owned()
    } else if value.is_infinite() {
        // Read back as infinity, because it is too large for a float.
        if value > 0.0 { "1e999".to_owned() } else { "-1e999".to_owned() }
    } else {
        format_float(value)
    }
}

impl Display for MetricExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(aggregation) => {
                write!(f, "{}(", aggregation.op.name())?;
                if let Some(parameter) = aggregation.parameter {
                    write!(f, "{},", format_float(parameter))?;
                }
                write!(f, "{})", aggregation.range)?;
                aggregation.grouping.as_ref().map_or(Ok(()), |grouping| write!(f, " {grouping}"))
            }
            Self::Vector(aggregation) => {
                f.write_str(aggregation.op.name())?;
                if let Some(grouping) = &aggregation.grouping {
                    write!(f, " {grouping}")?;
                }
                f.write_str("(")?;
                if let Some(parameter) = aggregation.parameter {
                    write!(f, "{parameter},")?;
                }
                write!(f, "{})", aggregation.inner)
            }
            Self::Binary(binary) => {
                write!(f, "({} {}", binary.left, binary.op.as_str())?;
                if binary.bool_modifier {
                    f.write_str(" bool")?;
                }
                if let Some(matching) = &binary.matching {
                    matching.fmt(f)?;
                }
                write!(f, " {})", binary.right)
            }
            Self::Literal(value) => f.write_str(&literal(*value)),
            Self::Constant(value) => write!(f, "vector({})", format_float(*value)),
            Self::LabelReplace(replace) => write!(
                f,
                "label_replace({},{},{},{},{})",
                replace.inner,
                quote(&replace.destination),
                quote(&replace.replacement),
                quote(&replace.source),
                quote(&replace.pattern)
            ),
        }
    }
}

#[cfg(test)]
mod tests;
