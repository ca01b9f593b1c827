//! Stages that choose, join or hold back lines: match, drop, multiline, limit, sampling.

use super::shape::{DROP, LIMIT, MATCH, MULTILINE, SAMPLING};
use super::{Stage, read_list};
use crate::error::ConfigError;
use crate::relabel::compile;
use crate::yaml::{ByteSize, Context, FromNode, GoDuration, Node, Section, Value};
use regex::Regex;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct MatchStage {
    /// A LogQL selector with line filters, such as `{service="gateway"} |= "error"`.
    pub selector: String,
    pub pipeline_name: Option<String>,
    pub stages: Vec<Stage>,
    pub action: MatchAction,
    pub drop_counter_reason: String,
    pub line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchAction {
    Keep,
    Drop,
}

/// All conditions that are set must hold.
#[derive(Clone, Debug)]
pub struct DropStage {
    /// Extracted values, joined by `separator`; empty: the line.
    pub source: Vec<String>,
    pub separator: String,
    pub expression: Option<Regex>,
    pub value: Option<String>,
    pub older_than: Option<Duration>,
    /// Bytes.
    pub longer_than: Option<u64>,
    pub drop_counter_reason: String,
}

#[derive(Clone, Debug)]
pub struct MultilineStage {
    pub firstline: Regex,
    pub max_wait_time: Duration,
    pub max_lines: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LimitStage {
    /// Lines per second, and how many may come at once.
    pub rate: f64,
    pub burst: u64,
    pub by_label_name: Option<String>,
    pub max_distinct_labels: u64,
    /// Whether lines over the limit are dropped; else they wait.
    pub drop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingStage {
    /// Share of lines kept, 0 to 1.
    pub rate: f64,
}

pub(super) fn match_stage(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &MATCH, ctx)?;
    let selector: String = s.req("selector")?;
    if !selector.trim_start().starts_with('{') {
        return Err(s.bad(
            "selector",
            format!("found {selector:?}, expected a selector such as {{service=\"gateway\"}}"),
        ));
    }
    let action =
        s.word("action", MatchAction::Keep, &[("keep", MatchAction::Keep), ("drop", MatchAction::Drop)])?;
    let stages = read_list(s.node("stages"), ctx)?;
    match action {
        MatchAction::Keep if stages.is_empty() => Err(s.missing("stages")),
        MatchAction::Drop if !stages.is_empty() => {
            Err(s.bad("stages", "a match stage that drops has no stages"))
        }
        _ => Ok(Stage::Match(MatchStage {
            selector,
            pipeline_name: s.opt("pipeline_name")?,
            stages,
            action,
            drop_counter_reason: s.or("drop_counter_reason", "match_stage".to_owned())?,
            line: s.at.line,
        })),
    }
}

pub(super) fn drop(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &DROP, ctx)?;
    let source = match s.node("source") {
        None => Vec::new(),
        Some(node) if matches!(node.value, Value::Seq(_)) => Vec::from_node(node, ctx)?,
        Some(node) => vec![String::from_node(node, ctx)?],
    };
    let expression = match s.opt::<String>("expression")? {
        Some(text) => Some(compile(&text).map_err(|reason| s.bad("expression", reason))?),
        None => None,
    };
    let stage = DropStage {
        separator: s.or("separator", ";".to_owned())?,
        expression,
        value: s.opt("value")?,
        older_than: s.opt::<GoDuration>("older_than")?.map(|d| d.0),
        longer_than: s.opt::<ByteSize>("longer_than")?.map(|b| b.0),
        drop_counter_reason: s.or("drop_counter_reason", "drop_stage".to_owned())?,
        source,
    };
    if stage.expression.is_some() && stage.value.is_some() {
        return Err(s.bad("value", "stage drop has either expression or value, not both"));
    }
    let conditions = stage.expression.is_some()
        || stage.value.is_some()
        || stage.older_than.is_some()
        || stage.longer_than.is_some()
        || !stage.source.is_empty();
    if !conditions {
        return Err(
            ctx.invalid(node.at, "stage drop needs source, expression, value, older_than or longer_than")
        );
    }
    Ok(Stage::Drop(stage))
}

pub(super) fn multiline(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &MULTILINE, ctx)?;
    let text: String = s.req("firstline")?;
    Ok(Stage::Multiline(MultilineStage {
        firstline: compile(&text).map_err(|reason| s.bad("firstline", reason))?,
        max_wait_time: s.or("max_wait_time", GoDuration(Duration::from_secs(3)))?.0,
        max_lines: s.or("max_lines", 128)?,
    }))
}

pub(super) fn limit(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &LIMIT, ctx)?;
    let stage = LimitStage {
        rate: s.req("rate")?,
        burst: s.req("burst")?,
        by_label_name: s.opt("by_label_name")?,
        max_distinct_labels: s.or("max_distinct_labels", 10_000)?,
        drop: s.or("drop", false)?,
    };
    if stage.rate <= 0.0 || stage.burst == 0 {
        return Err(s.bad("rate", "stage limit needs a rate and a burst above 0"));
    }
    if stage.by_label_name.is_some() && !stage.drop {
        return Err(s.bad("by_label_name", "a limit by label can only drop: set drop to true"));
    }
    Ok(Stage::Limit(stage))
}

pub(super) fn sampling(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &SAMPLING, ctx)?;
    let rate: f64 = s.req("rate")?;
    if !(0.0..=1.0).contains(&rate) {
        return Err(s.bad("rate", format!("found rate {rate}, expected a share from 0 to 1")));
    }
    Ok(Stage::Sampling(SamplingStage { rate }))
}
