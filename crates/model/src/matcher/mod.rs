//! Label matchers: `=`, `!=`, `=~`, `!~`. Regular expressions are anchored at both ends and `.` matches a newline,
//! as in Prometheus 3 and Loki.

use crate::Labels;
use regex::Regex;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    Equal,
    NotEqual,
    Regex,
    NotRegex,
}

impl MatchOp {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// A regular expression that does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid regular expression {pattern:?} for label {name:?}: {reason}")]
pub struct MatcherError {
    pub name: String,
    pub pattern: String,
    pub reason: String,
}

#[derive(Clone)]
pub struct Matcher {
    pub name: String,
    pub op: MatchOp,
    pub value: String,
    /// Compiled when `op` is a regular expression.
    regex: Option<Regex>,
}

impl Matcher {
    /// # Errors
    /// [`MatcherError`] when `op` is a regular expression and `value` does not compile as one.
    pub fn new(name: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Result<Self, MatcherError> {
        let (name, value) = (name.into(), value.into());
        let regex =
            match op {
                MatchOp::Equal | MatchOp::NotEqual => None,
                MatchOp::Regex | MatchOp::NotRegex => Some(anchored(&value).map_err(|error| {
                    MatcherError { name: name.clone(), pattern: value.clone(), reason: error.to_string() }
                })?),
            };
        Ok(Self { name, op, value, regex })
    }

    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// Whether a label with this value matches; an absent label has the value `""`.
    pub fn matches(&self, value: &str) -> bool {
        match self.op {
            MatchOp::Equal => value == self.value,
            MatchOp::NotEqual => value != self.value,
            MatchOp::Regex => self.regex.as_ref().is_some_and(|regex| regex.is_match(value)),
            MatchOp::NotRegex => self.regex.as_ref().is_some_and(|regex| !regex.is_match(value)),
        }
    }

    pub fn matches_labels(&self, labels: &Labels) -> bool {
        self.matches(labels.value(&self.name))
    }

    /// Whether an absent label satisfies this matcher. A selector needs at least one matcher that says no.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }

    /// The literal values of a regular expression that is only an alternation of literals (`a|b|c`), for index lookups.
    pub fn literal_alternatives(&self) -> Option<Vec<&str>> {
        let plain =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "_-:/ ".contains(c));
        (self.op == MatchOp::Regex)
            .then(|| self.value.split('|').collect::<Vec<_>>())
            .filter(|parts| parts.iter().all(|part| plain(part)))
    }
}

/// Compiles an expression that has to match a whole text. A brace that begins no repetition stands for itself, as in Go
/// (`/items/{id}`).
///
/// # Errors
/// What is wrong with the expression as it was written.
pub fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?s:{pattern})$"))
        .or_else(|error| Regex::new(&format!("^(?s:{})$", escape_lone_braces(pattern))).map_err(|_| error))
}

/// Puts a backslash before each opening brace that no count follows (`{2}`, `{2,}`, `{2,5}`).
pub fn escape_lone_braces(pattern: &str) -> String {
    let is_count = |rest: &str| {
        let Some((inner, _)) = rest.split_once('}') else { return false };
        let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
        !low.is_empty() && low.bytes().chain(high.bytes()).all(|byte| byte.is_ascii_digit())
    };
    let mut out = String::with_capacity(pattern.len() + 4);
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            out.push(c);
            let Some((_, escaped)) = chars.next() else { break };
            out.push(escaped);
            // The braces of `\p{Greek}` and `\x{41}` belong to the escape.
            if matches!(escaped, 'p' | 'P' | 'x') && pattern[at + 2..].starts_with('{') {
                out.push('{');
                chars.next();
            }
        } else if c == '{' && !is_count(&pattern[at + 1..]) {
            out.push_str("\\{");
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a label set satisfies all matchers.
pub fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches_labels(labels))
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:?}", self.name, self.op.as_str(), self.value)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
