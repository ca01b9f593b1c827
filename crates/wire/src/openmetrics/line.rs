//! Lines and the pieces of a line.

use super::error::{ParseError, shown};
use super::{Entry, Format, number};
use model::clock::Millis;
use model::metrics::MetricType;
use std::borrow::Cow;

/// The lines of a page with their numbers.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    pub fn new(page: &'a str) -> Self {
        Self { rest: page, number: 0 }
    }

    /// The next line without its end. OpenMetrics wants every line to have one; text takes the last without.
    pub fn next(&mut self, format: Format) -> Result<Option<Scan<'a>>, ParseError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let text = match self.rest.split_once('\n') {
            Some((text, rest)) => {
                self.rest = rest;
                text
            }
            None => {
                let text = std::mem::take(&mut self.rest);
                if format == Format::OpenMetrics && text != "# EOF" {
                    return Err(self.error("a line without an end", "a line feed"));
                }
                text
            }
        };
        Ok(Some(Scan { text, at: 0, line: self.number }))
    }

    pub fn error(&self, found: &str, expected: &'static str) -> ParseError {
        ParseError { line: self.number, column: 0, found: found.to_owned(), expected }
    }

    /// Nothing may follow.
    pub fn must_end(&self) -> Result<(), ParseError> {
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(self.error(&shown(self.rest), "nothing after \"# EOF\"")),
        }
    }
}

