//! Runs the tests of the lab's own rules, the same files that promtool runs.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

use std::path::{Path, PathBuf};

#[test]
fn the_rule_tests_of_the_lab_pass() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../prometheus/tests");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    // Each file evaluates tens of thousands of rules.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = files.iter().map(|file| scope.spawn(move || run(file))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn run(file: &Path) -> Vec<String> {
    let report = rules::testing::run_file(file).unwrap_or_else(|error| panic!("{error}"));
    assert!(report.passed > 0, "{} expects nothing", file.display());
    report.failures.into_iter().map(|failure| format!("{}: {failure}", file.display())).collect()
}
