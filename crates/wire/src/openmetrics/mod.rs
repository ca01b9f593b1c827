//! The text formats of a `/metrics` page: OpenMetrics 1.0 and the Prometheus text format 0.0.4.
//!
//! [`Parser`] walks over a page line by line and hands out [`Entry`]s that borrow from it. The labels of a series are only
//! taken apart when asked for ([`Series::labels`]): a scraper that has seen the same text before needs just the value.
//! [`Encoder`] writes pages for the stack's own metrics.
//!
//! Sources: OpenMetrics 1.0 (RFC draft), "Exposition formats" in Prometheus's documentation; `le` and `quantile` are
//! normalised as Prometheus 3 does ("1" becomes "1.0").

mod encode;
mod error;
mod labels;
mod line;
pub mod number;

pub use encode::Encoder;
pub use error::{FormatError, ParseError};

use crate::openmetrics::line::{Lines, Scan};
use model::Labels;
use model::clock::Millis;
use model::metrics::{Exemplar, MetricType};
use std::borrow::Cow;

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    OpenMetrics,
    /// Prometheus text 0.0.4 (and 1.0.0, which differs in escaping only).
    Text,
}

impl Format {
    /// The format that a `Content-Type` names.
    ///
    /// # Errors
    /// [`FormatError`] for none or another one: Prometheus 3 scrapes nothing that it would have to guess.
    pub fn from_content_type(value: Option<&str>) -> Result<Self, FormatError> {
        let found = value.unwrap_or_default();
        match found.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/openmetrics-text" => Ok(Self::OpenMetrics),
            "text/plain" => Ok(Self::Text),
            _ => Err(FormatError { found: found.chars().take(100).collect() }),
        }
    }

    /// What to send as `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The better of what an `Accept` header takes; text when it says nothing.
    pub fn from_accept(accept: &str) -> Self {
        let quality = |wanted: &str| {
            let range = accept.split(',').find(|range| range.trim().starts_with(wanted))?;
            let given = range.split(';').find_map(|part| part.trim().strip_prefix("q="));
            Some(given.and_then(|q| q.trim().parse().ok()).unwrap_or(1.0_f64))
        };
        match (quality("application/openmetrics-text"), quality("text/plain")) {
            (Some(open), text) if open > 0.0 && open >= text.unwrap_or(0.0) => Self::OpenMetrics,
            _ => Self::Text,
        }
    }
}

/// What a scraper says it can read, in the order of Prometheus 3 without protobuf.
pub const ACCEPT: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/// One line of a page that says something.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry<'a> {
    Type { family: Cow<'a, str>, kind: MetricType },
    Help { family: Cow<'a, str>, help: Cow<'a, str> },
    Unit { family: Cow<'a, str>, unit: &'a str },
    Series(Series<'a>),
}

/// A sample of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Series<'a> {
    /// Name and labels as they stand on the page: the same text is the same series.
    pub text: &'a str,
    pub value: f64,
    /// Milliseconds; None when the page leaves the time to the scraper.
    pub timestamp: Option<Millis>,
    exemplar: Option<RawExemplar<'a>>,
    /// The type of the family that was announced last, which decides about `le` and `quantile`.
    kind: MetricType,
    line: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct RawExemplar<'a> {
    labels: &'a str,
    value: f64,
    timestamp: Option<Millis>,
}

impl Series<'_> {
    /// Name and labels, sorted, `le` and `quantile` normalised.
    ///
    /// # Errors
    /// [`ParseError`] with the line when they are malformed or a name is there twice.
    pub fn labels(&self) -> Result<Labels, ParseError> {
        labels::series(self.text, self.kind, self.line)
    }

    pub fn has_exemplar(&self) -> bool {
        self.exemplar.is_some()
    }

    /// The exemplar; `now` is its time when the page gives none.
    ///
    /// # Errors
    /// [`ParseError`] with the line when its labels are malformed.
    pub fn exemplar(&self, now: Millis) -> Result<Option<Exemplar>, ParseError> {
        let Some(raw) = &self.exemplar else { return Ok(None) };
        let labels = labels::exemplar(raw.labels, self.line)?;
        Ok(Some(Exemplar { labels, value: raw.value, t: raw.timestamp.unwrap_or(now) }))
    }
}

/// Walks over a page. Ends at the first error.
#[derive(Debug)]
pub struct Parser<'a> {
    lines: Lines<'a>,
    format: Format,
    kind: MetricType,
    done: bool,
}

impl<'a> Parser<'a> {
    pub fn new(page: &'a str, format: Format) -> Self {
        Self { lines: Lines::new(page), format, kind: MetricType::Unknown, done: false }
    }

    /// As [`Parser::new`], for bytes off the network.
    ///
    /// # Errors
    /// [`ParseError`] with the line that is not UTF-8.
    pub fn from_bytes(page: &'a [u8], format: Format) -> Result<Self, ParseError> {
        match std::str::from_utf8(page) {
            Ok(text) => Ok(Self::new(text, format)),
            Err(error) => {
                let line = 1 + page[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
                let found = format!("byte 0x{:02x}", page[error.valid_up_to()]);
                Err(ParseError { line, column: 0, found, expected: "UTF-8 text" })
            }
        }
    }

    fn entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        while let Some(mut scan) = self.lines.next(self.format)? {
            if self.format == Format::Text {
                scan.skip_blanks();
                if scan.is_at_end() {
                    continue;
                }
            }
            if !scan.starts_with("#") {
                return self.series(scan).map(|series| Some(Entry::Series(series)));
            }
            if self.format == Format::OpenMetrics && scan.rest() == "# EOF" {
                self.lines.must_end()?;
                return Ok(None);
            }
            if let Some(entry) = scan.comment(self.format)? {
                if let Entry::Type { kind, .. } = &entry {
                    self.kind = *kind;
                }
                return Ok(Some(entry));
            }
        }
        match self.format {
            Format::OpenMetrics => Err(self.lines.error("the end of the page", "\"# EOF\" as the last line")),
            Format::Text => Ok(None),
        }
    }

    fn series(&self, mut scan: Scan<'a>) -> Result<Series<'a>, ParseError> {
        let text = scan.series_text()?;
        scan.blank()?;
        let value = scan.number("a value")?;
        let mut timestamp = None;
        let mut exemplar = None;
        if scan.skip_blanks() && !scan.is_at_end() && !scan.starts_with("#") {
            timestamp = Some(scan.timestamp(self.format)?);
            scan.skip_blanks();
        }
        if self.format == Format::OpenMetrics && scan.eat("#") {
            scan.blank()?;
            let labels = scan.braces()?;
            scan.blank()?;
            let value = scan.number("the value of an exemplar")?;
            let mut at = None;
            if scan.skip_blanks() && !scan.is_at_end() {
                at = Some(scan.timestamp(self.format)?);
            }
            exemplar = Some(RawExemplar { labels, value, timestamp: at });
        }
        scan.skip_blanks();
        if !scan.is_at_end() {
            return Err(scan.error("the end of the line"));
        }
        Ok(Series { text, value, timestamp, exemplar, kind: self.kind, line: scan.line() })
    }
}

impl<'a> Iterator for Parser<'a> {
    type Item = Result<Entry<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.entry().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

#[cfg(test)]
mod tests;
