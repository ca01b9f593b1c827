//! `template`: changes an extracted value, or makes one, by a Go template. `.Value` is what it was.

use super::{Change, Entry, Stage, StageError};
use gotmpl::{MissingKey, Template, Value};
use stackconf::promtail::stages::TemplateStage;

pub(super) fn parse(stage: &'static str, text: &str) -> Result<Template, StageError> {
    Template::parse("pipeline_template", text, &logql::pipeline::template_functions())
        .map(|template| template.missing_key(MissingKey::Empty))
        .map_err(|error| StageError { stage, reason: error.to_string() })
}

/// The extracted values, with `Value` for the one at hand.
pub(super) fn data(entry: &Entry, value: &str) -> Value {
    let extracted =
        entry.extracted.keys().filter_map(|name| Some((name.clone(), Value::from(entry.text(name)?))));
    Value::map(
        extracted
            .chain([("Value".to_owned(), Value::str(value)), ("Entry".to_owned(), Value::str(&entry.line))]),
    )
}

pub(super) fn template(config: &TemplateStage) -> Result<Box<dyn Stage>, StageError> {
    let template = parse("template", &config.template)?;
    let source = config.source.clone();
    Ok(Box::new(Change(move |entry: &mut Entry, _| {
        let value = entry.text(&source).unwrap_or_default();
        // A template that fails leaves the value as it was: a line is never lost to a template.
        let Ok(text) = template.execute(&data(entry, &value)) else { return };
        if text.is_empty() {
            entry.extracted.remove(&source);
        } else {
            entry.set(&source, text);
        }
    })))
}
