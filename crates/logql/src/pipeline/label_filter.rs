//! Label filters. A filter that compares numbers lets a line through that already has an error: only a text filter on
//! `__error__` removes those.

use super::fields::{Fields, LABEL_FILTER_ERROR};
use super::ip::IpPattern;
use super::{Line, Step};
use crate::ParseError;
use crate::ast::{CompareOp, LabelFilter};
use crate::units;
use model::{MatchOp, Matcher};

pub(super) struct LabelFilterStep(Test);

enum Test {
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Text(Matcher),
    Number { name: String, op: CompareOp, value: f64, read: fn(&str) -> Result<f64, String> },
    Ip { name: String, negative: bool, pattern: IpPattern },
}

impl LabelFilterStep {
    pub(super) fn new(filter: &LabelFilter) -> Result<Self, ParseError> {
        compile(filter).map(Self)
    }
}

fn compile(filter: &LabelFilter) -> Result<Test, ParseError> {
    let number =
        |name: &str, op: CompareOp, value: f64, read| Test::Number { name: name.to_owned(), op, value, read };
    Ok(match filter {
        LabelFilter::And(left, right) => Test::And(Box::new(compile(left)?), Box::new(compile(right)?)),
        LabelFilter::Or(left, right) => Test::Or(Box::new(compile(left)?), Box::new(compile(right)?)),
        LabelFilter::Text(matcher) => Test::Text(matcher.clone()),
        LabelFilter::Number { name, op, value } => number(name, *op, *value, units::parse_float),
        LabelFilter::Duration { name, op, value } => number(name, *op, *value as f64, read_duration),
        LabelFilter::Bytes { name, op, value } => number(name, *op, *value as f64, read_bytes),
        LabelFilter::Ip { name, negative, pattern } => Test::Ip {
            name: name.clone(),
            negative: *negative,
            pattern: IpPattern::new(pattern).map_err(ParseError::whole)?,
        },
    })
}

fn read_duration(text: &str) -> Result<f64, String> {
    units::parse_go_duration(text)
        .map(|nanos| nanos as f64)
        .ok_or_else(|| format!("time: invalid duration {}", units::quote(text)))
}

fn read_bytes(text: &str) -> Result<f64, String> {
    units::parse_bytes(text)
        .map(|bytes| bytes as f64)
        .ok_or_else(|| format!("strconv.ParseFloat: parsing {}: invalid syntax", units::quote(text)))
}

impl Test {
    fn passes(&self, fields: &mut Fields) -> bool {
        match self {
            Self::And(left, right) => left.passes(fields) && right.passes(fields),
            Self::Or(left, right) => left.passes(fields) || right.passes(fields),
            Self::Text(matcher) => matcher.matches(fields.get(&matcher.name).unwrap_or("")),
            // A line without the label is out, with or without an error; one that has both stays.
            Self::Number { name, .. } | Self::Ip { name, .. } if fields.get(name).is_none() => false,
            Self::Number { .. } | Self::Ip { .. } if fields.has_error() => true,
            Self::Number { name, op, value, read } => {
                let text = fields.get(name).unwrap_or("");
                match read(text) {
                    Ok(found) => op.holds(found, *value),
                    Err(details) => {
                        fields.set_error(LABEL_FILTER_ERROR, &details);
                        true
                    }
                }
            }
            Self::Ip { name, negative, pattern } => {
                fields.get(name).is_some_and(|text| pattern.found_in(text) != *negative)
            }
        }
    }
}

impl Step for LabelFilterStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        self.0.passes(line.fields)
    }
}

/// Pairs that a line must have to pass, for the store's indexes.
pub(super) fn required_equal(filter: &LabelFilter, pairs: &mut Vec<(String, String)>) {
    match filter {
        LabelFilter::And(left, right) => {
            required_equal(left, pairs);
            required_equal(right, pairs);
        }
        LabelFilter::Text(matcher)
            if matcher.op == MatchOp::Equal
                && !matcher.value.is_empty()
                && !matcher.name.starts_with("__") =>
        {
            pairs.push((matcher.name.clone(), matcher.value.clone()));
        }
        _ => {}
    }
}
