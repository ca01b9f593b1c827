//! The templates of `line_format` and `label_format`: Go templates whose dot is the line's labels.
//!
//! Most templates only put labels into text; those run without building a map of the labels.

mod decimal;
mod functions;
mod numbers;
mod times;

use super::fields::Fields;
use gotmpl::{FuncMap, MissingKey, Template, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// The functions of a line's template: also those of Promtail's `template` stage.
pub fn functions() -> FuncMap {
    functions::all()
}

/// What `__line__` and `__timestamp__` stand for while a template runs.
#[derive(Clone, Default)]
struct Current {
    line: Arc<str>,
    t: i64,
}

enum Part {
    Text(String),
    Label(String),
    Line,
}

enum Kind {
    Simple(Vec<Part>),
    Full { template: Template, current: Arc<Mutex<Current>> },
}

pub(super) struct LineTemplate(Kind);

impl LineTemplate {
    pub(super) fn new(name: &str, text: &str) -> Result<Self, String> {
        if let Some(parts) = simple(text) {
            return Ok(Self(Kind::Simple(parts)));
        }
        let current = Arc::new(Mutex::new(Current::default()));
        let functions = with_current(functions::all(), &current);
        let template = Template::parse(name, text, &functions).map_err(|error| error.to_string())?;
        Ok(Self(Kind::Full { template: template.missing_key(MissingKey::Empty), current }))
    }

    pub(super) fn execute(&self, line: &str, t: i64, fields: &Fields) -> Result<String, String> {
        match &self.0 {
            Kind::Simple(parts) => {
                let mut out = String::new();
                for part in parts {
                    out.push_str(match part {
                        Part::Text(text) => text,
                        Part::Label(name) => fields.get(name).unwrap_or(""),
                        Part::Line => line,
                    });
                }
                Ok(out)
            }
            Kind::Full { template, current } => {
                *current.lock().unwrap_or_else(PoisonError::into_inner) = Current { line: line.into(), t };
                let data = Value::strings(fields.iter().map(|(name, value, _)| (name, value)));
                template.execute(&data).map_err(|error| error.to_string())
            }
        }
    }
}

fn with_current(functions: FuncMap, current: &Arc<Mutex<Current>>) -> FuncMap {
    let (line, time) = (current.clone(), current.clone());
    functions
        .with("__line__", move |_| {
            Ok(Value::Str(line.lock().unwrap_or_else(PoisonError::into_inner).line.clone()))
        })
        .with("__timestamp__", move |_| {
            Ok(times::from_nanos(time.lock().unwrap_or_else(PoisonError::into_inner).t))
        })
}

/// The parts of a template that only names labels: `{{.a}} and {{ __line__ }}`.
fn simple(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_owned()));
        }
        let inner = &rest[at + 2..];
        let end = inner.find("}}")?;
        let action = inner[..end].trim_matches([' ', '\t']);
        let name = action.strip_prefix('.');
        let word = |text: &str| {
            !text.is_empty()
                && !text.starts_with(|c: char| c.is_ascii_digit())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        parts.push(match name {
            Some(name) if word(name) => Part::Label(name.to_owned()),
            None if action == "__line__" => Part::Line,
            _ => return None,
        });
        rest = &inner[end + 2..];
    }
    if rest.contains("}}") {
        return None;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Some(parts)
}
