//! Writes a query the way upstream normalises it: `sum by (job) (rate(x[5m]))`.

use super::{Aggregate, At, Binary, BinaryOp, Cardinality, Expr, Node, Selector, Subquery};
use crate::num::{format_float, quote};
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

fn duration(millis: i64) -> String {
    let text = model::duration::format_duration(Duration::from_millis(millis.unsigned_abs()));
    if millis < 0 { format!("-{text}") } else { text }
}

/// Whether a label name can stand without quotes.
pub(super) fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn label(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { quote(name) }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| label(name)).collect::<Vec<_>>().join(", ")
}

fn modifiers(f: &mut Formatter<'_>, at: Option<At>, offset: i64) -> fmt::Result {
    match at {
        None => {}
        Some(At::Start) => f.write_str(" @ start()")?,
        Some(At::End) => f.write_str(" @ end()")?,
        Some(At::Time(millis)) => write!(f, " @ {:.3}", millis as f64 / 1e3)?,
    }
    if offset != 0 {
        write!(f, " offset {}", duration(offset))?;
    }
    Ok(())
}

impl Selector {
    fn print(&self, f: &mut Formatter<'_>, range: Option<i64>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("");
        f.write_str(name)?;
        let implied = |matcher: &model::Matcher| {
            self.name.is_some()
                && matcher.op == model::MatchOp::Equal
                && matcher.name == model::labels::METRIC_NAME
        };
        let parts: Vec<String> = self
            .matchers
            .iter()
            .filter(|matcher| !implied(matcher))
            .map(|matcher| {
                format!("{}{}{}", label(&matcher.name), matcher.op.as_str(), quote(&matcher.value))
            })
            .collect();
        if !parts.is_empty() || name.is_empty() {
            write!(f, "{{{}}}", parts.join(","))?;
        }
        if let Some(range) = range {
            write!(f, "[{}]", duration(range))?;
        }
        modifiers(f, self.at, self.offset)
    }
}

impl Subquery {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let step = self.step.map(duration).unwrap_or_default();
        write!(f, "{}[{}:{step}]", self.expr, duration(self.range))?;
        modifiers(f, self.at, self.offset)
    }
}

impl Aggregate {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.name())?;
        if self.without {
            write!(f, " without ({}) ", list(&self.grouping))?;
        } else if !self.grouping.is_empty() {
            write!(f, " by ({}) ", list(&self.grouping))?;
        }
        match &self.param {
            Some(param) => write!(f, "({param}, {})", self.expr),
            None => write!(f, "({})", self.expr),
        }
    }
}

impl Binary {
    fn print(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.left, self.op.name())?;
        if self.return_bool {
            f.write_str(" bool")?;
        }
        let matching = &self.matching;
        let grouped = matches!(matching.card, Cardinality::ManyToOne | Cardinality::OneToMany);
        if matching.on || !matching.labels.is_empty() || grouped {
            write!(f, " {} ({})", if matching.on { "on" } else { "ignoring" }, list(&matching.labels))?;
        }
        match matching.card {
            Cardinality::ManyToOne => write!(f, " group_left ({})", list(&matching.include))?,
            Cardinality::OneToMany => write!(f, " group_right ({})", list(&matching.include))?,
            Cardinality::OneToOne | Cardinality::ManyToMany => {}
        }
        match (matching.fill_left, matching.fill_right) {
            (Some(left), Some(right)) if left.to_bits() == right.to_bits() => {
                write!(f, " fill ({})", format_float(left))?;
            }
            (left, right) => {
                if let Some(left) = left {
                    write!(f, " fill_left ({})", format_float(left))?;
                }
                if let Some(right) = right {
                    write!(f, " fill_right ({})", format_float(right))?;
                }
            }
        }
        write!(f, " {}", self.right)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Number(value) => f.write_str(&format_float(*value)),
            Node::Text(text) => f.write_str(text.bad.as_deref().unwrap_or(&quote(&text.value))),
            Node::Vector(selector) => selector.print(f, None),
            Node::Matrix(selector, range) => selector.print(f, Some(*range)),
            Node::Subquery(subquery) => subquery.print(f),
            Node::Call(call) => {
                let args: Vec<String> = call.args.iter().map(ToString::to_string).collect();
                write!(f, "{}({})", call.function.name, args.join(", "))
            }
            Node::Aggregate(aggregate) => aggregate.print(f),
            Node::Binary(binary) => binary.print(f),
            Node::Negate(inner) => write!(f, "-{inner}"),
            Node::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

impl Display for BinaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
