//! `regexp`: named groups of a regular expression become labels.

use super::{Line, Step};
use regex::Regex;

pub(super) struct RegexpStep {
    regex: Regex,
    /// Index of the group and its label.
    groups: Vec<(usize, String)>,
}

impl RegexpStep {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let regex = crate::units::regex(text).map_err(|error| {
            let message = error.to_string();
            if message.contains("duplicate capture group name") {
                return format!("duplicate extracted label name in {text:?}");
            }
            crate::units::regex_error(&message, text)
        })?;
        let groups: Vec<_> = regex
            .capture_names()
            .enumerate()
            .filter_map(|(at, name)| name.map(|name| (at, name.to_owned())))
            .collect();
        if groups.is_empty() {
            return Err("at least one named capture must be supplied".to_owned());
        }
        for (_, name) in &groups {
            let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if !name.bytes().all(valid) || name.as_bytes()[0].is_ascii_digit() {
                return Err(format!("invalid extracted label name '{name}'"));
            }
        }
        Ok(Self { regex, groups })
    }
}

impl Step for RegexpStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        if line.hints.skip_parsers {
            return true;
        }
        let Line { text, fields, hints, .. } = line;
        if let Some(captures) = self.regex.captures(text) {
            for (index, name) in &self.groups {
                let value = captures.get(*index).map_or("", |found| found.as_str());
                if !fields.extract(name, value, hints) {
                    return true;
                }
            }
        }
        true
    }
}
