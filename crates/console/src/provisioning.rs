//! The data sources and dashboards that Grafana would provision, read from the same files.

use serde_json::Value;
use stackconf::ConfigError;
use stackconf::grafana::{self, DashboardProvider, Datasource};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::time::SystemTime;

/// Largest dashboard file.
const MAX_DASHBOARD: u64 = 8 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot read {path}: {reason}")]
    Read { path: PathBuf, reason: String },
    #[error("{path}: {reason}")]
    Dashboard { path: PathBuf, reason: String },
    #[error("{path}: uid {uid:?} is taken by {other}")]
    SameUid { path: PathBuf, uid: String, other: PathBuf },
}

/// One dashboard file.
#[derive(Clone, Debug)]
pub struct Dashboard {
    pub uid: String,
    pub title: String,
    pub tags: Vec<String>,
    pub folder: String,
    pub path: PathBuf,
    pub json: Value,
    modified: Option<SystemTime>,
}

/// Everything that was found below `grafana/`. Dashboard files are read again when they have changed.
pub struct Provisioned {
    pub datasources: Vec<Datasource>,
    folders: Vec<(DashboardProvider, PathBuf)>,
    dashboards: RwLock<Vec<Dashboard>>,
}

impl Provisioned {
    /// Reads `provisioning/datasources/*.yml`, `provisioning/dashboards/*.yml` and the dashboards that those name.
    /// `host_path` leads a path in Grafana's container to the one on this machine.
    ///
    /// # Errors
    /// [`ProvisioningError`] with the file and what is wrong with it.
    pub fn load(
        grafana: &Path,
        variables: &BTreeMap<String, String>,
        host_path: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Self, ProvisioningError> {
        let mut datasources = Vec::new();
        for path in yaml_files(&grafana.join("provisioning/datasources"))? {
            let loaded = grafana::parse_datasources(&path.display().to_string(), &read(&path)?, variables)?;
            datasources.extend(loaded.config.datasources);
        }
        let mut folders = Vec::new();
        for path in yaml_files(&grafana.join("provisioning/dashboards"))? {
            let loaded = grafana::parse_dashboards(&path.display().to_string(), &read(&path)?, variables)?;
            for provider in loaded.config {
                let folder = host_path(&provider.path).unwrap_or_else(|| grafana.join("dashboards"));
                folders.push((provider, folder));
            }
        }
        let provisioned = Self { datasources, folders, dashboards: RwLock::default() };
        provisioned.refresh()?;
        Ok(provisioned)
    }

    /// Reads the dashboards again whose files are new or have changed.
    ///
    /// # Errors
    /// [`ProvisioningError`]; the dashboards stay as they were.
    pub fn refresh(&self) -> Result<(), ProvisioningError> {
        let known = self.dashboards.read().map(|list| list.clone()).unwrap_or_default();
        let mut found: Vec<Dashboard> = Vec::new();
        for (provider, folder) in &self.folders {
            for path in files(folder, &["json"])? {
                let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
                let unchanged = known.iter().find(|old| old.path == path && old.modified == modified);
                let dashboard = match unchanged {
                    Some(dashboard) => dashboard.clone(),
                    None => read_dashboard(&path, &provider.folder, modified)?,
                };
                if let Some(other) = found.iter().find(|other| other.uid == dashboard.uid) {
                    return Err(ProvisioningError::SameUid {
                        path,
                        uid: dashboard.uid,
                        other: other.path.clone(),
                    });
                }
                found.push(dashboard);
            }
        }
        found.sort_by(|a, b| a.title.cmp(&b.title));
        if let Ok(mut dashboards) = self.dashboards.write() {
            *dashboards = found;
        }
        Ok(())
    }

    pub fn dashboards(&self) -> Vec<Dashboard> {
        self.dashboards.read().map(|list| list.clone()).unwrap_or_default()
    }

    pub fn dashboard(&self, uid: &str) -> Option<Dashboard> {
        self.dashboards.read().ok()?.iter().find(|dashboard| dashboard.uid == uid).cloned()
    }

    pub fn datasource(&self, uid: &str) -> Option<&Datasource> {
        self.datasources.iter().find(|source| source.uid == uid)
    }
}

fn read(path: &Path) -> Result<String, ProvisioningError> {
    std::fs::read_to_string(path)
        .map_err(|error| ProvisioningError::Read { path: path.to_owned(), reason: error.to_string() })
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, ProvisioningError> {
    files(folder, &["yml", "yaml"])
}

/// The files of a folder with one of these endings, sorted by name.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, ProvisioningError> {
    let error = |error: std::io::Error| ProvisioningError::Read {
        path: folder.to_owned(),
        reason: error.to_string(),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| endings.contains(&ending))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read_dashboard(
    path: &Path,
    folder: &str,
    modified: Option<SystemTime>,
) -> Result<Dashboard, ProvisioningError> {
    let error = |reason: String| ProvisioningError::Dashboard { path: path.to_owned(), reason };
    let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size > MAX_DASHBOARD {
        return Err(error(format!("is {size} bytes long, expected at most {MAX_DASHBOARD}")));
    }
    let json: Value = serde_json::from_str(&read(path)?).map_err(|reason| error(reason.to_string()))?;
    let text = |key: &str| {
        let found = json[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        found.ok_or_else(|| {
            error(format!("expected a text under {key:?} at the top (the classic format, not wrapped)"))
        })
    };
    if !json["panels"].is_array() {
        return Err(error("expected a list under \"panels\"".to_owned()));
    }
    let tags = json["tags"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(Dashboard {
        uid: text("uid")?,
        title: text("title")?,
        tags: tags.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        folder: folder.to_owned(),
        path: path.to_owned(),
        json,
        modified,
    })
}
