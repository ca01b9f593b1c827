//! `json`: every string, number and boolean of an object becomes a label, nested names joined by `_`.
//!
//! The scanner goes from left to right and trusts what it has not seen yet, as Loki's does: the fields before a break
//! stay, with `__error__="JSONParserErr"`. The texts of the errors are those of Loki's JSON library, because they are
//! shown to users in `__error_details__`.

use super::fields::{Fields, JSON_ERROR};
use super::hints::Hints;
use super::{Line, Step};
use std::borrow::Cow;

pub const MALFORMED_JSON: &str = "Malformed JSON error";
pub const MALFORMED_STRING: &str = "Value is string, but can't find closing '\"' symbol";
pub const MALFORMED_ARRAY: &str = "Value is array, but can't find closing ']' symbol";
pub const MALFORMED_OBJECT: &str = "Value looks like object, but can't find closing '}' symbol";
pub const UNKNOWN_TYPE: &str = "Unknown value type";

/// Deepest nesting that is looked into; deeper objects are errors of the line.
const MAX_DEPTH: usize = 64;

pub(super) struct JsonStep;

impl Step for JsonStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        if !line.hints.skip_parsers
            && let Err(details) = flatten(&line.text, line.fields, line.hints)
        {
            line.fields.set_error(JSON_ERROR, details);
        }
        true
    }
}

/// Puts the fields of the object in `text` into `fields`.
///
/// # Errors
/// What is wrong with the text, for `__error_details__`.
pub fn flatten(text: &str, fields: &mut Fields, hints: &Hints) -> Result<(), &'static str> {
    let mut name = String::new();
    object(text, &mut name, 0, &mut |name, value| {
        // Most fields of a line are not what an aggregation asks for.
        !hints.may_want(name) || fields.extract(name, &value.text(), hints)
    })
    .map(|_| ())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    String,
    Number,
    Boolean,
    Null,
    Array,
    Object,
}

/// A value as it stands in the text; a string without its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    pub kind: Type,
    pub raw: &'a str,
}

impl<'a> Raw<'a> {
    /// Strings without escapes, the rest as written.
    pub fn text(&self) -> Cow<'a, str> {
        if self.kind == Type::String { unescape(self.raw) } else { Cow::Borrowed(self.raw) }
    }
}

/// Calls `found` with the flat name of each scalar. `Ok(false)` when `found` had enough.
pub fn object(
    text: &str,
    name: &mut String,
    depth: usize,
    found: &mut dyn FnMut(&str, Raw<'_>) -> bool,
) -> Result<bool, &'static str> {
    if depth > MAX_DEPTH {
        return Err(MALFORMED_OBJECT);
    }
    let mut more = true;
    each_field(text, &mut |key, value| {
        let length = name.len();
        match value.kind {
            Type::Null | Type::Array => return Ok(true),
            _ => sanitize(&key, name),
        }
        if name.len() == length {
            return Ok(true);
        }
        more = match value.kind {
            Type::Object => object(value.raw, name, depth + 1, found)?,
            _ => found(name, value),
        };
        name.truncate(length);
        Ok(more)
    })?;
    Ok(more)
}

/// Calls `found` with each key and value of an object, until it says stop or the text breaks.
pub fn each_field<'a>(
    text: &'a str,
    found: &mut dyn FnMut(Cow<'a, str>, Raw<'a>) -> Result<bool, &'static str>,
) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    let mut at = next_token(bytes, 0).filter(|at| bytes[*at] == b'{').ok_or(MALFORMED_OBJECT)? + 1;
    at = next_token(bytes, at).ok_or(MALFORMED_JSON)?;
    loop {
        match bytes[at] {
            b'}' => return Ok(()),
            b'"' => {}
            _ => return Err(MALFORMED_OBJECT),
        }
        let end = string_end(bytes, at + 1).ok_or(MALFORMED_JSON)?;
        let key = unescape(&text[at + 1..end]);
        at = next_token(bytes, end + 1).filter(|at| bytes[*at] == b':').ok_or(MALFORMED_JSON)? + 1;
        let (value, after) = value(text, at)?;
        if !found(key, value)? {
            return Ok(());
        }
        at = next_token(bytes, after).ok_or(MALFORMED_ARRAY)?;
        match bytes[at] {
            b'}' => return Ok(()),
            b',' => at = next_token(bytes, at + 1).ok_or(MALFORMED_ARRAY)?,
            _ => return Err(MALFORMED_OBJECT),
        }
    }
}

