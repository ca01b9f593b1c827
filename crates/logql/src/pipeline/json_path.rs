//! `json a="x.y[0]"`: picks single values out of a JSON line.

use super::fields::JSON_ERROR;
use super::json::{self, Type};
use super::{Line, Step};
use crate::ast::Extraction;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

pub(super) struct JsonPathStep {
    paths: Vec<(String, Vec<Segment>)>,
}

impl JsonPathStep {
    pub(super) fn new(expressions: &[Extraction]) -> Result<Self, String> {
        let paths = expressions
            .iter()
            .map(|extraction| {
                let path = parse_path(&extraction.expression).map_err(|reason| {
                    format!("cannot parse expression [{}]: syntax error: {reason}", extraction.expression)
                })?;
                Ok((extraction.label.clone(), path))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { paths })
    }
}

impl Step for JsonPathStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        if line.text.is_empty() || line.hints.skip_parsers {
            return true;
        }
        // A line that cannot be JSON gets the error without details and no labels; a broken one is read as far as it goes.
        if !line.text.trim_start().starts_with(['{', '[']) {
            line.fields.set_error(JSON_ERROR, "");
            return true;
        }
        for (label, path) in &self.paths {
            let found = lookup(&line.text, path);
            line.fields.extract_named(label, found.as_deref().unwrap_or(""));
        }
        true
    }
}

/// The text of the value at `path`; objects and arrays as they are written.
fn lookup(text: &str, path: &[Segment]) -> Option<String> {
    let Some((first, rest)) = path.split_first() else {
        let value = json::value(text, 0).ok()?.0;
        return (value.kind != Type::Null).then(|| value.text().into_owned());
    };
    let mut found = None;
    let mut step = |value: json::Raw<'_>| {
        found = if rest.is_empty() {
            (value.kind != Type::Null).then(|| value.text().into_owned())
        } else {
            lookup(value.raw, rest)
        };
    };
    match first {
        Segment::Key(wanted) => {
            let _ = json::each_field(text, &mut |key, value| {
                let hit = key == wanted.as_str();
                if hit {
                    step(value);
                }
                Ok(!hit)
            });
        }
        Segment::Index(index) => step(element(text, *index)?),
    }
    found
}

fn element(text: &str, index: usize) -> Option<json::Raw<'_>> {
    let mut at = text.find(|c: char| !c.is_whitespace()).filter(|at| text[*at..].starts_with('['))? + 1;
    for _ in 0..index {
        let (_, after) = json::value(text, at).ok()?;
        let comma = text[after..].find(|c: char| !c.is_whitespace())?;
        at = after + comma + 1;
        if !text[after + comma..].starts_with(',') {
            return None;
        }
    }
    json::value(text, at).ok().map(|(value, _)| value)
}

/// `a.b`, `a[0]`, `["a b"].c`.
fn parse_path(text: &str) -> Result<Vec<Segment>, String> {
    let mut path = Vec::new();
    let mut rest = text.trim();
    let mut after_dot = true;
    if rest.is_empty() {
        return Err("unexpected $end, expecting FIELD".to_owned());
    }
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').ok_or("unexpected $end, expecting RSB")?;
            let inside = inner[..end].trim();
            if let Some(key) = inside.strip_prefix('"') {
                let key = key.strip_suffix('"').ok_or("unexpected $end, expecting STRING")?;
                path.push(Segment::Key(json::unescape(key).into_owned()));
            } else {
                let index = inside.parse().map_err(|_| format!("unexpected {inside:?}, expecting INDEX"))?;
                path.push(Segment::Index(index));
            }
            rest = &inner[end + 1..];
            after_dot = false;
        } else if let Some(next) = rest.strip_prefix('.') {
            if after_dot {
                return Err("unexpected DOT, expecting FIELD".to_owned());
            }
            if next.is_empty() {
                return Err("unexpected $end, expecting FIELD".to_owned());
            }
            rest = next;
            after_dot = true;
        } else {
            let length = rest.find(['.', '[']).unwrap_or(rest.len());
            let field = &rest[..length];
            let valid = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '@';
            if let Some(bad) = field.chars().find(|c| !valid(*c)) {
                return Err(format!("unexpected {bad:?}, expecting FIELD"));
            }
            if !after_dot {
                return Err("unexpected FIELD, expecting DOT or LSB".to_owned());
            }
            path.push(Segment::Key(field.to_owned()));
            rest = &rest[length..];
            after_dot = false;
        }
    }
    Ok(path)
}
