//! Stages that change labels, metadata or the line: labels, structured_metadata, static_labels, template, output, labeldrop,
//! labelallow, tenant, replace, pack, decolorize.

use super::shape::{OUTPUT, PACK, REPLACE, TEMPLATE, TENANT};
use super::{Stage, name_pairs};
use crate::error::ConfigError;
use crate::relabel::{compile, is_label_name};
use crate::yaml::{Context, FromNode, Node, Section, Value};
use regex::Regex;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateStage {
    /// The extracted value that is read and written.
    pub source: String,
    pub template: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantStage {
    Label(String),
    Source(String),
    Value(String),
}

#[derive(Clone, Debug)]
pub struct ReplaceStage {
    pub expression: Regex,
    /// The extracted value to change; absent: the line.
    pub source: Option<String>,
    /// A template; `.Value` is the text of the matched group.
    pub replace: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackStage {
    pub labels: Vec<String>,
    /// Whether the entry gets the time of arrival.
    pub ingest_timestamp: bool,
}

pub(super) fn labels(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    checked_pairs(node, ctx).map(Stage::Labels)
}

pub(super) fn structured_metadata(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    checked_pairs(node, ctx).map(Stage::StructuredMetadata)
}

fn checked_pairs(node: &Node, ctx: &Context) -> Result<Vec<(String, String)>, ConfigError> {
    let pairs = name_pairs(node, ctx)?;
    match pairs.iter().find(|(name, _)| !is_label_name(name)) {
        Some((name, _)) => Err(ctx.invalid(node.at, format!("found {name:?}, expected a label name"))),
        None => Ok(pairs),
    }
}

pub(super) fn static_labels(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let Value::Map(entries) = &node.value else {
        return Err(ctx.wrong_type(node, "a mapping of label names to values"));
    };
    let pairs = entries.iter().map(|entry| Ok((entry.key.clone(), String::from_node(&entry.value, ctx)?)));
    let pairs = pairs.collect::<Result<Vec<_>, ConfigError>>()?;
    match pairs.iter().find(|(name, _)| !is_label_name(name)) {
        Some((name, _)) => Err(ctx.invalid(node.at, format!("found {name:?}, expected a label name"))),
        None => Ok(Stage::StaticLabels(pairs)),
    }
}

pub(super) fn template(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &TEMPLATE, ctx)?;
    Ok(Stage::Template(TemplateStage { source: s.req("source")?, template: s.req("template")? }))
}

pub(super) fn output(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    Ok(Stage::Output(Section::open(node, &OUTPUT, ctx)?.req("source")?))
}

pub(super) fn label_drop(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    Vec::from_node(node, ctx).map(Stage::LabelDrop)
}

pub(super) fn label_allow(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    Vec::from_node(node, ctx).map(Stage::LabelAllow)
}

pub(super) fn tenant(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &TENANT, ctx)?;
    match (s.opt("label")?, s.opt("source")?, s.opt("value")?) {
        (Some(label), None, None) => Ok(Stage::Tenant(TenantStage::Label(label))),
        (None, Some(source), None) => Ok(Stage::Tenant(TenantStage::Source(source))),
        (None, None, Some(value)) => Ok(Stage::Tenant(TenantStage::Value(value))),
        _ => Err(ctx.invalid(node.at, "stage tenant needs exactly one of label, source and value")),
    }
}

pub(super) fn replace(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &REPLACE, ctx)?;
    let text: String = s.req("expression")?;
    Ok(Stage::Replace(ReplaceStage {
        expression: compile(&text).map_err(|reason| s.bad("expression", reason))?,
        source: s.opt("source")?,
        replace: s.or_default("replace")?,
    }))
}

pub(super) fn pack(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let s = Section::open(node, &PACK, ctx)?;
    Ok(Stage::Pack(PackStage {
        labels: s.or_default("labels")?,
        ingest_timestamp: s.or("ingest_timestamp", true)?,
    }))
}

pub(super) fn decolorize(_node: &Node, _ctx: &Context) -> Result<Stage, ConfigError> {
    Ok(Stage::Decolorize)
}
