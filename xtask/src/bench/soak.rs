//! Load for some minutes: the daemon's memory after it; and `kill -9` in the middle of it, again and again, without losing
//! a line that could be read before.

use super::stack::Stack;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const RATE: &str = "50";
const MINUTES: u64 = 10;
const KILLS: usize = 20;
/// Between a start and the kill.
const LIFE: Duration = Duration::from_secs(3);

pub fn run(root: &Path) -> Result<()> {
    let stack = Stack::build(root)?;
    stack.up()?;
    let mut load = stack.load(RATE)?;
    for minute in 1..=MINUTES {
        std::thread::sleep(Duration::from_secs(60));
        if let Some(bytes) = stack.resident_bytes() {
            println!("memory after {minute:2} min at {RATE} requests/s: {:6.1} MB", bytes / 1e6);
        }
    }
    load.kill()?;
    load.wait()?;
    kills(&stack)
}

fn kills(stack: &Stack) -> Result<()> {
    for round in 1..=KILLS {
        let mut load = stack.load(RATE)?;
        std::thread::sleep(LIFE);
        let before = newest(stack)?;
        let pid = stack.daemon()?.to_string();
        ensure!(Command::new("kill").args(["-9", &pid]).status()?.success(), "cannot kill {pid}");
        load.kill()?;
        load.wait()?;
        stack.up()?;
        let (line, id) = &before;
        let found = stack.lab(&["query", "logs", &format!("{{service=\"gateway\"}} | trace_id=\"{id}\"")])?;
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        ensure!(found.contains(line.as_str()), "kill {round} lost the line of trace {id}");
    }
    println!("{KILLS} kills under load: every line that could be read before is there");
    Ok(())
}

/// The newest line of the gateway and its trace id.
fn newest(stack: &Stack) -> Result<(String, String)> {
    let query = "{service=\"gateway\"} | trace_id!=\"\"";
    let output = stack.lab(&["query", "logs", query, "--limit", "1", "--since", "1m"])?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let json: Value =
        serde_json::from_str(&line).with_context(|| format!("not a line of the gateway: {line:?}"))?;
    let id = json["trace_id"].as_str().context("the line has no trace id")?.to_owned();
    Ok((line, id))
}
