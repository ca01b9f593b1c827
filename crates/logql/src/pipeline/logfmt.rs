//! `logfmt`: `key=value key="quoted value"`, with flags and expressions.
//!
//! Without `--strict` what is not a pair is skipped up to the next blank; with it the line gets an error and keeps what
//! was found before.

use super::fields::LOGFMT_ERROR;
use super::{Line, Step, json};
use crate::ast::Extraction;
use std::borrow::Cow;

pub(super) struct LogfmtStep {
    strict: bool,
    keep_empty: bool,
    /// Label and key. None: all pairs.
    expressions: Vec<(String, String)>,
}

impl LogfmtStep {
    pub(super) fn new(strict: bool, keep_empty: bool, expressions: &[Extraction]) -> Self {
        let expressions = expressions.iter().map(|e| (e.label.clone(), e.expression.clone())).collect();
        Self { strict, keep_empty, expressions }
    }
}

impl Step for LogfmtStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        if line.hints.skip_parsers {
            return true;
        }
        if self.expressions.is_empty() {
            self.all(line)
        } else {
            self.some(line)
        }
        true
    }
}

impl LogfmtStep {
    fn all(&self, line: &mut Line<'_>) {
        let Line { text, fields, hints, .. } = line;
        let mut name = String::new();
        for pair in Scanner::new(text) {
            match pair {
                Ok((key, value)) => {
                    if value.is_empty() && !self.keep_empty {
                        continue;
                    }
                    name.clear();
                    json::sanitize(key, &mut name);
                    if !name.is_empty() && !fields.extract(&name, &value, hints) {
                        return;
                    }
                }
                Err(details) if self.strict => return fields.set_error(LOGFMT_ERROR, &details),
                Err(_) => {}
            }
        }
    }

    fn some(&self, line: &mut Line<'_>) {
        let Line { text, fields, .. } = line;
        let mut seen = vec![false; self.expressions.len()];
        for pair in Scanner::new(text) {
            match pair {
                Ok((key, value)) => {
                    for (at, (label, wanted)) in self.expressions.iter().enumerate() {
                        if wanted == key && !seen[at] && (self.keep_empty || !value.is_empty()) {
                            fields.extract_named(label, &value);
                            seen[at] = true;
                        }
                    }
                }
                Err(details) if self.strict => {
                    fields.set_error(LOGFMT_ERROR, &details);
                    break;
                }
                Err(_) => {}
            }
        }
        for ((label, _), _) in self.expressions.iter().zip(&seen).filter(|(_, seen)| !**seen) {
            fields.extract_named(label, "");
        }
    }
}

/// Reads pairs from left to right. After an error it goes on behind the next blank.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn unexpected(&mut self, at: usize) -> String {
        let found = self.text[at..].chars().next().unwrap_or(' ');
        self.at = at;
        self.skip_value();
        // Positions count from 1, as editors do.
        format!("logfmt syntax error at pos {} : unexpected '{found}'", at + 1)
    }

    fn skip_value(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|b| *b <= b' ').unwrap_or(rest.len());
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>, String> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        loop {
            match bytes.get(at) {
                None => {
                    self.at = bytes.len();
                    return Err(format!(
                        "logfmt syntax error at pos {} : unterminated quoted value",
                        bytes.len() + 1
                    ));
                }
                Some(b'\\') => at += 2,
                Some(b'"') => break,
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        Ok(json::unescape(&self.text[start..at]))
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Result<(&'a str, Cow<'a, str>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        self.at += bytes[self.at..].iter().position(|b| *b > b' ')?;
        let start = self.at;
        let stop = bytes[start..].iter().position(|b| *b <= b' ' || *b == b'=' || *b == b'"');
        let end = stop.map_or(bytes.len(), |length| start + length);
        let key = &self.text[start..end];
        match bytes.get(end) {
            Some(b'"') => return Some(Err(self.unexpected(end))),
            Some(b'=') if key.is_empty() => return Some(Err(self.unexpected(end))),
            Some(b'=') => self.at = end + 1,
            _ => {
                self.at = end;
                return Some(Ok((key, Cow::Borrowed(""))));
            }
        }
        if bytes.get(self.at) == Some(&b'"') {
            return Some(self.quoted().map(|value| (key, value)));
        }
        let start = self.at;
        let stop = bytes[start..].iter().position(|b| *b <= b' ' || *b == b'=' || *b == b'"');
        let end = stop.map_or(bytes.len(), |length| start + length);
        if matches!(bytes.get(end), Some(b'=' | b'"')) {
            return Some(Err(self.unexpected(end)));
        }
        self.at = end;
        Some(Ok((key, Cow::Borrowed(&self.text[start..end]))))
    }
}
