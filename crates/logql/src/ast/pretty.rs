//! Prints a tree over several lines when it does not fit on one: what `/loki/api/v1/format_query` answers.

use super::*;

/// Longest line that is not broken up. Loki's `MaxCharsPerLine`.
const MAX_LINE: usize = 100;

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

fn fits(text: &str) -> bool {
    text.len() <= MAX_LINE
}

impl Expr {
    pub fn pretty(&self) -> String {
        match self {
            Self::Log(log) => log.pretty(0),
            Self::Metric(metric) => metric.pretty(0),
        }
    }
}

impl LogExpr {
    fn pretty(&self, level: usize) -> String {
        let whole = self.to_string();
        if fits(&whole) || self.stages.is_empty() {
            return indent(level) + &whole;
        }
        let mut lines = vec![indent(level) + &super::print::selector(&self.matchers)];
        lines.extend(self.stages.iter().map(|stage| format!("{}{stage}", indent(level + 1))));
        lines.join("\n")
    }
}

impl LogRange {
    fn pretty(&self, level: usize) -> String {
        let mut out = self.log.pretty(level);
        if let Some(unwrap) = &self.unwrap {
            out += &format!("\n{}{unwrap}", indent(level + 1));
        }
        format!("{out} {}", self.window())
    }
}

impl MetricExpr {
    fn pretty(&self, level: usize) -> String {
        let whole = self.to_string();
        if fits(&whole) {
            return indent(level) + &whole;
        }
        let pad = indent(level);
        match self {
            Self::Range(aggregation) => {
                let mut arguments = Vec::new();
                if let Some(parameter) = aggregation.parameter {
                    arguments.push(format!("{}{}", indent(level + 1), crate::units::format_float(parameter)));
                }
                arguments.push(aggregation.range.pretty(level + 1));
                let grouping = aggregation.grouping.as_ref().map_or_else(String::new, |by| format!(" {by}"));
                format!("{pad}{}(\n{}\n{pad}){grouping}", aggregation.op.name(), arguments.join(",\n"))
            }
            Self::Vector(aggregation) => {
                let mut arguments = Vec::new();
                if let Some(parameter) = aggregation.parameter {
                    arguments.push(format!("{}{parameter}", indent(level + 1)));
                }
                arguments.push(aggregation.inner.pretty(level + 1));
                let grouping = aggregation.grouping.as_ref().map_or_else(String::new, |by| format!(" {by}"));
                format!("{pad}{}{grouping}(\n{}\n{pad})", aggregation.op.name(), arguments.join(",\n"))
            }
            Self::Binary(binary) => {
                let modifiers = format!(
                    "{}{}",
                    if binary.bool_modifier { " bool" } else { "" },
                    binary.matching.as_ref().map_or_else(String::new, ToString::to_string)
                );
                format!(
                    "{pad}(\n{}\n{}{}{modifiers}\n{}\n{pad})",
                    binary.left.pretty(level + 1),
                    indent(level + 1),
                    binary.op.as_str(),
                    binary.right.pretty(level + 1)
                )
            }
            Self::LabelReplace(replace) => {
                let texts = [&replace.destination, &replace.replacement, &replace.source, &replace.pattern];
                let mut arguments = vec![replace.inner.pretty(level + 1)];
                arguments.extend(
                    texts.iter().map(|text| format!("{}{}", indent(level + 1), crate::units::quote(text))),
                );
                format!("{pad}label_replace(\n{}\n{pad})", arguments.join(",\n"))
            }
            Self::Literal(_) | Self::Constant(_) => pad + &whole,
        }
    }
}
