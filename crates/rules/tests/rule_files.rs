//! Runs the tests of the lab's own rules, the same files that promtool runs.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

use std::path::PathBuf;

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
    let mut failures = Vec::new();
    for file in files {
        let report = rules::testing::run_file(&file).unwrap_or_else(|error| panic!("{error}"));
        failures.extend(report.failures.into_iter().map(|failure| format!("{}: {failure}", file.display())));
        assert!(report.passed > 0, "{} expects nothing", file.display());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
