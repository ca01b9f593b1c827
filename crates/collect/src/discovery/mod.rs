//! Where targets come from: `static_configs` and `file_sd_configs`.
//!
//! A [`Discovery`] belongs to one job. [`Discovery::targets`] gives all of them with the labels that discovery found;
//! relabelling comes later. A file that cannot be read or parsed keeps what it said before, and the error is shown.

use model::{Labels, LabelsBuilder};
use stackconf::prometheus::{FileSdConfig, ScrapeConfig, StaticConfig, parse_targets};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The label that holds a target's `host:port`.
pub const ADDRESS: &str = "__address__";
/// The label that names the file of a target.
const FILE_PATH: &str = "__meta_filepath";
/// Bytes of a target file that are read.
const MAX_FILE: u64 = 16 << 20;

/// The targets of one job.
#[derive(Debug)]
pub struct Discovery {
    fixed: Vec<Labels>,
    files: Vec<FileSdConfig>,
    /// Relative patterns are relative to this folder.
    base: PathBuf,
    known: BTreeMap<PathBuf, KnownFile>,
    errors: Vec<String>,
}

#[derive(Debug)]
struct KnownFile {
    /// Time and length when it was read, to see that it changed.
    stamp: Option<(SystemTime, u64)>,
    targets: Vec<Labels>,
}

impl Discovery {
    /// `base` is the folder of the configuration file.
    pub fn new(config: &ScrapeConfig, base: &Path) -> Self {
        Self {
            fixed: config.static_configs.iter().flat_map(|group| of_group(group, None)).collect(),
            files: config.file_sd_configs.clone(),
            base: base.to_path_buf(),
            known: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    /// Whether looking again can change anything.
    pub fn is_fixed(&self) -> bool {
        self.files.is_empty()
    }

    /// All targets, files read again where they changed.
    pub fn targets(&mut self) -> Vec<Labels> {
        self.errors.clear();
        let patterns = self.files.iter().flat_map(|config| &config.files);
        let mut paths: Vec<PathBuf> =
            patterns.flat_map(|pattern| stackconf::glob::expand(&self.base.join(pattern))).collect();
        paths.sort();
        paths.dedup();
        self.known.retain(|path, _| paths.contains(path));
        for path in paths {
            if let Err(error) = self.refresh(&path) {
                self.errors.push(error);
            }
        }
        let from_files = self.known.values().flat_map(|file| &file.targets);
        self.fixed.iter().chain(from_files).cloned().collect()
    }

    /// What went wrong at the last look, one line a file.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    fn refresh(&mut self, path: &Path) -> Result<(), String> {
        let shown = path.display().to_string();
        let metadata = path.metadata().map_err(|error| format!("{shown}: {error}"))?;
        if metadata.len() > MAX_FILE {
            return Err(format!("{shown}: found {} bytes, expected at most {MAX_FILE}", metadata.len()));
        }
        let stamp = metadata.modified().ok().map(|modified| (modified, metadata.len()));
        if stamp.is_some() && self.known.get(path).is_some_and(|known| known.stamp == stamp) {
            return Ok(());
        }
        let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
        let groups = parse_targets(&shown, &text).map_err(|error| error.to_string())?;
        let targets = groups.iter().flat_map(|group| of_group(group, Some(&shown))).collect();
        self.known.insert(path.to_path_buf(), KnownFile { stamp, targets });
        Ok(())
    }
}

fn of_group<'a>(group: &'a StaticConfig, file: Option<&'a str>) -> impl Iterator<Item = Labels> + 'a {
    group.targets.iter().map(move |target| {
        let mut labels = LabelsBuilder::default();
        for (name, value) in &group.labels {
            labels.set(name, value);
        }
        labels.set(ADDRESS, target);
        labels.set(FILE_PATH, file.unwrap_or_default());
        labels.build()
    })
}

#[cfg(test)]
mod tests;
