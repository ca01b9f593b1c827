//! `relabel_configs` as Prometheus and Promtail write them. Applying them is the collector's work.
//!
//! Source of the actions and defaults: Prometheus documentation, configuration, `relabel_config`.

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use regex::Regex;

pub static RELABEL: Shape = Shape {
    path: "relabel_configs[]",
    keys: &["source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action"],
    no_effect: &[],
    unsupported: &[],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelabelAction {
    Replace,
    Lowercase,
    Uppercase,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
}

#[derive(Clone, Debug)]
pub struct RelabelConfig {
    pub source_labels: Vec<String>,
    pub separator: String,
    /// Anchored at both ends; `.` matches a newline.
    pub regex: Regex,
    /// The expression as written.
    pub regex_text: String,
    pub modulus: u64,
    pub target_label: String,
    /// May refer to groups of `regex` as `$1`, `${1}` or `${name}`.
    pub replacement: String,
    pub action: RelabelAction,
    pub line: u32,
}

const ACTIONS: &[(&str, RelabelAction)] = &[
    ("replace", RelabelAction::Replace),
    ("lowercase", RelabelAction::Lowercase),
    ("uppercase", RelabelAction::Uppercase),
    ("keep", RelabelAction::Keep),
    ("drop", RelabelAction::Drop),
    ("keepequal", RelabelAction::KeepEqual),
    ("dropequal", RelabelAction::DropEqual),
    ("hashmod", RelabelAction::HashMod),
    ("labelmap", RelabelAction::LabelMap),
    ("labeldrop", RelabelAction::LabelDrop),
    ("labelkeep", RelabelAction::LabelKeep),
];

impl FromNode for RelabelConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &RELABEL, ctx)?;
        let action = s.word("action", RelabelAction::Replace, ACTIONS)?;
        let regex_text: String = s.or("regex", "(.*)".to_owned())?;
        let regex = anchored(&regex_text).map_err(|reason| s.bad("regex", reason))?;
        let config = Self {
            source_labels: s.or_default("source_labels")?,
            separator: s.or("separator", ";".to_owned())?,
            regex,
            regex_text,
            modulus: s.or("modulus", 0)?,
            target_label: s.or_default("target_label")?,
            // An empty replacement is a value of its own: it removes the label.
            replacement: s.or("replacement", "$1".to_owned())?,
            action,
            line: s.at.line,
        };
        use RelabelAction as A;
        let needs_target = matches!(
            action,
            A::Replace | A::Lowercase | A::Uppercase | A::HashMod | A::KeepEqual | A::DropEqual
        );
        if needs_target && config.target_label.is_empty() {
            return Err(s.missing("target_label"));
        }
        if action == A::HashMod && config.modulus == 0 {
            return Err(s.bad("modulus", "action hashmod needs a modulus of at least 1"));
        }
        if matches!(action, A::LabelDrop | A::LabelKeep) && !config.source_labels.is_empty() {
            return Err(s.bad(
                "source_labels",
                "actions labeldrop and labelkeep look at label names: only regex is allowed",
            ));
        }
        Ok(config)
    }
}

/// Compiles an expression the way Prometheus does: anchored, `.` matches newlines too.
///
/// # Errors
/// What is wrong with the expression, in one line.
pub fn anchored(text: &str) -> Result<Regex, String> {
    // Compiled bare first, so that a lone bracket cannot close the group added here.
    compile(text)?;
    model::matcher::anchored(text).map_err(|error| explain(text, &error))
}

/// Compiles an expression as it stands, unanchored, as pipeline stages use it. A brace that counts nothing stands for itself,
/// as in Go.
///
/// # Errors
/// What is wrong with the expression, in one line.
pub fn compile(text: &str) -> Result<Regex, String> {
    let escaped = || Regex::new(&model::matcher::escape_lone_braces(text));
    Regex::new(text).or_else(|error| escaped().map_err(|_| error)).map_err(|error| explain(text, &error))
}

fn explain(text: &str, error: &regex::Error) -> String {
    let reason = error.to_string();
    let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    format!("invalid regular expression {text:?}: {last}")
}

/// Whether a name may be a label: letters, digits and underscores, no digit first.
pub fn is_label_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a name may be a metric: a label name, with colons.
pub fn is_metric_name(name: &str) -> bool {
    !name.is_empty() && is_label_name(&name.replace(':', "_"))
}

/// Reads a mapping of label names to values and refuses names that are none.
pub(crate) fn labels(
    s: &Section,
    key: &str,
) -> Result<std::collections::BTreeMap<String, String>, ConfigError> {
    let labels: std::collections::BTreeMap<String, String> = s.or_default(key)?;
    match labels.keys().find(|name| !is_label_name(name)) {
        Some(name) => Err(s.bad(
            key,
            format!("found label name {name:?}, expected letters, digits and underscores, no digit first"),
        )),
        None => Ok(labels),
    }
}

#[cfg(test)]
mod tests;
