//! Text to tokens, each with its place.

use crate::ParseError;
use crate::units::{parse_bytes, parse_duration};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// Names, keywords and function names: the parser knows which is meant where.
    Identifier(String),
    Text(String),
    Number(f64),
    /// Nanoseconds.
    Duration(i64),
    Bytes(u64),
    /// `[5m]`, nanoseconds.
    Range(i64),
    /// `--strict`, without its dashes.
    Flag(String),
    Symbol(&'static str),
    End,
}

impl Token {
    /// How Loki names the token in an error.
    pub fn describe(&self) -> String {
        match self {
            Self::Identifier(name) if KEYWORDS.contains(&name.as_str()) => name.clone(),
            Self::Identifier(_) => "IDENTIFIER".to_owned(),
            Self::Text(_) => "STRING".to_owned(),
            Self::Number(_) => "NUMBER".to_owned(),
            Self::Duration(_) => "DURATION".to_owned(),
            Self::Bytes(_) => "BYTES".to_owned(),
            Self::Range(_) => "RANGE".to_owned(),
            Self::Flag(_) => "PARSER_FLAG".to_owned(),
            Self::Symbol(symbol) => (*symbol).to_owned(),
            Self::End => "$end".to_owned(),
        }
    }
}

/// Words that an error calls by their name.
const KEYWORDS: [&str; 24] = [
    "by",
    "without",
    "bool",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "offset",
    "unwrap",
    "json",
    "logfmt",
    "pattern",
    "regexp",
    "unpack",
    "line_format",
    "label_format",
    "drop",
    "keep",
    "decolorize",
    "and",
    "or",
    "unless",
    "vector",
    "label_replace",
];

#[derive(Clone, Debug)]
pub struct Placed {
    pub token: Token,
    pub line: usize,
    pub column: usize,
}

/// Longest first, so that `=~` is not read as `=` and `~`.
const SYMBOLS: [&str; 29] = [
    "|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=", "{", "}", "(", ")", ",", "|", "=", ">", "<",
    "+", "-", "*", "/", "%", "^", "[", "]", ".", ":",
];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
}

/// # Errors
/// [`ParseError`] at the first character that starts no token.
pub fn lex(text: &str) -> Result<Vec<Placed>, ParseError> {
    let mut lexer = Lexer { text, at: 0, line: 1, line_start: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let (line, column) = lexer.place(lexer.at);
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push(Placed { token, line, column });
        if end {
            return Ok(tokens);
        }
    }
}

