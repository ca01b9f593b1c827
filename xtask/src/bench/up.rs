//! How long `lab up` takes from nothing to every part ready, and the memory of the idle daemon.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Starts from nothing; the median is printed.
const ROUNDS: usize = 5;
/// After this long the caches of a fresh start have settled.
const SETTLE: Duration = Duration::from_secs(10);

pub fn run(root: &Path) -> Result<()> {
    let programs = ["lab", "gateway", "catalog", "checkout"];
    let target = super::build(root, &programs)?;
    let lab = target.join("lab");
    let mut whole = Vec::new();
    let mut parts: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let folder = tempfile::tempdir()?;
    let command = |arguments: &[&str]| -> Result<Output> {
        let mut command = Command::new(&lab);
        command.args(arguments).current_dir(root).env("LAB_DIR", folder.path());
        let output = command.output().with_context(|| format!("cannot run {}", lab.display()))?;
        ensure!(
            output.status.success(),
            "lab {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output)
    };
    let mut resident = None;
    for round in 0..ROUNDS {
        let began = Instant::now();
        command(&["up", "--offset", "auto"])?;
        whole.push(began.elapsed().as_secs_f64());
        let status: Value = serde_json::from_slice(&command(&["ps", "--json"])?.stdout)?;
        for part in status["parts"].as_array().into_iter().flatten() {
            let name = part["name"].as_str().unwrap_or_default().to_owned();
            let seconds = part["ready_after_ms"].as_f64().unwrap_or_default() / 1000.0;
            parts.entry(name).or_default().push(seconds);
        }
        if round + 1 == ROUNDS {
            std::thread::sleep(SETTLE);
            resident = resident_bytes(&std::fs::read_to_string(folder.path().join("state.json"))?);
        }
        command(&["clean"])?;
    }
    println!("{:16} {:>8}", "part", "seconds");
    for (name, seconds) in &mut parts {
        println!("{name:16} {:8.3}", super::median(seconds));
    }
    println!("{:16} {:8.3}   (target: 1.000)", "lab up, whole", super::median(&mut whole));
    if let Some(bytes) = resident {
        println!("memory of the idle daemon: {:.1} MB   (target: 60)", bytes / 1e6);
    }
    Ok(())
}

/// Resident memory of the daemon that a state file names, where the system tells it.
fn resident_bytes(state: &str) -> Option<f64> {
    let state: Value = serde_json::from_str(state).ok()?;
    let pid = state["processes"][0]["identity"].as_str()?.split(' ').next()?.to_owned();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? * 1024.0)
}
