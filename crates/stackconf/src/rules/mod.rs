//! Rule files: groups of recording and alerting rules, as Prometheus and Loki's ruler read them. Expressions and templates
//! are kept as text; whoever evaluates them parses them and reports with [`Rule::line`].

use crate::error::ConfigError;
use crate::relabel;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use crate::{Loaded, load_with, parse_with};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub static FILE: Shape = Shape { path: "rule file", keys: &["groups"], no_effect: &[], unsupported: &[] };
pub static GROUP: Shape = Shape {
    path: "groups[]",
    keys: &["name", "interval", "limit", "query_offset", "labels", "rules"],
    no_effect: &[],
    unsupported: &["partial_response_strategy"],
};
pub static RULE: Shape = Shape {
    path: "groups[].rules[]",
    keys: &["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"],
    no_effect: &[],
    unsupported: &[],
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFile {
    pub groups: Vec<RuleGroup>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleGroup {
    pub name: String,
    /// Absent: the global evaluation interval.
    pub interval: Option<Duration>,
    /// Most series or alerts a rule may give; 0 is no limit.
    pub limit: u64,
    /// How far in the past the rules look.
    pub query_offset: Duration,
    pub rules: Vec<Rule>,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub kind: RuleKind,
    pub expr: String,
    /// The group's labels are merged in; the rule's own win.
    pub labels: BTreeMap<String, String>,
    pub line: u32,
    /// The line on which the expression starts.
    pub expr_line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleKind {
    Record { metric: String },
    Alert { name: String, hold: Duration, keep_firing_for: Duration, annotations: BTreeMap<String, String> },
}

impl Rule {
    /// The name of the record or of the alert.
    pub fn name(&self) -> &str {
        match &self.kind {
            RuleKind::Record { metric } => metric,
            RuleKind::Alert { name, .. } => name,
        }
    }
}

/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse(file: &str, text: &str) -> Result<Loaded<RuleFile>, ConfigError> {
    parse_with(file, text, RuleFile::from_node)
}

/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn load(path: &Path) -> Result<Loaded<RuleFile>, ConfigError> {
    load_with(path, parse)
}

impl FromNode for RuleFile {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &FILE, ctx)?;
        let groups: Vec<RuleGroup> = s.or_default("groups")?;
        for (index, group) in groups.iter().enumerate() {
            if groups[..index].iter().any(|other| other.name == group.name) {
                return Err(
                    s.bad("groups", format!("group name {:?} is used twice in this file", group.name))
                );
            }
        }
        Ok(Self { groups })
    }
}

impl FromNode for RuleGroup {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &GROUP, ctx)?;
        let name: String = s.req("name")?;
        if name.is_empty() {
            return Err(s.bad("name", "the group's name is empty"));
        }
        let labels = relabel::labels(&s, "labels")?;
        let mut rules: Vec<Rule> = s.or_default("rules")?;
        for rule in &mut rules {
            for (name, value) in &labels {
                rule.labels.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        Ok(Self {
            name,
            interval: s.opt("interval")?,
            limit: s.or("limit", 0)?,
            query_offset: s.or_default("query_offset")?,
            rules,
            line: s.at.line,
        })
    }
}

impl FromNode for Rule {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &RULE, ctx)?;
        let expr: String = s.req("expr")?;
        if expr.trim().is_empty() {
            return Err(s.bad("expr", "the expression is empty"));
        }
        let labels = relabel::labels(&s, "labels")?;
        if labels.contains_key("__name__") {
            return Err(s.bad("labels", "the label __name__ cannot be set by a rule"));
        }
        let kind = match (s.opt::<String>("record")?, s.opt::<String>("alert")?) {
            (Some(_), Some(_)) => return Err(s.bad("alert", "a rule has either record or alert, not both")),
            (None, None) => {
                return Err(ctx.invalid(s.at, "found neither record nor alert, a rule needs one of them"));
            }
            (Some(metric), None) => {
                if !relabel::is_metric_name(&metric) {
                    return Err(s.bad("record", format!("found {metric:?}, expected a metric name")));
                }
                for key in ["for", "keep_firing_for", "annotations"] {
                    if s.has(key) {
                        return Err(s.bad(key, format!("a recording rule has no {key}")));
                    }
                }
                RuleKind::Record { metric }
            }
            (None, Some(name)) => RuleKind::Alert {
                name,
                hold: s.or_default("for")?,
                keep_firing_for: s.or_default("keep_firing_for")?,
                annotations: relabel::labels(&s, "annotations")?,
            },
        };
        let expr_line = s.node("expr").map_or(s.at.line, |node| node.at.line);
        Ok(Self { kind, expr, labels, line: s.at.line, expr_line })
    }
}

#[cfg(test)]
mod tests;