fn name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Line and column, both from 1; columns count characters.
    fn place(&self, at: usize) -> (usize, usize) {
        (self.line, self.text[self.line_start..at].chars().count() + 1)
    }

    fn fail(&self, at: usize, message: impl Into<String>) -> ParseError {
        let (line, column) = self.place(at);
        ParseError::at(line, column, message)
    }

    fn skip_blank(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            if c == '#' {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if c.is_whitespace() {
                self.at += c.len_utf8();
                if c == '\n' {
                    self.line += 1;
                    self.line_start = self.at;
                }
            } else {
                return;
            }
        }
    }

    fn take(&mut self, part: impl Fn(char) -> bool) -> String {
        let length = self.rest().find(|c| !part(c)).unwrap_or(self.rest().len());
        let taken = self.rest()[..length].to_owned();
        self.at += length;
        taken
    }

    fn token(&mut self) -> Result<Token, ParseError> {
        let Some(first) = self.rest().chars().next() else { return Ok(Token::End) };
        let second = self.rest().chars().nth(1);
        match first {
            '"' => self.quoted(),
            '`' => self.raw(),
            '\'' => Err(self.fail(self.at, "invalid char literal")),
            '[' => self.range(),
            '-' if self.rest().starts_with("--") && self.rest()[2..].starts_with(name_start) => {
                self.at += 2;
                Ok(Token::Flag(self.take(|c| name_part(c) || c == '-')))
            }
            c if c.is_ascii_digit() || (c == '.' && second.is_some_and(|c| c.is_ascii_digit())) => {
                self.number()
            }
            c if name_start(c) => Ok(Token::Identifier(self.take(name_part))),
            c => {
                let symbol = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol)).copied();
                let symbol = symbol.ok_or_else(|| {
                    self.fail(self.at, format!("syntax error: unexpected {:?}", c.to_string()))
                })?;
                self.at += symbol.len();
                Ok(Token::Symbol(symbol))
            }
        }
    }

    fn number(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        // A number, and glued to it perhaps the unit of a duration or a size, or an exponent with its sign.
        let mut text = self.take(|c| c.is_alphanumeric() || c == '.' || c == '_');
        if text.ends_with(['e', 'E']) && self.rest().starts_with(['+', '-']) && !text.starts_with("0x") {
            text.push_str(&self.rest()[..1]);
            self.at += 1;
            text.push_str(&self.take(|c| c.is_ascii_digit()));
        }
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            if let Ok(value) = u64::from_str_radix(hex, 16) {
                return Ok(Token::Number(value as f64));
            }
        } else if let Ok(value) = text.parse::<f64>() {
            return Ok(Token::Number(value));
        } else if let Some(nanos) = parse_duration(&text) {
            return Ok(Token::Duration(nanos));
        } else if let Some(bytes) = parse_bytes(&text) {
            return Ok(Token::Bytes(bytes));
        }
        Err(self.fail(
            start,
            format!("syntax error: {text:?} is no number, duration (such as 5m) or size (such as 5KB)"),
        ))
    }

    fn range(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        let Some(length) = self.rest().find(']') else {
            return Err(self.fail(start, "missing closing ']' in duration"));
        };
        let text = self.rest()[1..length].trim().to_owned();
        let nanos = parse_duration(&text).filter(|nanos| *nanos >= 0).ok_or_else(|| {
            // Loki counts this one from the token before; the text is what people search for.
            self.fail(start, format!("not a valid duration string: {text:?}"))
        })?;
        self.at += length + 1;
        Ok(Token::Range(nanos))
    }

    fn raw(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        let Some(length) = self.rest()[1..].find('`') else {
            return Err(self.fail(start, "literal not terminated"));
        };
        let text = self.rest()[1..=length].to_owned();
        self.line += text.matches('\n').count();
        if let Some(newline) = text.rfind('\n') {
            self.line_start = self.at + 1 + newline + 1;
        }
        self.at += length + 2;
        Ok(Token::Text(text))
    }

    fn quoted(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        let mut bytes: Vec<u8> = Vec::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    let text = String::from_utf8(bytes).map_err(|_| {
                        self.fail(start, "invalid UTF-8 in string: an \\x escape is not a character")
                    })?;
                    return Ok(Token::Text(text));
                }
                '\n' => break,
                '\\' => {
                    let Some((_, escape)) = chars.next() else { break };
                    let mut digits = |count: usize, radix: u32, first: Option<char>| {
                        let mut code = first.and_then(|c| c.to_digit(radix)).unwrap_or(0);
                        for _ in 0..count {
                            code = code * radix + chars.next()?.1.to_digit(radix)?;
                        }
                        Some(code)
                    };
                    let plain = |byte: u8| Some(vec![byte]);
                    let scalar =
                        |code: Option<u32>| code.and_then(char::from_u32).map(|c| c.to_string().into_bytes());
                    let decoded = match escape {
                        'a' => plain(7),
                        'b' => plain(8),
                        'f' => plain(12),
                        'n' => plain(b'\n'),
                        'r' => plain(b'\r'),
                        't' => plain(b'\t'),
                        'v' => plain(11),
                        '\\' => plain(b'\\'),
                        '"' => plain(b'"'),
                        '\'' => plain(b'\''),
                        'x' => digits(2, 16, None).map(|code| vec![code as u8]),
                        'u' => scalar(digits(4, 16, None)),
                        'U' => scalar(digits(8, 16, None)),
                        '0'..='7' => {
                            digits(2, 8, Some(escape)).filter(|code| *code < 256).map(|code| vec![code as u8])
                        }
                        _ => None,
                    };
                    let decoded = decoded.ok_or_else(|| self.fail(start, "invalid char escape"))?;
                    bytes.extend(decoded);
                }
                c => bytes.extend(c.to_string().bytes()),
            }
        }
        Err(self.fail(start, "literal not terminated"))
    }
}
