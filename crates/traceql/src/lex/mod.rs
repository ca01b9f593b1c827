//! Text to tokens. Attributes and intrinsics are one token each, because a dot or a colon binds without spaces.

use crate::ast::{Attribute, AttributeScope, Intrinsic};
use crate::error::ParseError;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Identifier(String),
    Attribute(Attribute),
    Str(String),
    Int(i64),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    /// An operator or a bracket, as written.
    Symbol(&'static str),
    End,
}

impl Token {
    /// The name that a syntax error gives to the token.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Identifier(name) if is_keyword(name) => name.clone(),
            Self::Identifier(_) => "IDENTIFIER".to_owned(),
            Self::Attribute(attribute) => match attribute.intrinsic {
                Some(intrinsic) => intrinsic.name().to_owned(),
                None => attribute.scope.prefix().to_owned(),
            },
            Self::Str(_) => "STRING".to_owned(),
            Self::Int(_) => "INTEGER".to_owned(),
            Self::Float(_) => "FLOAT".to_owned(),
            Self::Duration(_) => "DURATION".to_owned(),
            Self::Symbol(symbol) => (*symbol).to_owned(),
            Self::End => "$end".to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spanned {
    pub token: Token,
    pub line: usize,
    pub col: usize,
}

/// Words that are part of the grammar.
pub(crate) const KEYWORDS: [&str; 32] = [
    "true",
    "false",
    "nil",
    "ok",
    "error",
    "unset",
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
    "count",
    "avg",
    "max",
    "min",
    "sum",
    "by",
    "coalesce",
    "select",
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
    "topk",
    "bottomk",
    "with",
];

fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// Longest first, so that `&>>` is not read as `&>` and `>`.
const SYMBOLS: [&str; 34] = [
    "!>>", "!<<", "&>>", "&<<", "&&", "||", "!=", "!~", "=~", "!>", "!<", "&>", "&<", "&~", ">>", "<<", ">=",
    "<=", "{", "}", "(", ")", "=", ">", "<", "!", "~", "+", "-", "*", "/", "%", "^", ",",
];

/// Queries longer than this are refused before they are read. Characters.
const MAX_QUERY_LEN: usize = 128 * 1024;

pub(crate) fn tokens(text: &str) -> Result<Vec<Spanned>, ParseError> {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, line: 1, col: 1 };
    if lexer.chars.len() > MAX_QUERY_LEN {
        return Err(lexer.error(format!("query of {} characters exceeds {MAX_QUERY_LEN}", lexer.chars.len())));
    }
    let mut out = Vec::new();
    loop {
        lexer.skip_space();
        let (line, col) = (lexer.line, lexer.col);
        let token = lexer.next()?;
        let done = token == Token::End;
        out.push(Spanned { token, line, col });
        if done {
            return Ok(out);
        }
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    col: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        if c == '\n' {
            self.line += 1;
            self.col = 1;
        } else {
            self.col += 1;
        }
        Some(c)
    }

    fn error(&self, message: String) -> ParseError {
        ParseError { line: self.line, col: self.col, message }
    }

