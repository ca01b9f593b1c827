//! A stack for a measurement: the release programs, free ports, a `.lab` folder of its own; gone at the end.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

pub struct Stack {
    lab: PathBuf,
    root: PathBuf,
    folder: TempDir,
}

impl Stack {
    /// Builds the programs; starts nothing yet.
    pub fn build(root: &Path) -> Result<Self> {
        let target = super::build(root, &["lab", "gateway", "catalog", "checkout"])?;
        Ok(Self { lab: target.join("lab"), root: root.to_owned(), folder: tempfile::tempdir()? })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.lab);
        command.args(arguments).current_dir(&self.root).env("LAB_DIR", self.folder.path());
        command
    }

    /// Runs `lab`, whatever comes of it.
    pub fn attempt(&self, arguments: &[&str]) -> Result<Output> {
        self.command(arguments).output().with_context(|| format!("cannot run {}", self.lab.display()))
    }

    /// Runs `lab`, which has to succeed.
    pub fn lab(&self, arguments: &[&str]) -> Result<Output> {
        let output = self.attempt(arguments)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "lab {}: {said}", arguments.join(" "));
        Ok(output)
    }

    pub fn up(&self) -> Result<()> {
        self.lab(&["up", "--offset", "auto"]).map(|_| ())
    }

    /// Requests in the background until the child is killed.
    pub fn load(&self, rate: &str) -> Result<Child> {
        let mut command = self.command(&["load", "--rate", rate]);
        Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// `lab ps --json`.
    pub fn status(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.lab(&["ps", "--json"])?.stdout)?)
    }

    /// The daemon's process number.
    pub fn daemon(&self) -> Result<u32> {
        let state: Value = serde_json::from_slice(&std::fs::read(self.folder.path().join("state.json"))?)?;
        let identity = state["processes"][0]["identity"].as_str().unwrap_or_default();
        identity.split(' ').next().and_then(|pid| pid.parse().ok()).context("the state names no daemon")
    }

    /// Resident memory of the daemon in bytes, where the system tells it.
    pub fn resident_bytes(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.daemon().ok()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? * 1024.0)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the folder goes with the measurement.
        let _ = self.attempt(&["clean"]);
    }
}
