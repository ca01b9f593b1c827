//! `label_format`: renames labels and sets them from templates.

use super::fields::{Kind, TEMPLATE_ERROR};
use super::template::LineTemplate;
use super::{Line, Step};
use crate::ast::{FormatValue, LabelFormat};

enum Action {
    Rename(String),
    Template(LineTemplate),
}

pub(super) struct LabelFormatStep(Vec<(String, Action)>);

impl LabelFormatStep {
    pub(super) fn new(formats: &[LabelFormat]) -> Result<Self, String> {
        let actions = formats.iter().map(|format| {
            let action = match &format.value {
                FormatValue::Rename(from) => Action::Rename(from.clone()),
                FormatValue::Template(text) => Action::Template(
                    LineTemplate::new("label", text)
                        .map_err(|error| format!("invalid template for label '{}': {error}", format.name))?,
                ),
            };
            Ok((format.name.clone(), action))
        });
        actions.collect::<Result<_, String>>().map(Self)
    }
}

impl Step for LabelFormatStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        for (name, action) in &self.0 {
            match action {
                Action::Rename(from) => {
                    let kind = line.fields.kind(from);
                    if let (Some(kind), Some(value)) = (kind, line.fields.get(from).map(str::to_owned)) {
                        line.fields.set(name, &value, kind);
                        line.fields.remove(from);
                    }
                }
                Action::Template(template) => match template.execute(&line.text, line.t, line.fields) {
                    Ok(value) => line.fields.set(name, &value, Kind::Parsed),
                    Err(details) => line.fields.set_error(TEMPLATE_ERROR, &details),
                },
            }
        }
        true
    }
}
