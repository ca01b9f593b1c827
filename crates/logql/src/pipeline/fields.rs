//! What a line carries besides its text: stream labels, structured metadata and what the stages found.
//!
//! The names and values of one line live in one buffer that is reused for the next line, so a line that is looked at
//! and dropped costs no allocation.

use super::hints::Hints;
use crate::LabelSet;
use model::Labels;

pub const ERROR: &str = "__error__";
pub const ERROR_DETAILS: &str = "__error_details__";
/// What a parsed name becomes when the stream or its metadata has that name already.
pub(super) const DUPLICATE_SUFFIX: &str = "_extracted";

pub const JSON_ERROR: &str = "JSONParserErr";
pub const LOGFMT_ERROR: &str = "LogfmtParserErr";
pub const LABEL_FILTER_ERROR: &str = "LabelFilterErr";
pub const SAMPLE_ERROR: &str = "SampleExtractionErr";
pub const TEMPLATE_ERROR: &str = "TemplateFormatErr";

/// Where a field comes from: `categorize-labels` shows the three apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Stream,
    Metadata,
    Parsed,
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy)]
struct Field {
    name: Span,
    value: Span,
    kind: Kind,
    /// Set by a parser: the first one wins over later ones.
    extracted: bool,
}

#[derive(Default)]
pub struct Fields {
    base: Labels,
    /// Stream labels that a stage removed, a bit for each; a stream has at most 64.
    hidden: u64,
    items: Vec<Field>,
    buffer: String,
    error: String,
    error_details: String,
    /// How many of the hinted labels were extracted.
    found: usize,
}

impl Fields {
    /// Starts with the next line.
    pub fn reset(&mut self, base: &Labels, metadata: &[(&str, &str)]) {
        // Labels are behind an Arc: comparing the address avoids touching its counter for each line.
        if !std::ptr::eq(self.base.as_slice(), base.as_slice()) {
            self.base = base.clone();
        }
        self.hidden = 0;
        self.items.clear();
        self.buffer.clear();
        self.error.clear();
        self.error_details.clear();
        self.found = 0;
        for (name, value) in metadata {
            self.push(name, value, Kind::Metadata, false);
        }
    }

    fn text(&self, span: Span) -> &str {
        &self.buffer[span.start as usize..span.end as usize]
    }

    fn store(&mut self, text: &str) -> Span {
        let start = self.buffer.len() as u32;
        self.buffer.push_str(text);
        Span { start, end: self.buffer.len() as u32 }
    }

    fn push(&mut self, name: &str, value: &str, kind: Kind, extracted: bool) {
        let name = self.store(name);
        let value = self.store(value);
        self.items.push(Field { name, value, kind, extracted });
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.items.iter().position(|field| self.text(field.name) == name)
    }

