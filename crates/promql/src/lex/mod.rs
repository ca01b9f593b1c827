//! Cuts a query into tokens.

use crate::ast::Pos;
use crate::error::ParseError;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A name or a keyword, as written.
    Word(String),
    /// A text, unescaped. `bad` holds its quoted form when its escapes made it something else than UTF-8.
    Text {
        value: String,
        bad: Option<String>,
    },
    Number(f64),
    /// Milliseconds.
    Duration(i64),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

#[derive(Clone, Debug)]
pub(crate) struct Lexeme {
    pub token: Token,
    /// Byte offset of its first character.
    pub at: usize,
}

/// Longest first, so that `==` is not read as `=`.
const SIGNS: [&str; 24] = [
    "=~", "!~", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "^", "<", ">", "=", "(", ")", "{", "}", "[",
    "]", ",", "@", ":",
];

/// Line and column (from 1, in bytes) of a byte offset.
pub(crate) fn place(query: &str, at: usize) -> Pos {
    let before = &query.as_bytes()[..at.min(query.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    Pos { line, column: (before.len() - start) as u32 + 1 }
}

pub(crate) fn error(query: &str, at: usize, message: impl Into<String>) -> ParseError {
    let Pos { line, column } = place(query, at);
    ParseError { line, column, message: message.into() }
}

/// # Errors
/// [`ParseError`] at a character that begins no token, an open string, or a number with a strange tail.
pub(crate) fn lex(query: &str) -> Result<Vec<Lexeme>, ParseError> {
    let bytes = query.as_bytes();
    let mut lexemes = Vec::new();
    let mut at = 0;
    // Within brackets a colon separates range and step; elsewhere it is part of a name.
    let mut in_brackets = false;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if byte == b'#' {
            at += bytes[at..].iter().take_while(|byte| **byte != b'\n').count();
            continue;
        }
        let start = at;
        let token = if byte.is_ascii_digit()
            || (byte == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            let (token, end) = number(query, at)?;
            at = end;
            token
        } else if byte.is_ascii_alphabetic() || byte == b'_' || (byte == b':' && !in_brackets) {
            let part =
                |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || (*byte == b':' && !in_brackets);
            at += bytes[at..].iter().take_while(|byte| part(byte)).count();
            Token::Word(query[start..at].to_owned())
        } else if matches!(byte, b'"' | b'\'' | b'`') {
            let (token, end) = text(query, at)?;
            at = end;
            token
        } else {
            let Some(sign) = SIGNS.into_iter().find(|sign| query[at..].starts_with(sign)) else {
                let found = query[at..].chars().next().unwrap_or(' ');
                return Err(error(query, at, format!("unexpected character: {found:?}")));
            };
            at += sign.len();
            match sign {
                "[" => in_brackets = true,
                "]" => in_brackets = false,
                _ => {}
            }
            Token::Sign(sign)
        };
        lexemes.push(Lexeme { token, at: start });
    }
    lexemes.push(Lexeme { token: Token::End, at: query.len() });
    Ok(lexemes)
}

/// A number (`1`, `.5`, `1e-3`, `0x1F`, `017`) or a duration (`1h30m`), with the offset after it.
fn number(query: &str, start: usize) -> Result<(Token, usize), ParseError> {
    let bytes = query.as_bytes();
    let digits = |mut at: usize, test: fn(&u8) -> bool| {
        while bytes.get(at).is_some_and(test) {
            at += 1;
        }
        at
    };
    let mut at;
    let mut token = None;
    if bytes[start] == b'0' && matches!(bytes.get(start + 1), Some(b'x' | b'X')) {
        at = digits(start + 2, u8::is_ascii_hexdigit);
        token = u64::from_str_radix(&query[start + 2..at], 16).ok().map(|value| Token::Number(value as f64));
    } else {
        at = digits(start, u8::is_ascii_digit);
        let whole = at;
        if bytes.get(at) == Some(&b'.') {
            at = digits(at + 1, u8::is_ascii_digit);
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
                at = digits(at + 1 + sign, u8::is_ascii_digit);
            }
        }
        let letter = bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
        if at == whole && letter {
            at = digits(at, u8::is_ascii_alphanumeric);
            token = model::duration::parse_duration(&query[start..at])
                .ok()
                .and_then(|duration| i64::try_from(duration.as_millis()).ok())
                .map(Token::Duration);
        } else if !letter {
            let text = &query[start..at];
            let octal = text.len() > 1
                && text.starts_with('0')
                && text.bytes().all(|byte| (b'0'..b'8').contains(&byte));
            token = if octal {
                u64::from_str_radix(text, 8).ok().map(|value| Token::Number(value as f64))
            } else {
                text.parse().ok().map(Token::Number)
            };
        }
    }
    let tail = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let end = digits(at, tail);
    match token {
        Some(token) if end == at => Ok((token, at)),
        _ => Err(error(query, start, format!("bad number or duration syntax: {:?}", &query[start..end]))),
    }
}

