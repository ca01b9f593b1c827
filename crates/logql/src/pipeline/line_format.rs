//! `line_format`: replaces the line by what a template makes of it.

use super::fields::TEMPLATE_ERROR;
use super::template::LineTemplate;
use super::{Line, Step};
use std::borrow::Cow;

pub(super) struct LineFormatStep(LineTemplate);

impl LineFormatStep {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        LineTemplate::new("line", text).map(Self).map_err(|error| format!("invalid line template: {error}"))
    }
}

impl Step for LineFormatStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        match self.0.execute(&line.text, line.t, line.fields) {
            Ok(text) => line.text = Cow::Owned(text),
            Err(details) => line.fields.set_error(TEMPLATE_ERROR, &details),
        }
        true
    }
}