/// The value that starts at or after `at`, and where it ends.
pub fn value(text: &str, at: usize) -> Result<(Raw<'_>, usize), &'static str> {
    let bytes = text.as_bytes();
    let at = next_token(bytes, at).ok_or(MALFORMED_JSON)?;
    let (kind, start, end, after) = match bytes[at] {
        b'"' => {
            let end = string_end(bytes, at + 1).ok_or(MALFORMED_STRING)?;
            (Type::String, at + 1, end, end + 1)
        }
        b'[' => {
            let end = block_end(bytes, at, b'[', b']').ok_or(MALFORMED_ARRAY)?;
            (Type::Array, at, end, end)
        }
        b'{' => {
            let end = block_end(bytes, at, b'{', b'}').ok_or(MALFORMED_OBJECT)?;
            (Type::Object, at, end, end)
        }
        first => {
            let stop = |b: &u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',' | b'}' | b']');
            let end = bytes[at..].iter().position(stop).map_or(bytes.len(), |length| at + length);
            let kind = match (first, &bytes[at..end]) {
                (_, b"true" | b"false") => Type::Boolean,
                (_, b"null") => Type::Null,
                (b'0'..=b'9' | b'-', _) => Type::Number,
                _ => return Err(UNKNOWN_TYPE),
            };
            (kind, at, end, end)
        }
    };
    Ok((Raw { kind, raw: &text[start..end] }, after))
}

fn next_token(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t')).map(|skip| from + skip)
}

/// Where the closing quote of a string is, whose text starts at `from`.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The end of a block that starts at `from`, behind its closing sign. Only signs of its own kind are counted.
fn block_end(bytes: &[u8], from: usize, open: u8, close: u8) -> Option<usize> {
    let (mut at, mut level) = (from, 0usize);
    loop {
        let byte = *bytes.get(at)?;
        if byte == b'"' {
            at = string_end(bytes, at + 1)?;
        } else if byte == open {
            level += 1;
        } else if byte == close {
            level -= 1;
            if level == 0 {
                return Some(at + 1);
            }
        }
        at += 1;
    }
}

/// Resolves the escapes of a JSON string. A broken escape stays as it is written.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let plain = match escape.as_bytes().first() {
            Some(b'n') => Some('\n'),
            Some(b't') => Some('\t'),
            Some(b'r') => Some('\r'),
            Some(b'b') => Some('\u{8}'),
            Some(b'f') => Some('\u{c}'),
            Some(b'"') => Some('"'),
            Some(b'\\') => Some('\\'),
            Some(b'/') => Some('/'),
            _ => None,
        };
        if let Some(c) = plain {
            out.push(c);
            rest = &escape[1..];
            continue;
        }
        match unicode(escape) {
            Some((c, used)) => {
                out.push(c);
                rest = &escape[used..];
            }
            None => {
                out.push('\\');
                rest = escape;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `u00e9`, or a pair of surrogates; what it means and how long it is.
fn unicode(escape: &str) -> Option<(char, usize)> {
    let code = |text: &str| u32::from_str_radix(text.strip_prefix('u')?.get(..4)?, 16).ok();
    let high = code(escape)?;
    if !(0xD800..0xE000).contains(&high) {
        return Some((char::from_u32(high)?, 5));
    }
    let low = code(escape.get(5..)?.strip_prefix('\\')?).filter(|low| (0xDC00..0xE000).contains(low))?;
    let joined = 0x10000 + ((high.checked_sub(0xD800).filter(|high| *high < 0x400)?) << 10) + (low - 0xDC00);
    Some((char::from_u32(joined)?, 11))
}

/// Appends `key` to `name` as a part of a label name: `_` between parts, before a leading digit, and for every character
/// that a label name cannot have.
pub fn sanitize(key: &str, name: &mut String) {
    if key.is_empty() {
        return;
    }
    if !name.is_empty() || key.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        name.push_str(key);
    } else {
        name.extend(key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }));
    }
}
