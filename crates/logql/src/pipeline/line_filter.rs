//! Line filters: `|=`, `!=`, `|~`, `!~`, `|>`, `!>`, each with alternatives joined by `or`.

use super::ip::IpPattern;
use super::pattern::PatternFilter;
use super::{Line, Step};
use crate::ParseError;
use crate::ast::{LineFilter, LineMatch, LineOp};
use regex::Regex;

enum Test {
    Contains(String),
    Regex(Regex),
    Pattern(PatternFilter),
    Ip(IpPattern),
}

impl Test {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Regex(regex) => regex.is_match(text),
            Self::Pattern(pattern) => pattern.matches(text),
            Self::Ip(pattern) => pattern.found_in(text),
        }
    }
}

pub(super) struct LineStep {
    tests: Vec<Test>,
    /// Pass when no test matches, instead of when any does.
    negative: bool,
}

impl LineStep {
    pub(super) fn new(filter: &LineFilter) -> Result<Self, ParseError> {
        let tests = filter.alternatives.iter().map(|alternative| test(filter.op, alternative));
        Ok(Self { tests: tests.collect::<Result<_, _>>()?, negative: filter.op.negative() })
    }
}

fn test(op: LineOp, alternative: &LineMatch) -> Result<Test, ParseError> {
    match (op, alternative) {
        (LineOp::Contains | LineOp::NotContains, LineMatch::Ip(pattern)) => {
            IpPattern::new(pattern).map(Test::Ip).map_err(ParseError::whole)
        }
        (_, LineMatch::Ip(_)) => Err(ParseError::whole(format!(
            "ip: found the line filter operator {}, expected |= or !=",
            op.as_str()
        ))),
        (LineOp::Contains | LineOp::NotContains, LineMatch::Text(text)) => Ok(Test::Contains(text.clone())),
        (LineOp::Regex | LineOp::NotRegex, LineMatch::Text(text)) => Regex::new(text)
            .map(Test::Regex)
            .map_err(|error| ParseError::whole(crate::units::regex_error(&error.to_string(), text))),
        (LineOp::Pattern | LineOp::NotPattern, LineMatch::Text(text)) => {
            PatternFilter::new(text).map(Test::Pattern).map_err(ParseError::whole)
        }
    }
}

impl Step for LineStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        self.tests.iter().any(|test| test.matches(&line.text)) != self.negative
    }
}
