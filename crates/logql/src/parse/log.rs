//! Selectors and the stages of a pipeline.

use super::Parser;
use super::check::compile_error;
use crate::ParseError;
use crate::ast::{
    Extraction, FormatValue, LabelFormat, LabelPick, LineFilter, LineMatch, LineOp, LogExpr, Stage,
};
use crate::lex::Token;
use model::{MatchOp, Matcher};

impl Parser {
    /// A selector with its stages. An `unwrap` ends it: that belongs to a range.
    pub(super) fn log(&mut self) -> Result<LogExpr, ParseError> {
        let matchers = self.selector()?;
        let mut stages = Vec::new();
        self.stages(&mut stages)?;
        Ok(LogExpr { matchers, stages })
    }

    pub(super) fn selector(&mut self) -> Result<Vec<Matcher>, ParseError> {
        self.expect("{", &["{"])?;
        let mut matchers = Vec::new();
        if self.eat("}") {
            return Ok(matchers);
        }
        loop {
            let name = match self.peek() {
                Token::Identifier(_) => self.identifier()?,
                _ => return Err(self.unexpected(&["IDENTIFIER", "}"])),
            };
            let op = self.match_op().ok_or_else(|| self.unexpected(&["=", "=~", "!~", "!="]))?;
            self.next();
            let value = self.text()?;
            matchers.push(Matcher::new(name, op, value).map_err(|error| compile_error(&error))?);
            if self.eat("}") {
                return Ok(matchers);
            }
            self.expect(",", &["}", ","])?;
            if self.eat("}") {
                return Ok(matchers);
            }
        }
    }

    pub(super) fn match_op(&self) -> Option<MatchOp> {
        match self.peek() {
            Token::Symbol("=") => Some(MatchOp::Equal),
            Token::Symbol("!=") => Some(MatchOp::NotEqual),
            Token::Symbol("=~") => Some(MatchOp::Regex),
            Token::Symbol("!~") => Some(MatchOp::NotRegex),
            _ => None,
        }
    }

    fn line_op(&self) -> Option<LineOp> {
        match self.peek() {
            Token::Symbol("|=") => Some(LineOp::Contains),
            Token::Symbol("!=") => Some(LineOp::NotContains),
            Token::Symbol("|~") => Some(LineOp::Regex),
            Token::Symbol("!~") => Some(LineOp::NotRegex),
            Token::Symbol("|>") => Some(LineOp::Pattern),
            Token::Symbol("!>") => Some(LineOp::NotPattern),
            _ => None,
        }
    }

    /// Whether what follows is an operator between two metric expressions rather than a line filter: `!=` is both.
    fn ends_log(&self) -> bool {
        self.is_symbol("!=") && !matches!(self.peek_at(1), Token::Text(_)) && !self.is_ip_at(1)
    }

