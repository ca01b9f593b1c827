//! `pipeline_stages` in their order. One reader per stage stands in [`STAGES`], the dispatch table; running them is the
//! collector's work.
//!
//! Source of the keys and defaults: Promtail documentation, stages.

mod filter;
mod metrics;
mod parse;
mod shape;
mod write;

pub use filter::{DropStage, LimitStage, MatchAction, MatchStage, MultilineStage, SamplingStage};
pub use metrics::{GaugeAction, MetricKind, MetricStage};
pub use parse::{CriStage, JsonStage, LogfmtStage, OnTimestampFailure, RegexStage, TimestampStage};
pub use shape::SHAPES;
pub use write::{PackStage, ReplaceStage, TemplateStage, TenantStage};

use crate::error::ConfigError;
use crate::yaml::{Context, Node, Value};

#[derive(Clone, Debug)]
pub enum Stage {
    Json(JsonStage),
    Logfmt(LogfmtStage),
    Regex(RegexStage),
    Timestamp(TimestampStage),
    /// Label name and the extracted value it is taken from.
    Labels(Vec<(String, String)>),
    /// Name and the extracted value it is taken from.
    StructuredMetadata(Vec<(String, String)>),
    /// Label name and value.
    StaticLabels(Vec<(String, String)>),
    Template(TemplateStage),
    Match(MatchStage),
    Drop(DropStage),
    Multiline(MultilineStage),
    /// The extracted value that replaces the line.
    Output(String),
    LabelDrop(Vec<String>),
    LabelAllow(Vec<String>),
    /// Metrics by name, in the file's order.
    Metrics(Vec<MetricStage>),
    Tenant(TenantStage),
    Replace(ReplaceStage),
    Limit(LimitStage),
    Sampling(SamplingStage),
    Pack(PackStage),
    Decolorize,
    /// Unwraps Docker's json-file format.
    Docker,
    Cri(CriStage),
}

type Read = fn(&Node, &Context) -> Result<Stage, ConfigError>;

/// Name in the file, and who reads what stands behind it.
const STAGES: &[(&str, Read)] = &[
    ("json", parse::json),
    ("logfmt", parse::logfmt),
    ("regex", parse::regex),
    ("timestamp", parse::timestamp),
    ("docker", parse::docker),
    ("cri", parse::cri),
    ("labels", write::labels),
    ("structured_metadata", write::structured_metadata),
    ("static_labels", write::static_labels),
    ("template", write::template),
    ("output", write::output),
    ("labeldrop", write::label_drop),
    ("labelallow", write::label_allow),
    ("tenant", write::tenant),
    ("replace", write::replace),
    ("pack", write::pack),
    ("decolorize", write::decolorize),
    ("match", filter::match_stage),
    ("drop", filter::drop),
    ("multiline", filter::multiline),
    ("limit", filter::limit),
    ("sampling", filter::sampling),
    ("metrics", metrics::metrics),
];

/// Stages that Promtail knows and this reader does not.
pub const UNSUPPORTED: &[&str] = &["geoip", "eventlogmessage", "non_indexed_labels"];

/// The names of all stages that are read, for compat.md.
pub fn names() -> impl Iterator<Item = &'static str> {
    STAGES.iter().map(|(name, _)| *name)
}

/// Deepest nesting of `match` stages.
const MAX_DEPTH: usize = 8;

pub(super) fn read_list(node: Option<&Node>, ctx: &Context) -> Result<Vec<Stage>, ConfigError> {
    let Some(node) = node else { return Ok(Vec::new()) };
    if depth(node) > MAX_DEPTH {
        return Err(ctx.invalid(node.at, format!("match stages are nested deeper than {MAX_DEPTH}")));
    }
    let Value::Seq(items) = &node.value else {
        return Err(ctx.wrong_type(node, "a list of stages"));
    };
    let mut stages = Vec::new();
    for item in items {
        let entry = match &item.value {
            Value::Map(entries) if entries.len() == 1 => &entries[0],
            _ => return Err(ctx.wrong_type(item, "one stage: a mapping with one key, the stage's name")),
        };
        match STAGES.iter().find(|(name, _)| *name == entry.key) {
            Some((_, read)) => stages.push(read(&entry.value, ctx)?),
            None if UNSUPPORTED.contains(&entry.key.as_str()) => ctx.warn(
                entry.at,
                format!("stage {:?} is not supported by the embedded stack and left out", entry.key),
            ),
            None => {
                return Err(ConfigError::UnknownKey {
                    at: ctx.at(entry.at),
                    key: entry.key.clone(),
                    section: "pipeline_stages[]".to_owned(),
                    nearest: crate::yaml::nearest(&entry.key, names()).map(str::to_owned),
                });
            }
        }
    }
    Ok(stages)
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Seq(items) => {
            items.iter().filter_map(|item| item.get("match")?.get("stages")).map(depth).max().unwrap_or(0) + 1
        }
        _ => 0,
    }
}

/// A mapping of names to other names; a name without a value stands for itself.
fn name_pairs(node: &Node, ctx: &Context) -> Result<Vec<(String, String)>, ConfigError> {
    let Value::Map(entries) = &node.value else {
        return Err(ctx.wrong_type(node, "a mapping of names to sources"));
    };
    entries
        .iter()
        .map(|entry| {
            let source = <String as crate::yaml::FromNode>::from_node(&entry.value, ctx)?;
            Ok((entry.key.clone(), if source.is_empty() { entry.key.clone() } else { source }))
        })
        .collect()
}
