//! How long it takes, under load, from ready until every panel has data and every link of a request is proven.

use super::stack::Stack;
use anyhow::{Result, bail};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

const RATE: &str = "20";
const LIMIT: Duration = Duration::from_secs(120);

pub fn run(root: &Path) -> Result<()> {
    let stack = Stack::build(root)?;
    stack.up()?;
    let began = Instant::now();
    let mut load = stack.load(RATE)?;
    let found = watch(&stack, began);
    load.kill()?;
    load.wait()?;
    let (panels, links) = found?;
    println!("every panel has data after {panels:.1} s   (target: 20)");
    println!("every link is proven after {links:.1} s");
    Ok(())
}

/// Seconds until no panel, and until nothing at all, is broken.
fn watch(stack: &Stack, began: Instant) -> Result<(f64, f64)> {
    let mut panels = None;
    while began.elapsed() < LIMIT {
        let output = stack.attempt(&["verify", "--json", "--patience", "0"])?;
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let broken = |group: &str| {
            rows.iter().any(|row| row["outcome"] == "broken" && (group.is_empty() || row["group"] == group))
        };
        let now = began.elapsed().as_secs_f64();
        if !rows.is_empty() && !broken("dashboards") {
            panels.get_or_insert(now);
        }
        if let (Some(panels), false) = (panels, rows.is_empty() || broken("")) {
            return Ok((panels, now));
        }
    }
    bail!("something is broken after {LIMIT:?}: `lab verify` names it")
}
