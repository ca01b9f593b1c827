//! Series selectors: `name{label="value", "quoted.label"=~"re"}` and `{"quoted.name", …}`.

use super::Parser;
use crate::ast::{Expr, Node, Pos, Selector};
use crate::error::ParseError;
use crate::lex::Token;
use model::labels::METRIC_NAME;
use model::{MatchOp, Matcher};

impl Parser<'_> {
    /// A selector whose bare name, if any, was taken already.
    pub(super) fn vector_selector(&mut self, name: Option<(String, Pos)>) -> Result<Expr, ParseError> {
        let pos = name.as_ref().map_or_else(|| self.pos(), |(_, pos)| *pos);
        let mut selector =
            Selector { name: name.map(|(name, _)| name), matchers: Vec::new(), offset: 0, at: None };
        let mut quoted_name = None;
        if self.skip_sign("{") {
            while !self.at_sign("}") {
                self.matcher(&mut selector, &mut quoted_name)?;
                if !self.skip_sign(",") && !self.at_sign("}") {
                    return Err(self.unexpected("\",\" or \"}\""));
                }
            }
            self.expect_sign("}")?;
        }
        if let Some(name) = selector.name.clone().or(quoted_name) {
            let clash = selector.matchers.iter().find(|matcher| {
                selector.name.is_some() && matcher.name == METRIC_NAME && matcher.op == MatchOp::Equal
            });
            if let Some(clash) = clash {
                let text = format!("metric name must not be set twice: {name:?} or {:?}", clash.value);
                return Err(Self::fail_at(pos, text));
            }
            // First, because it is what tells most series apart.
            selector.matchers.insert(0, Matcher::equal(METRIC_NAME, name));
        }
        if !self.in_info && selector.matchers.iter().all(Matcher::matches_empty) {
            return Err(Self::fail_at(pos, "vector selector must contain at least one non-empty matcher"));
        }
        self.build(Node::Vector(selector), pos)
    }

    fn matcher(
        &mut self,
        selector: &mut Selector,
        quoted_name: &mut Option<String>,
    ) -> Result<(), ParseError> {
        let pos = self.pos();
        let (label, quoted) = match self.peek().clone() {
            Token::Word(word) if !word.contains(':') => (word, false),
            Token::Text { value, bad: None } => (value, true),
            _ => return Err(self.unexpected("a label matcher")),
        };
        self.take();
        let op = match self.peek() {
            Token::Sign("=") => MatchOp::Equal,
            Token::Sign("!=") => MatchOp::NotEqual,
            Token::Sign("=~") => MatchOp::Regex,
            Token::Sign("!~") => MatchOp::NotRegex,
            Token::Sign("," | "}") if quoted => {
                let before = selector.name.as_ref().or(quoted_name.as_ref());
                if let Some(before) = before {
                    let text = format!("metric name must not be set twice: {before:?} or {label:?}");
                    return Err(Self::fail_at(pos, text));
                }
                *quoted_name = Some(label);
                return Ok(());
            }
            _ => return Err(self.unexpected("one of =, !=, =~, !~")),
        };
        self.take();
        let Token::Text { value, bad: None } = self.peek().clone() else {
            return Err(self.unexpected("a quoted string of valid UTF-8"));
        };
        let matcher = Matcher::new(label, op, value).map_err(|failed| {
            self.fail(failed.reason.lines().last().unwrap_or("invalid regular expression"))
        })?;
        self.take();
        selector.matchers.push(matcher);
        Ok(())
    }
}
