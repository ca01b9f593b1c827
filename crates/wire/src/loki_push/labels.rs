//! Label sets as text: `{job="shop", level="info"}`.

use super::PushFormatError;
use model::Labels;

/// Reads a label set. Values are in double quotes with Go's escapes, or in back quotes.
///
/// # Errors
/// [`PushFormatError::Labels`] with what was found and expected.
pub fn parse_labels(text: &str) -> Result<Labels, PushFormatError> {
    let error = |reason: String| PushFormatError::Labels { labels: text.to_owned(), reason };
    let mut rest = text.trim();
    rest = rest.strip_prefix('{').ok_or_else(|| error("expected {".to_owned()))?.trim_start();
    let mut pairs = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            if !after.trim().is_empty() {
                return Err(error(format!("found {:?} behind the closing brace", after.trim())));
            }
            return Ok(Labels::from_pairs(pairs));
        }
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..length];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(error(format!("found {:?}, expected a label name", head(rest))));
        }
        let after = rest[length..].trim_start();
        let after = after
            .strip_prefix('=')
            .ok_or_else(|| error(format!("found {:?}, expected = after {name}", head(after))))?
            .trim_start();
        let (value, after) =
            value(after).ok_or_else(|| error(format!("found {:?}, expected a quoted value", head(after))))?;
        pairs.push((name.to_owned(), value));
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
        } else if !rest.starts_with('}') {
            return Err(error(format!("found {:?}, expected , or }}", head(rest))));
        }
    }
}

fn head(text: &str) -> String {
    text.chars().take(10).collect()
}

fn value(text: &str) -> Option<(String, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        let end = raw.find('`')?;
        return Some((raw[..end].to_owned(), &raw[end + 1..]));
    }
    let inner = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &inner[at + 1..])),
            '\\' => {
                let (_, escaped) = chars.next()?;
                let digits = match escaped {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                let mut code = 0;
                for _ in 0..digits {
                    code = code * 16 + chars.next()?.1.to_digit(16)?;
                }
                out.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'v' => '\u{b}',
                    'f' => '\u{c}',
                    '\\' | '"' | '\'' => escaped,
                    'x' | 'u' | 'U' => char::from_u32(code)?,
                    _ => return None,
                });
            }
            other => out.push(other),
        }
    }
    None
}
