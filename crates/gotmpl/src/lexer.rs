//! Splits a template into text and the tokens of its actions.

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Identifier(String),
    /// `.name`.
    Field(String),
    /// `$name`; empty for `$`.
    Variable(String),
    Str(String),
    Int(i64),
    Float(f64),
    Dot,
    Pipe,
    LeftParen,
    RightParen,
    Comma,
    Declare,
    Assign,
    /// White space matters between operands: `.a.b` is a chain, `.a .b` are two operands.
    Space,
}

#[derive(Debug)]
pub enum Piece {
    Text(String),
    Action { line: usize, tokens: Vec<Token> },
}

pub struct LexError {
    pub line: usize,
    pub message: String,
}

/// Cuts `text` into pieces and applies the trim markers `{{- ` and ` -}}`. Comments disappear.
pub fn lex(text: &str) -> Result<Vec<Piece>, LexError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut line = 1;
    let mut trim_next = false;
    loop {
        let open = rest.find("{{");
        let mut plain = &rest[..open.unwrap_or(rest.len())];
        let lines_in_plain = plain.matches('\n').count();
        if trim_next {
            plain = plain.trim_start();
        }
        let Some(at) = open else {
            push_text(&mut pieces, plain);
            return Ok(pieces);
        };
        line += lines_in_plain;
        let mut inner = &rest[at + 2..];
        if inner.starts_with('-') && inner[1..].starts_with([' ', '\t', '\n', '\r']) {
            inner = &inner[1..];
            plain = plain.trim_end();
        }
        push_text(&mut pieces, plain);
        let start_line = line;
        let trimmed = inner.trim_start();
        if trimmed.starts_with("/*") {
            let close =
                trimmed.find("*/").ok_or(LexError { line, message: "unclosed comment".to_owned() })?;
            let after = trimmed[close + 2..].trim_start();
            let dashed = after.strip_prefix("-}}");
            let Some(tail) = dashed.or_else(|| after.strip_prefix("}}")) else {
                return Err(LexError {
                    line,
                    message: "comment ends before closing delimiter }}".to_owned(),
                });
            };
            trim_next = dashed.is_some();
            line += inner[..inner.len() - tail.len()].matches('\n').count();
            rest = tail;
            continue;
        }
        let mut scanner = Scanner { text: inner, line };
        let (tokens, trim) = scanner.action()?;
        trim_next = trim;
        line = scanner.line;
        rest = scanner.text;
        pieces.push(Piece::Action { line: start_line, tokens });
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

struct Scanner<'a> {
    text: &'a str,
    line: usize,
}

impl<'a> Scanner<'a> {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, LexError> {
        Err(LexError { line: self.line, message: message.into() })
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (head, tail) = self.text.split_at(bytes);
        self.line += head.matches('\n').count();
        self.text = tail;
        head
    }

    /// The tokens up to `}}`, and whether a trim marker stood before it.
    fn action(&mut self) -> Result<(Vec<Token>, bool), LexError> {
        let mut tokens = Vec::new();
        loop {
            if self.text.starts_with("}}") {
                self.take(2);
                return Ok((tokens, false));
            }
            let blank = self.text.len() - self.text.trim_start().len();
            if blank > 0 {
                self.take(blank);
                if self.text.starts_with("-}}") {
                    self.take(3);
                    return Ok((tokens, true));
                }
                tokens.push(Token::Space);
                continue;
            }
            let token = self.token()?;
            tokens.push(token);
        }
    }

