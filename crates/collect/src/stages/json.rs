//! `json`: values out of a JSON line, by expressions such as `level`, `request.headers.host`, `items[0].id`.

use super::{Entry, Next, Stage, StageError};
use model::clock::Nanos;
use serde_json::Value;
use stackconf::promtail::stages::JsonStage;

enum Step {
    Field(String),
    /// From the end when negative.
    Index(i64),
}

pub(super) struct Json {
    expressions: Vec<(String, Vec<Step>)>,
    source: Option<String>,
    drop_malformed: bool,
}

impl Json {
    pub(super) fn new(config: &JsonStage) -> Result<Self, StageError> {
        let expressions = config.expressions.iter().map(|(name, expression)| {
            let text = if expression.is_empty() { name } else { expression };
            parse(text)
                .map(|path| (name.clone(), path))
                .map_err(|reason| StageError { stage: "json", reason })
        });
        Ok(Self {
            expressions: expressions.collect::<Result<_, _>>()?,
            source: config.source.clone(),
            drop_malformed: config.drop_malformed,
        })
    }
}

/// The part of JMESPath that configurations use: fields, quoted fields and indexes.
fn parse(text: &str) -> Result<Vec<Step>, String> {
    let fail = |what: &str| format!("cannot read expression {text:?}: {what}");
    let mut steps = Vec::new();
    let mut rest = text.trim();
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').ok_or_else(|| fail("a quote is not closed"))?;
            steps.push(Step::Field(quoted[..end].to_owned()));
            rest = &quoted[end + 1..];
        } else if !rest.starts_with('[') {
            let length =
                rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
            if length == 0 {
                return Err(fail("expected the name of a field"));
            }
            steps.push(Step::Field(rest[..length].to_owned()));
            rest = &rest[length..];
        }
        while let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').ok_or_else(|| fail("a bracket is not closed"))?;
            let index =
                inner[..end].trim().parse().map_err(|_| fail("expected a whole number in brackets"))?;
            steps.push(Step::Index(index));
            rest = &inner[end + 1..];
        }
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None if rest.is_empty() => return Ok(steps),
            None => return Err(fail(&format!("found {rest:?}, expected a dot"))),
        }
    }
}

fn find<'v>(value: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Index(index) => {
            let items = value.as_array()?;
            let at = if *index < 0 { items.len() as i64 + index } else { *index };
            items.get(usize::try_from(at).ok()?)
        }
    })
}

impl Stage for Json {
    fn process(&mut self, mut entry: Entry, _now: Nanos, next: Next<'_>) {
        let Some(text) = entry.input(self.source.as_deref()) else { return next(entry) };
        let Ok(document) = serde_json::from_str::<Value>(&text) else {
            if !self.drop_malformed {
                next(entry);
            }
            return;
        };
        for (name, path) in &self.expressions {
            match find(&document, path) {
                None | Some(Value::Null) => {}
                Some(nested @ (Value::Array(_) | Value::Object(_))) => entry.set(name, nested.to_string()),
                Some(scalar) => entry.set(name, scalar.clone()),
            }
        }
        next(entry);
    }
}
