//! Grafana's provisioning files: data sources with the links between them, and where dashboards lie. Grafana expands
//! `$NAME` and `${NAME}` in values from its environment; `$$` is a dollar sign. The same happens here.

mod datasources;
mod expand;
mod json_data;

pub use datasources::{DATASOURCE, DATASOURCES, Datasource, DatasourceProvisioning, parse_datasources};
pub use expand::expand;
pub use json_data::SHAPES as JSON_DATA_SHAPES;

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use crate::{Loaded, parse_with};
use std::collections::BTreeMap;

pub static DASHBOARDS: Shape = Shape {
    path: "provisioning/dashboards",
    keys: &["apiVersion", "providers"],
    no_effect: &[],
    unsupported: &[],
};
pub static PROVIDER: Shape = Shape {
    path: "providers[]",
    keys: &["name", "folder", "folderUid", "type", "options"],
    no_effect: &["updateIntervalSeconds", "orgId", "disableDeletion", "allowUiUpdates", "editable"],
    unsupported: &[],
};
pub static OPTIONS: Shape = Shape {
    path: "providers[].options",
    keys: &["path"],
    no_effect: &["foldersFromFilesStructure"],
    unsupported: &[],
};

/// A folder of dashboard files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardProvider {
    pub name: String,
    /// The title of the folder that the dashboards are shown in.
    pub folder: String,
    /// The path in Grafana's container; [`crate::compose::Compose::host_path`] leads to the one on this machine.
    pub path: String,
    pub update_interval_seconds: u64,
}

/// Reads a file of `provisioning/dashboards`.
///
/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse_dashboards(
    file: &str,
    text: &str,
    variables: &BTreeMap<String, String>,
) -> Result<Loaded<Vec<DashboardProvider>>, ConfigError> {
    parse_with(file, text, |node, ctx| {
        let node = expand::tree(node, variables);
        let s = Section::open(&node, &DASHBOARDS, ctx)?;
        check_version(&s)?;
        s.or_default("providers")
    })
}

fn check_version(s: &Section) -> Result<(), ConfigError> {
    match s.opt::<u64>("apiVersion")? {
        Some(1) => Ok(()),
        Some(other) => Err(s.bad("apiVersion", format!("found apiVersion {other}, expected 1"))),
        None => Err(s.missing("apiVersion")),
    }
}

impl FromNode for DashboardProvider {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &PROVIDER, ctx)?;
        let kind: String = s.or("type", "file".to_owned())?;
        if kind != "file" {
            return Err(s.bad("type", format!("found provider type {kind:?}, expected file")));
        }
        Ok(Self {
            name: s.req("name")?,
            folder: s.or_default("folder")?,
            path: s.sub("options", &OPTIONS, |o| o.req("path"))?,
            update_interval_seconds: s.or("updateIntervalSeconds", 10)?,
        })
    }
}

#[cfg(test)]
mod tests;