    fn base_position(&self, name: &str) -> Option<usize> {
        self.base
            .as_slice()
            .iter()
            .position(|label| &*label.name == name)
            .filter(|at| *at >= 64 || self.hidden & (1 << at) == 0)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            ERROR => (!self.error.is_empty()).then_some(self.error.as_str()),
            ERROR_DETAILS => (!self.error_details.is_empty()).then_some(self.error_details.as_str()),
            _ => match self.position(name) {
                Some(at) => Some(self.text(self.items[at].value)),
                None => self.base_position(name).map(|at| &*self.base.as_slice()[at].value),
            },
        }
    }

    pub fn kind(&self, name: &str) -> Option<Kind> {
        match self.position(name) {
            Some(at) => Some(self.items[at].kind),
            None => self.base_position(name).map(|_| Kind::Stream),
        }
    }

    /// Sets a field, replacing one of that name of any kind.
    pub fn set(&mut self, name: &str, value: &str, kind: Kind) {
        if name == ERROR || name == ERROR_DETAILS {
            let (error, details) = if name == ERROR { (value, None) } else { ("", Some(value)) };
            match details {
                Some(details) => self.error_details = details.to_owned(),
                None => self.error = error.to_owned(),
            }
            return;
        }
        if let Some(at) = self.position(name) {
            let value = self.store(value);
            self.items[at].value = value;
            self.items[at].kind = kind;
            return;
        }
        self.hide(name);
        self.push(name, value, kind, false);
    }

    fn hide(&mut self, name: &str) {
        if let Some(at) = self.base_position(name).filter(|at| *at < 64) {
            self.hidden |= 1 << at;
        }
    }

    pub fn remove(&mut self, name: &str) {
        match name {
            ERROR => self.error.clear(),
            ERROR_DETAILS => self.error_details.clear(),
            _ => {
                if let Some(at) = self.position(name) {
                    self.items.remove(at);
                }
                self.hide(name);
            }
        }
    }

    /// Removes all fields for which `keep` says no. Errors stay: they are not labels of the line.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        let items = std::mem::take(&mut self.items);
        for (at, label) in self.base.as_slice().iter().enumerate().take(64) {
            if self.hidden & (1 << at) == 0 && !keep(&label.name, &label.value) {
                self.hidden |= 1 << at;
            }
        }
        self.items = items;
        let buffer = &self.buffer;
        let text = |span: Span| &buffer[span.start as usize..span.end as usize];
        self.items.retain(|field| keep(text(field.name), text(field.value)));
    }

    /// Whether the stream or its metadata has this name.
    fn is_taken(&self, name: &str) -> bool {
        self.base.as_slice().iter().any(|label| &*label.name == name)
            || self.items.iter().any(|field| field.kind == Kind::Metadata && self.text(field.name) == name)
    }

    /// A parser found this. Returns `false` when all that the query needs has been found, so that it may stop.
    pub fn extract(&mut self, name: &str, value: &str, hints: &Hints) -> bool {
        if !hints.may_want(name) {
            return true;
        }
        if self.is_taken(name) {
            let start = self.buffer.len();
            self.buffer.push_str(name);
            self.buffer.push_str(DUPLICATE_SUFFIX);
            let name = self.buffer.split_off(start);
            return self.extract_as(&name, value, hints);
        }
        self.extract_as(name, value, hints)
    }

    fn extract_as(&mut self, name: &str, value: &str, hints: &Hints) -> bool {
        if !hints.wants(name) {
            return true;
        }
        match self.position(name) {
            Some(at) if self.items[at].extracted => return true,
            Some(at) => {
                let value = self.store(value);
                self.items[at].value = value;
                self.items[at].extracted = true;
            }
            None => self.push(name, value, Kind::Parsed, true),
        }
        self.found += 1;
        !hints.satisfied_by(self.found)
    }

    /// As [`Fields::extract`] for a name that the query gives: it always counts, and replaces what was there.
    pub fn extract_named(&mut self, name: &str, value: &str) {
        if self.is_taken(name) {
            let name = format!("{name}{DUPLICATE_SUFFIX}");
            self.set(&name, value, Kind::Parsed);
        } else {
            self.set(name, value, Kind::Parsed);
        }
    }

    pub fn has_error(&self) -> bool {
        !self.error.is_empty()
    }

    pub fn set_error(&mut self, error: &str, details: &str) {
        self.error.clear();
        self.error.push_str(error);
        self.error_details.clear();
        self.error_details.push_str(details);
    }

    /// All fields in no order, errors included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Kind)> {
        let base = self
            .base
            .as_slice()
            .iter()
            .enumerate()
            .filter(|(at, _)| *at >= 64 || self.hidden & (1 << at) == 0)
            .map(|(_, label)| (&*label.name, &*label.value, Kind::Stream));
        let items =
            self.items.iter().map(|field| (self.text(field.name), self.text(field.value), field.kind));
        let errors = [(ERROR, &self.error), (ERROR_DETAILS, &self.error_details)];
        let errors = errors
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.as_str(), Kind::Parsed));
        base.chain(items).chain(errors)
    }

    pub fn label_set(&self) -> LabelSet {
        LabelSet::from_pairs(self.iter().map(|(name, value, _)| (name, value)))
    }

    /// The labels of one kind.
    pub fn of_kind(&self, kind: Kind) -> LabelSet {
        LabelSet::from_pairs(
            self.iter().filter(|(_, _, found)| *found == kind).map(|(name, value, _)| (name, value)),
        )
    }

    /// Whether the stream's own labels are as they came.
    pub fn has_whole_base(&self) -> bool {
        self.hidden == 0 && self.items.iter().all(|field| field.kind != Kind::Stream)
    }
}
