//! What a running stack was started from: a hash for each binary and each configuration file.
//!
//! A second `lab up` compares these and names what changed.

use crate::endpoints::SERVICES;
use crate::place::Place;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// By name: `gateway` for a binary, `prometheus/prometheus.yml` for a file.
pub type Fingerprint = BTreeMap<String, String>;

/// The configuration that the embedded stack reads.
const CONFIGURATION: &[&str] =
    &["docker-compose.yml", "prometheus", "alertmanager", "loki", "promtail", "tempo", "grafana", "slo"];

/// The name under which the daemon's own binary is listed.
pub const DAEMON: &str = "lab";

/// 64-bit FNV-1a, as 16 hexadecimal digits. It tells versions apart; it does not resist an attacker, and need not.
pub fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(14_695_981_039_346_656_037_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(1_099_511_628_211)
    });
    format!("{hash:016x}")
}

/// Looks at all files now. One that cannot be read is listed as missing, so that its return is a change.
pub fn take(place: &Place, program: &Path, with_services: bool) -> Fingerprint {
    let mut all = Fingerprint::new();
    all.insert(DAEMON.to_owned(), of_binary(program));
    if with_services {
        for service in SERVICES {
            all.insert(service.name.to_owned(), of_binary(&beside(program, service.name)));
        }
    }
    for name in CONFIGURATION {
        walk(&place.root, name, &mut all);
    }
    all
}

/// A program that lies beside this one.
pub fn beside(program: &Path, name: &str) -> std::path::PathBuf {
    program.with_file_name(name)
}

/// The names whose hashes differ, sorted.
pub fn changed(old: &Fingerprint, new: &Fingerprint) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    names.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
}

/// Binaries are large and are only ever replaced as a whole: size and time of change tell them apart.
fn of_binary(path: &Path) -> String {
    match fs::metadata(path) {
        Ok(meta) => {
            let changed = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            format!("{}-{}", meta.len(), changed.map_or(0, |time| time.as_nanos()))
        }
        Err(_) => "missing".to_owned(),
    }
}

fn walk(root: &Path, name: &str, all: &mut Fingerprint) {
    let path = root.join(name);
    if path.is_dir() {
        let Ok(entries) = fs::read_dir(&path) else { return };
        for entry in entries.flatten() {
            if let Some(file) = entry.file_name().to_str() {
                walk(root, &format!("{name}/{file}"), all);
            }
        }
    } else if let Ok(bytes) = fs::read(&path) {
        all.insert(name.to_owned(), hash(&bytes));
    }
}

#[cfg(test)]
mod tests;