    fn skip_space(&mut self) {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    fn next(&mut self) -> Result<Token, ParseError> {
        let Some(c) = self.peek(0) else { return Ok(Token::End) };
        let digit_next = self.peek(1).is_some_and(|c| c.is_ascii_digit());
        match c {
            '"' | '`' => self.string(c).map(Token::Str),
            '.' if !digit_next => {
                self.bump();
                self.attribute(AttributeScope::None, false)
            }
            '.' | '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            _ => self.symbol(),
        }
    }

    fn symbol(&mut self) -> Result<Token, ParseError> {
        for symbol in SYMBOLS {
            if symbol.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c)) {
                symbol.chars().for_each(|_| {
                    self.bump();
                });
                return Ok(Token::Symbol(symbol));
            }
        }
        if self.peek(0) == Some('|') {
            self.bump();
            return Ok(Token::Symbol("|"));
        }
        let found = self.peek(0).unwrap_or(' ');
        Err(self.error(format!("syntax error: unexpected character {found:?}")))
    }

    /// `"…"` with Go's escapes, or `` `…` `` as it is.
    fn string(&mut self, quote: char) -> Result<String, ParseError> {
        let start = self.error("literal not terminated".to_owned());
        self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                None => return Err(start),
                Some(c) if c == quote => return Ok(out),
                Some('\n') if quote == '"' => return Err(start),
                Some('\\') if quote == '"' => out.push(self.escape(&start)?),
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self, start: &ParseError) -> Result<char, ParseError> {
        let bad = |found: char| ParseError { message: format!("invalid escape \\{found}"), ..start.clone() };
        let c = self.bump().ok_or_else(|| start.clone())?;
        let digits = match c {
            'a' => return Ok('\u{7}'),
            'b' => return Ok('\u{8}'),
            'f' => return Ok('\u{c}'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\u{b}'),
            '\\' | '"' | '\'' => return Ok(c),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Err(bad(other)),
        };
        let mut number = 0_u32;
        for _ in 0..digits {
            let digit = self.bump().and_then(|digit| digit.to_digit(16)).ok_or_else(|| bad(c))?;
            number = number << 4 | digit;
        }
        char::from_u32(number).ok_or_else(|| bad(c))
    }

    fn number(&mut self) -> Result<Token, ParseError> {
        let start = self.error(String::new());
        let bad = |message: String| ParseError { message, ..start.clone() };
        let mut text = String::new();
        let mut float = false;
        loop {
            match self.peek(0) {
                Some(c) if c.is_ascii_digit() => text.push(c),
                Some('.') if !float && self.peek(1).is_some_and(|c| c.is_ascii_digit()) => {
                    float = true;
                    text.push('.');
                }
                Some('e' | 'E') => {
                    let signed = matches!(self.peek(1), Some('+' | '-'));
                    if !self.peek(1 + usize::from(signed)).is_some_and(|c| c.is_ascii_digit()) {
                        break;
                    }
                    float = true;
                    text.push('e');
                    if signed {
                        self.bump();
                        text.extend(self.peek(0));
                    }
                }
                _ => break,
            }
            self.bump();
        }
        let unit_at =
            |this: &Self| this.peek(0).is_some_and(|c| c.is_ascii_alphabetic() || c == 'µ' || c == 'μ');
        if unit_at(self) {
            while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '.' || c == 'µ' || c == 'μ') {
                text.extend(self.bump());
            }
            return duration_nanos(&text)
                .map(Token::Duration)
                .ok_or_else(|| bad(format!("invalid duration {text:?}")));
        }
        if float {
            return text.parse().map(Token::Float).map_err(|_| bad(format!("invalid number {text:?}")));
        }
        text.parse().map(Token::Int).map_err(|_| bad(format!("integer out of range: {text}")))
    }

    /// An identifier, a scoped attribute (`span.x`) or an intrinsic (`duration`, `span:duration`).
    fn word(&mut self) -> Result<Token, ParseError> {
        let mut name = String::new();
        while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
            name.extend(self.bump());
        }
        if self.peek(0) == Some(':') {
            self.bump();
            name.push(':');
            while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
                name.extend(self.bump());
            }
            return match Intrinsic::from_name(&name) {
                Some(intrinsic) => Ok(Token::Attribute(Attribute::intrinsic(intrinsic))),
                None => Err(self.error(format!("unknown identifier: {name}"))),
            };
        }
        let scope = AttributeScope::from_name(&name);
        if self.peek(0) == Some('.') {
            if name == "parent" {
                self.bump();
                for inner in ["span.", "resource."] {
                    if inner.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c)) {
                        inner.chars().for_each(|_| {
                            self.bump();
                        });
                        let scope = AttributeScope::from_name(inner.trim_end_matches('.'));
                        return self.attribute(scope.unwrap_or_default(), true);
                    }
                }
                return self.attribute(AttributeScope::None, true);
            }
            if let Some(scope) = scope {
                self.bump();
                return self.attribute(scope, false);
            }
        }
        match Intrinsic::from_name(&name) {
            Some(intrinsic) => Ok(Token::Attribute(Attribute::intrinsic(intrinsic))),
            None => Ok(Token::Identifier(name)),
        }
    }

    /// The name after the dot; parts of it may be quoted: `span."two words".x`.
    fn attribute(&mut self, scope: AttributeScope, parent: bool) -> Result<Token, ParseError> {
        let mut name = String::new();
        while let Some(c) = self.peek(0) {
            if c == '"' {
                name.push_str(&self.quoted_part()?);
            } else if is_attribute_char(c) {
                name.push(c);
                self.bump();
            } else {
                break;
            }
        }
        if name.is_empty() {
            let found = self.peek(0).map_or("$end".to_owned(), |c| c.to_string());
            return Err(self.error(format!("syntax error: unexpected {found}, expecting an attribute name")));
        }
        Ok(Token::Attribute(Attribute { scope, parent, name, intrinsic: None }))
    }

    /// Within an attribute only `\"` and `\\` are escapes, and a line break is a character like any other.
    fn quoted_part(&mut self) -> Result<String, ParseError> {
        let start = self.error("literal not terminated".to_owned());
        self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                None => return Err(start),
                Some('"') => return Ok(out),
                Some('\\') if matches!(self.peek(0), Some('"' | '\\')) => out.extend(self.bump()),
                Some(c) => out.push(c),
            }
        }
    }
}

/// What an attribute name can hold without quotes.
pub(crate) fn is_attribute_char(c: char) -> bool {
    !c.is_whitespace() && !"{}()=~!<>&|^,\"".contains(c)
}

/// A duration as Go writes it: `1h30m`, `1.5s`, `350us`; in nanoseconds. None when it is not one.
pub fn duration_nanos(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 10] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3_600e9),
        ("d", 86_400e9),
        ("w", 604_800e9),
    ];
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_f64;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let value: f64 = rest[..number].parse().ok()?;
        rest = &rest[number..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += value * UNITS.iter().find(|(name, _)| *name == &rest[..unit])?.1;
        rest = &rest[unit..];
    }
    let total = if negative { -total } else { total };
    (total.abs() < 9.2e18).then_some(total.round() as i64)
}

#[cfg(test)]
mod tests;
