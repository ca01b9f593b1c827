//! `pattern` (captures become labels) and the pattern line filter `|>` (captures must be unnamed).

use super::{Line, Step};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// `None` for `<_>`.
    Capture(Option<String>),
}

/// Splits a pattern into literals and captures. `<` that starts no capture is a literal.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut all: Vec<Part> = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        literal.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        let length = inner.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let name = &inner[..length];
        if inner[length..].starts_with('>') && !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() {
            if !literal.is_empty() {
                all.push(Part::Literal(std::mem::take(&mut literal)));
            } else if let Some(Part::Capture(previous)) = all.last() {
                let previous = previous.as_deref().unwrap_or("_");
                return Err(format!("found consecutive capture '<{previous}><{name}>': invalid expression"));
            }
            all.push(Part::Capture((name != "_").then(|| name.to_owned())));
            rest = &inner[length + 1..];
        } else {
            literal.push('<');
            rest = inner;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        all.push(Part::Literal(literal));
    }
    Ok(all)
}

pub(super) struct PatternStep(Vec<Part>);

impl PatternStep {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        let mut names = Vec::new();
        for part in &parts {
            if let Part::Capture(Some(name)) = part {
                if names.contains(&name) {
                    return Err(format!("duplicate capture name ({name}): invalid expression"));
                }
                names.push(name);
            }
        }
        if names.is_empty() {
            return Err("at least one capture is required".to_owned());
        }
        Ok(Self(parts))
    }
}

impl Step for PatternStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        if line.hints.skip_parsers || line.text.is_empty() {
            return true;
        }
        let Line { text, fields, hints, .. } = line;
        let mut rest: &str = text;
        let mut parts = &self.0[..];
        if let Some((Part::Literal(literal), after)) = parts.split_first() {
            let Some(behind) = rest.strip_prefix(literal.as_str()) else { return true };
            (rest, parts) = (behind, after);
        }
        while let Some((Part::Capture(name), after)) = parts.split_first() {
            let literal = match after.first() {
                Some(Part::Literal(literal)) => literal.as_str(),
                _ => "",
            };
            // A literal that is not there: the capture takes the rest of the line.
            let end = if literal.is_empty() { None } else { rest.find(literal) };
            let captured = &rest[..end.unwrap_or(rest.len())];
            if let Some(name) = name
                && !fields.extract(name, captured, hints)
            {
                return true;
            }
            let Some(end) = end else { return true };
            rest = &rest[end + literal.len()..];
            parts = &after[1..];
        }
        true
    }
}

/// `|> "<_> text <_>"`.
#[derive(Debug)]
pub(super) struct PatternFilter(Vec<Part>);

impl PatternFilter {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        if parts.iter().any(|part| matches!(part, Part::Capture(Some(_)))) {
            return Err(format!("named captures are not allowed in a pattern filter: found {text:?}"));
        }
        Ok(Self(parts))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if text.is_empty() || self.0.is_empty() {
            return text.is_empty() && self.0.is_empty();
        }
        let mut at = 0;
        for (index, part) in self.0.iter().enumerate() {
            let Part::Literal(literal) = part else { continue };
            let Some(found) = text[at..].find(literal.as_str()) else { return false };
            // A capture takes at least one character; the first literal stands at the start.
            if (index != 0) == (found == 0) {
                return false;
            }
            at += found + literal.len();
        }
        let ends_on_capture = matches!(self.0.last(), Some(Part::Capture(_)));
        ends_on_capture == (at != text.len())
    }
}
