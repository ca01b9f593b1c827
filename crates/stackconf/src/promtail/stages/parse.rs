//! Stages that take a line apart: json, logfmt, regex, timestamp, docker, cri.

use super::shape::{CRI, JSON, LOGFMT, REGEX, TIMESTAMP};
use super::{Stage, name_pairs};
use crate::error::ConfigError;
use crate::relabel::compile;
use crate::yaml::{ByteSize, Context, Node, Section};
use ::regex::Regex;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonStage {
    /// Extracted name and the JMESPath expression it is found by.
    pub expressions: Vec<(String, String)>,
    /// The extracted value to parse; absent: the line.
    pub source: Option<String>,
    pub drop_malformed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogfmtStage {
    /// Extracted name and the key it is found by.
    pub mapping: Vec<(String, String)>,
    pub source: Option<String>,
}

#[derive(Clone, Debug)]
pub struct RegexStage {
    /// Every named group becomes an extracted value.
    pub expression: Regex,
    pub source: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampStage {
    pub source: String,
    /// A name such as `RFC3339Nano` or `UnixMs`, or a reference time in Go's manner.
    pub format: String,
    pub fallback_formats: Vec<String>,
    /// A time zone's name, for formats without one.
    pub location: Option<String>,
    pub on_failure: OnTimestampFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimestampFailure {
    /// The last good time of the stream plus a nanosecond.
    Fudge,
    /// The time of arrival.
    Skip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CriStage {
    pub max_partial_lines: u64,
    pub max_partial_line_size: u64,
    pub max_partial_line_size_truncate: bool,
}

pub(super) fn json(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &JSON, ctx)?;
    let expressions = s.node("expressions").ok_or_else(|| s.missing("expressions"))?;
    Ok(Stage::Json(JsonStage {
        expressions: name_pairs(expressions, ctx)?,
        source: s.opt("source")?,
        drop_malformed: s.or("drop_malformed", false)?,
    }))
}

pub(super) fn logfmt(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &LOGFMT, ctx)?;
    let mapping = s.node("mapping").ok_or_else(|| s.missing("mapping"))?;
    Ok(Stage::Logfmt(LogfmtStage { mapping: name_pairs(mapping, ctx)?, source: s.opt("source")? }))
}

pub(super) fn regex(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &REGEX, ctx)?;
    let text: String = s.req("expression")?;
    let expression = compile(&text).map_err(|reason| s.bad("expression", reason))?;
    if expression.capture_names().flatten().next().is_none() {
        return Err(s.bad("expression", format!("{text:?} has no named group such as (?P<level>\\w+)")));
    }
    Ok(Stage::Regex(RegexStage { expression, source: s.opt("source")? }))
}

pub(super) fn timestamp(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &TIMESTAMP, ctx)?;
    let actions = [("fudge", OnTimestampFailure::Fudge), ("skip", OnTimestampFailure::Skip)];
    Ok(Stage::Timestamp(TimestampStage {
        source: s.req("source")?,
        format: s.req("format")?,
        fallback_formats: s.or_default("fallback_formats")?,
        location: s.opt("location")?,
        on_failure: s.word("action_on_failure", OnTimestampFailure::Fudge, &actions)?,
    }))
}

pub(super) fn docker(_node: &Node, _ctx: &Context) -> Result<Stage, ConfigError> {
    Ok(Stage::Docker)
}

pub(super) fn cri(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &CRI, ctx)?;
    Ok(Stage::Cri(CriStage {
        max_partial_lines: s.or("max_partial_lines", 100)?,
        max_partial_line_size: s.or("max_partial_line_size", ByteSize(0))?.0,
        max_partial_line_size_truncate: s.or("max_partial_line_size_truncate", false)?,
    }))
}