    fn is_ip_at(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead), Token::Identifier(name) if name == "ip")
            && self.peek_at(ahead + 1) == &Token::Symbol("(")
    }

    /// `ip("…")`.
    pub(super) fn ip(&mut self) -> Result<Option<String>, ParseError> {
        if !self.is_ip_at(0) {
            return Ok(None);
        }
        self.next();
        self.next();
        let pattern = self.text()?;
        self.expect(")", &[")"])?;
        Ok(Some(pattern))
    }

    pub(super) fn stages(&mut self, stages: &mut Vec<Stage>) -> Result<(), ParseError> {
        loop {
            if self.is_symbol("|") {
                if matches!(self.peek_at(1), Token::Identifier(name) if name == "unwrap") {
                    return Ok(());
                }
                self.next();
                stages.push(self.stage()?);
            } else if let Some(op) = self.line_op().filter(|_| !self.ends_log()) {
                self.next();
                stages.push(Stage::LineFilter(self.line_filter(op)?));
            } else {
                return Ok(());
            }
        }
    }

    fn line_filter(&mut self, op: LineOp) -> Result<LineFilter, ParseError> {
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(match self.ip()? {
                Some(pattern) => LineMatch::Ip(pattern),
                None if matches!(self.peek(), Token::Text(_)) => LineMatch::Text(self.text()?),
                None => return Err(self.unexpected(&["STRING", "ip"])),
            });
            // `or` between two metric expressions is not meant: after it comes no text.
            let more = self.is_word("or") && (matches!(self.peek_at(1), Token::Text(_)) || self.is_ip_at(1));
            if !more {
                return Ok(LineFilter { op, alternatives });
            }
            self.next();
        }
    }

    fn stage(&mut self) -> Result<Stage, ParseError> {
        let Token::Identifier(word) = self.peek().clone() else {
            return if self.is_symbol("(") {
                Ok(Stage::LabelFilter(self.label_filter(0)?))
            } else {
                Err(self.unexpected(&[]))
            };
        };
        // A label may be called like a stage, but `| json != "x"` is the stage and a line filter.
        let compared = self.compares(1) && !matches!(self.peek_at(1), Token::Symbol("!=" | "!~"));
        match word.as_str() {
            _ if compared => Ok(Stage::LabelFilter(self.label_filter(0)?)),
            "json" => {
                self.next();
                Ok(Stage::Json(self.extractions()?))
            }
            "logfmt" => {
                self.next();
                self.logfmt()
            }
            "pattern" => {
                self.next();
                Ok(Stage::Pattern(self.text()?))
            }
            "regexp" => {
                self.next();
                Ok(Stage::Regexp(self.text()?))
            }
            "unpack" => {
                self.next();
                Ok(Stage::Unpack)
            }
            "decolorize" => {
                self.next();
                Ok(Stage::Decolorize)
            }
            "line_format" => {
                self.next();
                Ok(Stage::LineFormat(self.text()?))
            }
            "label_format" => {
                self.next();
                self.label_format()
            }
            "drop" => {
                self.next();
                Ok(Stage::Drop(self.picks()?))
            }
            "keep" => {
                self.next();
                Ok(Stage::Keep(self.picks()?))
            }
            _ => Ok(Stage::LabelFilter(self.label_filter(0)?)),
        }
    }

    fn logfmt(&mut self) -> Result<Stage, ParseError> {
        let (mut strict, mut keep_empty) = (false, false);
        while let Token::Flag(flag) = self.peek().clone() {
            match flag.as_str() {
                "strict" => strict = true,
                "keep-empty" => keep_empty = true,
                _ => return Err(self.unexpected(&["--strict", "--keep-empty"])),
            }
            self.next();
        }
        Ok(Stage::Logfmt { strict, keep_empty, expressions: self.extractions()? })
    }

    /// `a="x", b`: a bare name stands for itself. None at all is allowed.
    fn extractions(&mut self) -> Result<Vec<Extraction>, ParseError> {
        let mut all: Vec<Extraction> = Vec::new();
        while matches!(self.peek(), Token::Identifier(_)) && (!all.is_empty() || !self.is_operator_word()) {
            let label = self.identifier()?;
            let expression = if self.eat("=") { self.text()? } else { label.clone() };
            all.push(Extraction { label, expression });
            if !self.eat(",") {
                break;
            }
            if !matches!(self.peek(), Token::Identifier(_)) {
                return Err(self.unexpected(&["IDENTIFIER"]));
            }
        }
        Ok(all)
    }

    /// Words that may follow a pipeline without being part of it.
    fn is_operator_word(&self) -> bool {
        ["and", "or", "unless", "offset"].iter().any(|word| self.is_word(word))
    }

    fn label_format(&mut self) -> Result<Stage, ParseError> {
        let mut formats: Vec<LabelFormat> = Vec::new();
        loop {
            let name = self.identifier()?;
            self.expect("=", &["="])?;
            let value = match self.peek() {
                Token::Text(_) => FormatValue::Template(self.text()?),
                Token::Identifier(_) => FormatValue::Rename(self.identifier()?),
                _ => return Err(self.unexpected(&["STRING", "IDENTIFIER"])),
            };
            if formats.iter().any(|format| format.name == name) {
                return Err(ParseError::whole(format!(
                    "multiple label name '{name}' not allowed in a single format operation"
                )));
            }
            formats.push(LabelFormat { name, value });
            if !self.eat(",") {
                return Ok(Stage::LabelFormat(formats));
            }
        }
    }

    fn picks(&mut self) -> Result<Vec<LabelPick>, ParseError> {
        let mut picks = Vec::new();
        loop {
            let name = self.identifier()?;
            picks.push(match self.match_op() {
                Some(op) => {
                    self.next();
                    let value = self.text()?;
                    let matcher = Matcher::new(name, op, value).map_err(|error| compile_error(&error))?;
                    LabelPick::Matching(matcher)
                }
                None => LabelPick::Name(name),
            });
            if !self.eat(",") {
                return Ok(picks);
            }
        }
    }
}