/// A place in a line.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str, line: usize) -> Self {
        Self { text, at: 0, line }
    }

    pub fn line(&self) -> usize {
        self.line
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub fn error(&self, expected: &'static str) -> ParseError {
        ParseError { line: self.line, column: self.at + 1, found: shown(self.rest()), expected }
    }

    pub fn starts_with(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    pub fn eat(&mut self, prefix: &str) -> bool {
        let there = self.starts_with(prefix);
        if there {
            self.at += prefix.len();
        }
        there
    }

    /// Steps over blanks and says whether there was one. A carriage return counts, for pages from Windows.
    pub fn skip_blanks(&mut self) -> bool {
        let count = self.rest().bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        self.at += count;
        count > 0
    }

    pub fn blank(&mut self) -> Result<(), ParseError> {
        match self.skip_blanks() {
            true => Ok(()),
            false => Err(self.error("a blank")),
        }
    }

    /// Everything up to the next byte that is not taken.
    pub fn take_while(&mut self, take: impl Fn(u8) -> bool) -> &'a str {
        let count = self.rest().bytes().take_while(|byte| take(*byte)).count();
        let taken = &self.text[self.at..self.at + count];
        self.at += count;
        taken
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find([' ', '\t', '\r']).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Name and labels of a series, not looked at closely: up to the blank behind the name, or behind the braces.
    pub fn series_text(&mut self) -> Result<&'a str, ParseError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() && !matches!(bytes[self.at], b' ' | b'\t' | b'{') {
            self.at += 1;
        }
        let name_end = self.at;
        // A blank between name and braces is allowed in the text format.
        self.skip_blanks();
        if self.starts_with("{") {
            self.braces()?;
        } else {
            self.at = name_end;
        }
        match self.at == start {
            true => Err(self.error("a metric name")),
            false => Ok(&self.text[start..self.at]),
        }
    }

    /// From `{` to the `}` that is not within quotes, both included.
    pub fn braces(&mut self) -> Result<&'a str, ParseError> {
        let start = self.at;
        if !self.eat("{") {
            return Err(self.error("\"{\""));
        }
        let bytes = self.text.as_bytes();
        let mut quoted = false;
        while self.at < bytes.len() {
            match bytes[self.at] {
                b'"' => quoted = !quoted,
                b'\\' if quoted => self.at += 1,
                b'}' if !quoted => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at]);
                }
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.text.len();
        Err(self.error(if quoted { "a closing quote" } else { "\"}\"" }))
    }

    pub fn number(&mut self, expected: &'static str) -> Result<f64, ParseError> {
        let before = self.at;
        number::parse(self.word()).ok_or_else(|| {
            self.at = before;
            self.error(expected)
        })
    }

    /// Seconds in OpenMetrics, whole milliseconds in text.
    pub fn timestamp(&mut self, format: Format) -> Result<Millis, ParseError> {
        let before = self.at;
        let word = self.word();
        let millis = match format {
            Format::OpenMetrics => number::parse(word)
                .map(|seconds| seconds * 1000.0)
                .filter(|millis| millis.is_finite() && millis.abs() < 9e15)
                .map(|millis| millis.round() as Millis),
            Format::Text => word.parse().ok(),
        };
        millis.ok_or_else(|| {
            self.at = before;
            self.error(match format {
                Format::OpenMetrics => "a timestamp in seconds",
                Format::Text => "a timestamp in whole milliseconds",
            })
        })
    }

    /// A quoted string with the escapes `\\`, `\"` and `\n`; other backslashes stand for themselves.
    pub fn quoted(&mut self) -> Result<Cow<'a, str>, ParseError> {
        if !self.eat("\"") {
            return Err(self.error("a quoted string"));
        }
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        while self.at < bytes.len() && bytes[self.at] != b'"' {
            if bytes[self.at] == b'\\' {
                escaped = true;
                self.at += 1;
            }
            self.at += 1;
        }
        if self.at >= bytes.len() {
            self.at = bytes.len();
            return Err(self.error("a closing quote"));
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        Ok(if escaped { Cow::Owned(unescape(raw, true)) } else { Cow::Borrowed(raw) })
    }

    /// What a comment says, if it is one of those that say something.
    pub fn comment(&mut self, format: Format) -> Result<Option<Entry<'a>>, ParseError> {
        self.eat("#");
        let strict = format == Format::OpenMetrics;
        self.skip_blanks();
        let keyword = self.word();
        if !matches!(keyword, "HELP" | "TYPE" | "UNIT") || (keyword == "UNIT" && !strict) {
            return match strict {
                true => Err(self.error("\"# HELP\", \"# TYPE\", \"# UNIT\" or \"# EOF\"")),
                false => Ok(None),
            };
        }
        self.blank()?;
        let family = self.family()?;
        if !self.is_at_end() {
            self.blank()?;
        }
        Ok(Some(match keyword {
            "HELP" => Entry::Help { family, help: help(self.rest().trim_end_matches('\r'), strict) },
            "UNIT" => Entry::Unit { family, unit: self.word() },
            _ => {
                let before = self.at;
                let kind = metric_type(self.word()).ok_or_else(|| {
                    self.at = before;
                    self.error("a metric type such as counter, gauge or histogram")
                })?;
                Entry::Type { family, kind }
            }
        }))
    }

    fn family(&mut self) -> Result<Cow<'a, str>, ParseError> {
        if self.starts_with("\"") {
            return self.quoted();
        }
        match self.word() {
            "" => Err(self.error("the name of a metric family")),
            name => Ok(Cow::Borrowed(name)),
        }
    }
}

/// Help texts escape backslash and line feed; OpenMetrics the quote as well.
fn help(raw: &str, quotes: bool) -> Cow<'_, str> {
    if raw.contains('\\') { Cow::Owned(unescape(raw, quotes)) } else { Cow::Borrowed(raw) }
}

fn unescape(raw: &str, quotes: bool) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('\\') => out.push('\\'),
            Some('"') if quotes => out.push('"'),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

fn metric_type(word: &str) -> Option<MetricType> {
    Some(match word {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "gaugehistogram" => MetricType::GaugeHistogram,
        "summary" => MetricType::Summary,
        "info" => MetricType::Info,
        "stateset" => MetricType::StateSet,
        "unknown" | "untyped" => MetricType::Unknown,
        _ => return None,
    })
}
