//! `provisioning/datasources`.

use super::{check_version, expand, json_data};
use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use crate::{Loaded, parse_with};
use serde_json::Value as Json;
use std::collections::BTreeMap;

pub static DATASOURCES: Shape = Shape {
    path: "provisioning/datasources",
    keys: &["apiVersion", "datasources"],
    no_effect: &["prune", "deleteDatasources"],
    unsupported: &[],
};
pub static DATASOURCE: Shape = Shape {
    path: "datasources[]",
    keys: &["name", "uid", "type", "url", "isDefault", "jsonData", "access"],
    no_effect: &["orgId", "editable", "version", "readOnly"],
    unsupported: &["basicAuth", "basicAuthUser", "withCredentials", "secureJsonData", "user", "database"],
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatasourceProvisioning {
    pub datasources: Vec<Datasource>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Datasource {
    pub name: String,
    pub uid: String,
    /// `prometheus`, `loki`, `tempo`, `alertmanager`.
    pub kind: String,
    /// As written, with the compose service's name: `http://loki:3100`.
    pub url: String,
    pub is_default: bool,
    /// The settings of the plugin, expanded. Their keys have been checked.
    pub json_data: Json,
    pub line: u32,
}

impl Datasource {
    /// A value of `jsonData` by a JSON pointer, such as `/tracesToLogsV2/datasourceUid`.
    pub fn setting(&self, pointer: &str) -> Option<&Json> {
        self.json_data.pointer(pointer)
    }

    /// Every data source that this one links to, with the place of the link.
    pub fn links(&self) -> Vec<(String, String)> {
        fn walk(json: &Json, path: &str, found: &mut Vec<(String, String)>) {
            match json {
                Json::Object(map) => {
                    for (key, value) in map {
                        let path = format!("{path}/{key}");
                        match value {
                            Json::String(uid) if key == "datasourceUid" => found.push((path, uid.clone())),
                            _ => walk(value, &path, found),
                        }
                    }
                }
                Json::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        walk(item, &format!("{path}/{index}"), found);
                    }
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        walk(&self.json_data, "", &mut found);
        found
    }
}

/// Reads a file of `provisioning/datasources`.
///
/// # Errors
/// [`ConfigError`] at the first thing that is wrong; a uid that is used twice counts.
pub fn parse_datasources(
    file: &str,
    text: &str,
    variables: &BTreeMap<String, String>,
) -> Result<Loaded<DatasourceProvisioning>, ConfigError> {
    parse_with(file, text, |node, ctx| {
        let node = expand::tree(node, variables);
        let s = Section::open(&node, &DATASOURCES, ctx)?;
        check_version(&s)?;
        let datasources: Vec<Datasource> = s.or_default("datasources")?;
        for (index, source) in datasources.iter().enumerate() {
            let at = crate::yaml::Place { line: source.line, column: 1 };
            let earlier = &datasources[..index];
            if earlier.iter().any(|other| other.uid == source.uid) {
                return Err(ctx.invalid(at, format!("data source uid {:?} is used twice", source.uid)));
            }
            if source.is_default && earlier.iter().any(|other| other.is_default) {
                return Err(ctx.invalid(at, "only one data source can be the default"));
            }
        }
        Ok(DatasourceProvisioning { datasources })
    })
}

impl FromNode for Datasource {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &DATASOURCE, ctx)?;
        let kind: String = s.req("type")?;
        let access: String = s.or("access", "proxy".to_owned())?;
        if access != "proxy" {
            return Err(s.bad("access", format!("found access {access:?}, expected proxy")));
        }
        Ok(Self {
            name: s.req("name")?,
            // Grafana makes up a uid of its own when there is none, and then no link can name it.
            uid: s.req("uid")?,
            url: s.req("url")?,
            is_default: s.or("isDefault", false)?,
            json_data: match s.node("jsonData") {
                Some(node) => json_data::read(&kind, node, ctx)?,
                None => Json::Object(serde_json::Map::new()),
            },
            kind,
            line: s.at.line,
        })
    }
}