/// A quoted text with Go's escapes (none between backquotes), with the offset after it.
fn text(query: &str, start: usize) -> Result<(Token, usize), ParseError> {
    let bytes = query.as_bytes();
    let quote = bytes[start];
    let mut out: Vec<u8> = Vec::new();
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None => return Err(error(query, start, "unterminated quoted string")),
            Some(b'\n') if quote != b'`' => return Err(error(query, start, "unterminated quoted string")),
            Some(byte) if *byte == quote => break,
            Some(b'\\') if quote != b'`' => at = escape(query, at, quote, &mut out)?,
            Some(byte) => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    let token = match String::from_utf8(out) {
        Ok(value) => Token::Text { value, bad: None },
        Err(failed) => {
            let quoted: String = failed.as_bytes().escape_ascii().to_string();
            let value = String::from_utf8_lossy(failed.as_bytes()).into_owned();
            Token::Text { value, bad: Some(format!("\"{quoted}\"")) }
        }
    };
    Ok((token, at + 1))
}

/// Reads the escape that begins at `at` into `out` and returns the offset after it.
fn escape(query: &str, at: usize, quote: u8, out: &mut Vec<u8>) -> Result<usize, ParseError> {
    let bytes = query.as_bytes();
    let wrong = |what: &str| error(query, at, format!("invalid escape sequence in string: {what}"));
    let radix = |from: usize, count: usize, radix: u32| {
        let digits = bytes.get(from..from + count).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.filter(|text| !text.starts_with('+')).and_then(|text| u32::from_str_radix(text, radix).ok())
    };
    let Some(kind) = bytes.get(at + 1) else { return Err(wrong("it ends the query")) };
    let plain = match kind {
        b'a' => Some(7),
        b'b' => Some(8),
        b'f' => Some(12),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'v' => Some(11),
        b'\\' => Some(b'\\'),
        other if *other == quote => Some(quote),
        _ => None,
    };
    if let Some(byte) = plain {
        out.push(byte);
        return Ok(at + 2);
    }
    match kind {
        b'0'..=b'7' => {
            let code = radix(at + 1, 3, 8).filter(|code| *code < 256);
            out.push(code.ok_or_else(|| wrong("expected three octal digits up to 377"))? as u8);
            Ok(at + 4)
        }
        b'x' => {
            out.push(
                radix(at + 2, 2, 16).ok_or_else(|| wrong("expected two hexadecimal digits after \\x"))? as u8
            );
            Ok(at + 4)
        }
        b'u' | b'U' => {
            let count = if *kind == b'u' { 4 } else { 8 };
            let char = radix(at + 2, count, 16).and_then(char::from_u32);
            let char = char.ok_or_else(|| wrong("expected the hexadecimal digits of a Unicode character"))?;
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            Ok(at + 2 + count)
        }
        _ => Err(wrong("unknown character after the backslash")),
    }
}

#[cfg(test)]
mod tests;
