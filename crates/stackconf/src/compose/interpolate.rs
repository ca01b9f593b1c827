//! `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, `${NAME:+word}`, `$NAME` and `$$` in compose files.

use crate::error::ConfigError;
use crate::yaml::{Context, Entry, Node, Scalar, Value};
use std::collections::BTreeMap;

/// Replaces variables in every scalar of a tree.
pub(super) fn tree(
    node: &Node,
    ctx: &Context,
    variables: &BTreeMap<String, String>,
) -> Result<Node, ConfigError> {
    let value = match &node.value {
        Value::Null => Value::Null,
        Value::Scalar(scalar) => Value::Scalar(Scalar {
            text: interpolate(&scalar.text, variables).map_err(|reason| ctx.invalid(node.at, reason))?,
            is_string: scalar.is_string,
        }),
        Value::Seq(items) => {
            Value::Seq(items.iter().map(|item| tree(item, ctx, variables)).collect::<Result<_, _>>()?)
        }
        Value::Map(entries) => {
            let read = |entry: &Entry| -> Result<Entry, ConfigError> {
                Ok(Entry { value: tree(&entry.value, ctx, variables)?, ..entry.clone() })
            };
            Value::Map(entries.iter().map(read).collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { value, at: node.at })
}

/// Replaces the variables of one text. Defaults may hold variables themselves.
///
/// # Errors
/// A reference that is not closed or no name, a required variable that is unset.
pub fn interpolate(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = closing(after).ok_or_else(|| format!("${{ without }} in {text:?}"))?;
            out.push_str(&reference(&after[..end], variables)?);
            rest = &after[end + 1..];
        } else {
            let length = name_length(rest);
            if length == 0 {
                return Err(format!(
                    "found a $ that starts no variable in {text:?}, write $$ for the character"
                ));
            }
            out.push_str(variables.get(&rest[..length]).map_or("", String::as_str));
            rest = &rest[length..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The index of the bracket that closes a reference, brackets of nested references counted.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn reference(inner: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let length = name_length(inner);
    let (name, rest) = inner.split_at(length);
    let value = variables.get(name);
    let set = value.filter(|value| !value.is_empty());
    if name.is_empty() {
        return Err(format!("found ${{{inner}}}, expected the name of a variable"));
    }
    let plain = |value: Option<&String>| value.cloned().unwrap_or_default();
    match rest.get(..2).unwrap_or(rest) {
        "" => Ok(plain(value)),
        ":-" => set.map_or_else(|| interpolate(&rest[2..], variables), |value| Ok(value.clone())),
        ":+" => set.map_or(Ok(String::new()), |_| interpolate(&rest[2..], variables)),
        ":?" => set.cloned().ok_or_else(|| format!("variable {name} is not set: {}", &rest[2..])),
        _ if rest.starts_with('-') => {
            value.map_or_else(|| interpolate(&rest[1..], variables), |value| Ok(value.clone()))
        }
        _ if rest.starts_with('?') => {
            value.cloned().ok_or_else(|| format!("variable {name} is not set: {}", &rest[1..]))
        }
        _ => Err(format!("found ${{{inner}}}, expected one of :- - :+ :? ? after the name")),
    }
}

fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}
