//! What an aggregation needs from the parsers: the names it groups by, filters on and unwraps. A parser skips the rest
//! and stops when it has them all. Source of the rules: Loki's parser hints, whose effect on errors can be seen in
//! answers (a broken line whose needed fields come before the break is no error).

use super::fields::{DUPLICATE_SUFFIX, ERROR};
use crate::ast::{FormatValue, LabelFilter, LogRange, Stage};

#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Nothing is needed at all: parsers do not run.
    pub skip_parsers: bool,
    /// `None`: everything is wanted.
    required: Option<Vec<String>>,
    /// The query asks for `__error__`, so lines with errors are counted like others.
    pub keep_errors: bool,
}

impl Hints {
    /// Everything is wanted: log queries and aggregations that show all labels.
    pub fn everything() -> Self {
        Self::default()
    }

    /// For a range that is grouped `by` these names (none at all: everything in one group).
    pub fn for_groups(groups: &[String], range: &LogRange) -> Self {
        let mut names = Vec::new();
        for stage in &range.log.stages {
            match stage {
                Stage::LabelFilter(filter) => filter_names(filter, &mut names),
                // A template may use any label.
                Stage::LineFormat(_) => return Self::templated(groups, range),
                Stage::LabelFormat(formats) => {
                    for format in formats {
                        match &format.value {
                            FormatValue::Rename(from) => names.push(from.clone()),
                            FormatValue::Template(_) => return Self::templated(groups, range),
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some(unwrap) = &range.unwrap {
            names.push(unwrap.label.clone());
            unwrap.filters.iter().for_each(|filter| filter_names(filter, &mut names));
        }
        names.extend(groups.iter().cloned());
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Self { skip_parsers: true, ..Self::default() };
        }
        let keep_errors = names.iter().any(|name| name == ERROR);
        Self { skip_parsers: false, required: Some(names), keep_errors }
    }

    fn templated(groups: &[String], range: &LogRange) -> Self {
        let mut names = groups.to_vec();
        for stage in &range.log.stages {
            if let Stage::LabelFilter(filter) = stage {
                filter_names(filter, &mut names);
            }
        }
        if let Some(unwrap) = &range.unwrap {
            unwrap.filters.iter().for_each(|filter| filter_names(filter, &mut names));
        }
        Self { keep_errors: names.iter().any(|name| name == ERROR), ..Self::default() }
    }

    pub fn wants(&self, name: &str) -> bool {
        self.required.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted == name))
    }

    /// Whether a parsed name can be wanted, either as it is or with the suffix that it gets when the name is taken.
    pub fn may_want(&self, name: &str) -> bool {
        self.required.as_ref().is_none_or(|names| {
            names.iter().any(|wanted| {
                wanted.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest == DUPLICATE_SUFFIX)
            })
        })
    }

    /// Whether `found` extracted names are all that there is to find.
    pub fn satisfied_by(&self, found: usize) -> bool {
        self.required.as_ref().is_some_and(|names| found >= names.len())
    }
}

fn filter_names(filter: &LabelFilter, names: &mut Vec<String>) {
    match filter {
        LabelFilter::And(left, right) | LabelFilter::Or(left, right) => {
            filter_names(left, names);
            filter_names(right, names);
        }
        LabelFilter::Text(matcher) => names.push(matcher.name.clone()),
        LabelFilter::Number { name, .. }
        | LabelFilter::Duration { name, .. }
        | LabelFilter::Bytes { name, .. }
        | LabelFilter::Ip { name, .. } => names.push(name.clone()),
    }
}
