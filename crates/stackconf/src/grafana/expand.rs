//! Grafana's expansion of variables in provisioning files.

use crate::yaml::{Entry, Node, Scalar, Value};
use std::collections::BTreeMap;

/// Expands every value of a tree; keys stay as they are.
pub(super) fn tree(node: &Node, variables: &BTreeMap<String, String>) -> Node {
    let value = match &node.value {
        Value::Null => Value::Null,
        Value::Scalar(scalar) => {
            Value::Scalar(Scalar { text: expand(&scalar.text, variables), is_string: scalar.is_string })
        }
        Value::Seq(items) => Value::Seq(items.iter().map(|item| tree(item, variables)).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|entry| Entry { value: tree(&entry.value, variables), ..entry.clone() })
                .collect(),
        ),
    };
    Node { value, at: node.at }
}

/// `$NAME` and `${NAME}` become the variable or nothing, `$$` a dollar sign. A dollar sign before anything else stays.
pub fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let value = |name: &str| variables.get(name).map_or("", String::as_str);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        if let Some((name, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            out.push_str(value(name));
            rest = after;
            continue;
        }
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        // `$1` is a group of a regular expression, no variable.
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            out.push('$');
        } else {
            out.push_str(value(&rest[..length]));
            rest = &rest[length..];
        }
    }
    out.push_str(rest);
    out
}
