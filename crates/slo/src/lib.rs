//! SLO specification to recording rules and burn-rate alerts.
//!
//! `slo/<service>.yml` ([`spec`]) and a set of windows ([`windows`]) make one rule file ([`render`]). The files are generated
//! for both sets, with the lab's short windows and with production's, from the same template, and committed:
//! [`generate`] makes them, [`stale`] says which of the committed ones differ. Source of the method: the SRE workbook,
//! "Alerting on SLOs", multi-window multi-burn-rate alerts.

mod alerts;
mod records;
pub mod render;
pub mod spec;
mod targets;
pub mod windows;

use std::path::{Path, PathBuf};

pub use spec::{Sli, Slo, Spec};
pub use windows::{BurnAlert, Severity, WindowSet};

#[derive(Debug, thiserror::Error)]
pub enum SloError {
    #[error(transparent)]
    Config(#[from] stackconf::ConfigError),
    #[error("{path}: {reason}")]
    Io { path: String, reason: String },
}

/// A rule file as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Relative to the repository's root.
    pub path: PathBuf,
    pub text: String,
}

/// Makes all rule files of the repository at `root`: for every set of windows one per specification, and the one about
/// targets that are down.
///
/// # Errors
/// When a specification cannot be read or is wrong.
pub fn generate(root: &Path) -> Result<Vec<Generated>, SloError> {
    let mut specs = Vec::new();
    for file in stackconf::glob::expand(&root.join("slo/*.yml")) {
        let text = stackconf::yaml::read_text(&file)?;
        let name = format!("slo/{}", file.file_name().unwrap_or_default().to_string_lossy());
        specs.push(spec::parse(&name, &text)?);
    }
    let mut files = Vec::new();
    for set in &windows::SETS {
        let folder = PathBuf::from("prometheus/rules").join(set.name);
        for spec in &specs {
            let path = folder.join(format!("{}.yml", spec.service));
            files.push(Generated { path, text: render::spec(spec, set) });
        }
        files.push(Generated { path: folder.join("targets.yml"), text: render::targets(set) });
    }
    Ok(files)
}

/// Writes the files that differ below `root` and returns their paths.
///
/// # Errors
/// As [`generate`], and when a file cannot be written.
pub fn write(root: &Path) -> Result<Vec<PathBuf>, SloError> {
    let changed = differing(root)?;
    for file in &changed {
        let path = root.join(&file.path);
        let error = |error: std::io::Error| SloError::Io {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(error)?;
        }
        std::fs::write(&path, &file.text).map_err(error)?;
    }
    Ok(changed.into_iter().map(|file| file.path).collect())
}

/// The committed files that are not what the specifications give: missing or different.
///
/// # Errors
/// As [`generate`].
pub fn stale(root: &Path) -> Result<Vec<PathBuf>, SloError> {
    Ok(differing(root)?.into_iter().map(|file| file.path).collect())
}

fn differing(root: &Path) -> Result<Vec<Generated>, SloError> {
    let mut files = generate(root)?;
    files.retain(|file| std::fs::read_to_string(root.join(&file.path)).ok().as_deref() != Some(&file.text));
    Ok(files)
}

#[cfg(test)]
mod tests;
