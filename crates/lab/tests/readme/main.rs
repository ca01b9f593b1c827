//! The README and the lessons do what they say: every block marked `bash` is run, from top to bottom, against a fresh
//! embedded stack on free ports.
//!
//! A block has to succeed. After it, `<!-- expect: TEXT -->` says that its output has to contain the text; it is asked again
//! until it does, because telemetry takes some seconds on its way. Before a block, `<!-- background -->` lets it run on until
//! the end of the page. `make up` itself is what this test does first.

mod blocks;
mod stack;

use blocks::Block;
use stack::Stack;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an expected text may take: a page needs half a minute, a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_secs(1);

/// One page at a time: they measure times, and each has a load of its own.
static TURN: Mutex<()> = Mutex::new(());

fn run(page: &str) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let blocks = blocks::of(&stack::repository().join(page));
    assert!(blocks.len() > 4, "{page}: only {} blocks to run", blocks.len());
    let mut stack = Stack::up();
    for block in &blocks {
        if block.text.trim() == "make up" {
            continue;
        }
        if block.background {
            stack.start(&block.text);
            continue;
        }
        check(page, block, &stack);
    }
}

fn check(page: &str, block: &Block, stack: &Stack) {
    let began = Instant::now();
    loop {
        let (succeeded, output) = stack.shell(&block.text);
        let place = format!("{page}:{}", block.line);
        assert!(succeeded, "{place} failed:\n{}\n{output}", block.text);
        let missing: Vec<&String> =
            block.expect.iter().filter(|text| !output.contains(text.as_str())).collect();
        if missing.is_empty() {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{place}: {missing:?} is not in the answer of\n{}\nafter {PATIENCE:?}:\n{output}",
            block.text
        );
        std::thread::sleep(POLL);
    }
}

#[test]
fn readme() {
    run("README.md");
}

#[test]
fn three_signals() {
    run("walkthroughs/01-three-signals/README.md");
}

#[test]
fn errors() {
    run("walkthroughs/02-errors/README.md");
}

#[test]
fn latency() {
    run("walkthroughs/03-latency/README.md");
}

#[test]
fn slo_page() {
    run("walkthroughs/04-slo-page/README.md");
}