    fn token(&mut self) -> Result<Token, LexError> {
        let Some(first) = self.text.chars().next() else {
            return self.fail("unclosed action");
        };
        let second = self.text[first.len_utf8()..].chars().next().unwrap_or(' ');
        Ok(match first {
            '"' => Token::Str(self.quoted('"')?),
            '`' => Token::Str(self.raw()?),
            '\'' => {
                let text = self.quoted('\'')?;
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => Token::Int(i64::from(u32::from(c))),
                    _ => return self.fail("malformed character constant"),
                }
            }
            '$' => {
                self.take(1);
                Token::Variable(self.word().to_owned())
            }
            '.' if second.is_alphabetic() || second == '_' => {
                self.take(1);
                Token::Field(self.word().to_owned())
            }
            '.' if !second.is_ascii_digit() => {
                self.take(1);
                Token::Dot
            }
            '|' => self.symbol(1, Token::Pipe),
            '(' => self.symbol(1, Token::LeftParen),
            ')' => self.symbol(1, Token::RightParen),
            ',' => self.symbol(1, Token::Comma),
            ':' if second == '=' => self.symbol(2, Token::Declare),
            '=' => self.symbol(1, Token::Assign),
            '+' | '-' | '.' | '0'..='9' => self.number()?,
            c if c.is_alphabetic() || c == '_' => Token::Identifier(self.word().to_owned()),
            c => return self.fail(format!("unexpected {c:?} in command")),
        })
    }

    fn symbol(&mut self, length: usize, token: Token) -> Token {
        self.take(length);
        token
    }

    fn word(&mut self) -> &'a str {
        let length = self.text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.text.len());
        self.take(length)
    }

    fn raw(&mut self) -> Result<String, LexError> {
        match self.text[1..].find('`') {
            Some(length) => {
                let text = self.take(length + 2);
                Ok(text[1..=length].to_owned())
            }
            None => self.fail("unterminated raw quoted string"),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, LexError> {
        let mut out = Vec::new();
        let mut chars = self.text.char_indices().skip(1);
        let number = |digits: &str, radix: u32| u32::from_str_radix(digits, radix).ok();
        while let Some((at, c)) = chars.next() {
            match c {
                '\n' => break,
                c if c == quote => {
                    self.take(at + 1);
                    return Ok(String::from_utf8_lossy(&out).into_owned());
                }
                '\\' => {
                    let Some((at, escape)) = chars.next() else { break };
                    let hex = |digits: usize| {
                        self.text.get(at + 1..at + 1 + digits).and_then(|text| number(text, 16))
                    };
                    let (code, skip) = match escape {
                        'a' => (Some(7), 0),
                        'b' => (Some(8), 0),
                        'f' => (Some(12), 0),
                        'n' => (Some(10), 0),
                        'r' => (Some(13), 0),
                        't' => (Some(9), 0),
                        'v' => (Some(11), 0),
                        '\\' | '"' | '\'' => (Some(u32::from(escape)), 0),
                        'x' => {
                            // A byte, not a character: several may make up one in UTF-8.
                            if let Some(byte) = hex(2) {
                                out.push(byte as u8);
                                chars.nth(1);
                                continue;
                            }
                            (None, 0)
                        }
                        'u' => (hex(4), 4),
                        'U' => (hex(8), 8),
                        '0'..='7' => (self.text.get(at..at + 3).and_then(|text| number(text, 8)), 2),
                        _ => (None, 0),
                    };
                    let Some(c) = code.and_then(char::from_u32) else {
                        return self.fail(format!("invalid escape \\{escape} in string"));
                    };
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    if skip > 0 {
                        chars.nth(skip - 1);
                    }
                }
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.fail("unterminated quoted string")
    }

    fn number(&mut self) -> Result<Token, LexError> {
        let mut previous = ' ';
        let length = self
            .text
            .find(|c: char| {
                let sign =
                    matches!(c, '+' | '-') && (previous == ' ' || matches!(previous, 'e' | 'E' | 'p' | 'P'));
                previous = c;
                !(c.is_alphanumeric() || matches!(c, '.' | '_') || sign)
            })
            .unwrap_or(self.text.len());
        let text = self.take(length);
        let plain = text.replace('_', "");
        let (negative, digits) = match plain.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
        };
        let radix = |prefix: &str, radix| {
            digits.strip_prefix(prefix).map(|digits| i64::from_str_radix(digits, radix))
        };
        let lower = digits.to_ascii_lowercase();
        let integer = match lower.get(..2) {
            Some("0x") => radix("0x", 16).or_else(|| radix("0X", 16)),
            Some("0b") => radix("0b", 2).or_else(|| radix("0B", 2)),
            Some("0o") => radix("0o", 8).or_else(|| radix("0O", 8)),
            _ => Some(digits.parse::<i64>()),
        };
        if let Some(Ok(value)) = integer {
            return Ok(Token::Int(if negative { -value } else { value }));
        }
        match plain.parse::<f64>() {
            Ok(value) if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                Ok(Token::Float(value))
            }
            _ => self.fail(format!("bad number syntax: {text:?}")),
        }
    }
}
