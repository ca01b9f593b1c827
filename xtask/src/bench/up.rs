//! How long `lab up` takes from nothing to every part ready, and the memory of the idle daemon.

use super::stack::Stack;
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Starts from nothing; the median is printed.
const ROUNDS: usize = 5;
/// After this long the caches of a fresh start have settled.
const SETTLE: Duration = Duration::from_secs(10);

pub fn run(root: &Path) -> Result<()> {
    let stack = Stack::build(root)?;
    let mut whole = Vec::new();
    let mut parts: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut resident = None;
    for round in 0..ROUNDS {
        let began = Instant::now();
        stack.up()?;
        whole.push(began.elapsed().as_secs_f64());
        for part in stack.status()?["parts"].as_array().into_iter().flatten() {
            let name = part["name"].as_str().unwrap_or_default().to_owned();
            let seconds = part["ready_after_ms"].as_f64().unwrap_or_default() / 1000.0;
            parts.entry(name).or_default().push(seconds);
        }
        if round + 1 == ROUNDS {
            std::thread::sleep(SETTLE);
            resident = stack.resident_bytes();
        }
        stack.lab(&["clean"])?;
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
