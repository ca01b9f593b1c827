//! Matchers in all their forms: `severity="page"`, `severity=page`, `alertname =~ "SLO.*"`, `{a="b", c!="d"}`, and the older
//! mappings `match` and `match_re`.

use crate::error::ConfigError;
use crate::yaml::{FromNode, Section, Value};
use model::{MatchOp, Matcher};
use std::collections::BTreeMap;

/// Reads one or several matchers, with or without brackets around them.
///
/// # Errors
/// What was found and expected, in one line.
pub fn parse_matchers(text: &str) -> Result<Vec<Matcher>, String> {
    let inner = text.trim();
    let inner = match (inner.strip_prefix('{'), inner.ends_with('}')) {
        (Some(rest), true) => &rest[..rest.len() - 1],
        (None, false) => inner,
        _ => return Err(format!("found {text:?}, expected a closing bracket for every opening one")),
    };
    split(inner).into_iter().filter(|part| !part.trim().is_empty()).map(parse_matcher).collect()
}

/// Splits at commas outside of quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Reads one matcher. The value may be bare when it holds no space, comma, bracket or quote.
///
/// # Errors
/// What was found and expected, in one line.
pub fn parse_matcher(text: &str) -> Result<Matcher, String> {
    let text = text.trim();
    let error = |expected: &str| format!("found matcher {text:?}, expected {expected}");
    let (name, rest) = match text.strip_prefix('"') {
        Some(_) => {
            let end = quoted_end(text).ok_or_else(|| error("a closing quote after the name"))?;
            (unquote(&text[..end]).map_err(|reason| error(&reason))?, text[end..].trim_start())
        }
        None => {
            let end = text.find(['=', '!']).ok_or_else(|| error("a name, one of = != =~ !~, and a value"))?;
            (text[..end].trim().to_owned(), &text[end..])
        }
    };
    if name.is_empty() || (!text.starts_with('"') && name.contains(char::is_whitespace)) {
        return Err(error("a label name before the operator"));
    }
    let ops =
        [("=~", MatchOp::Regex), ("!~", MatchOp::NotRegex), ("!=", MatchOp::NotEqual), ("=", MatchOp::Equal)];
    let (sign, op) = ops
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign))
        .ok_or_else(|| error("one of = != =~ !~ after the name"))?;
    let value = rest[sign.len()..].trim();
    let value = if value.starts_with('"') {
        if quoted_end(value) != Some(value.len()) {
            return Err(error("one value in closed quotes"));
        }
        unquote(value).map_err(|reason| error(&reason))?
    } else if value.contains(['"', '{', '}', ',']) {
        return Err(error("quotes around a value with such characters"));
    } else {
        value.to_owned()
    };
    Matcher::new(name, op, value)
        .map_err(|reason| reason.to_string().lines().next().unwrap_or_default().to_owned())
}

/// The index after the closing quote of a text that starts with one.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().skip(1).find_map(|(at, c)| match c {
        _ if escaped => {
            escaped = false;
            None
        }
        '\\' => {
            escaped = true;
            None
        }
        '"' => Some(at + 1),
        _ => None,
    })
}

/// `"a\nb"` to its text; the escapes are `\n`, `\"` and `\\`, any other backslash stands for itself (`"\d+"`).
fn unquote(text: &str) -> Result<String, String> {
    let inner =
        text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).ok_or("a text in quotes".to_owned())?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            _ => match chars.next() {
                Some('n') => out.push('\n'),
                Some(same @ ('"' | '\\')) => out.push(same),
                Some(other) => out.extend(['\\', other]),
                None => return Err("a character after the backslash".to_owned()),
            },
        }
    }
    Ok(out)
}

/// The matchers of a route or one side of an inhibition: the list, and the two older mappings.
pub(super) fn of_section(
    s: &Section,
    list: &str,
    equal: &str,
    regex: &str,
) -> Result<Vec<Matcher>, ConfigError> {
    let mut matchers = Vec::new();
    let texts: Vec<String> = match s.node(list) {
        Some(node) if !matches!(node.value, Value::Seq(_)) => vec![String::from_node(node, s.ctx)?],
        _ => s.or_default(list)?,
    };
    for text in texts {
        matchers.extend(parse_matchers(&text).map_err(|reason| s.bad(list, reason))?);
    }
    for (key, op) in [(equal, MatchOp::Equal), (regex, MatchOp::Regex)] {
        for (name, value) in s.or_default::<BTreeMap<String, String>>(key)? {
            matchers.push(Matcher::new(name, op, value).map_err(|error| s.bad(key, error.to_string()))?);
        }
    }
    Ok(matchers)
}
