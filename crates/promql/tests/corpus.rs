//! Runs the project's own corpus and holds it complete.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

use promql::testing::{Command, Script, run_script};
use promql::{Engine, Limits, function_names};
use std::path::PathBuf;

/// Everything but functions that a query can be made of.
const PARTS: [&str; 42] = [
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "group",
    "stddev",
    "stdvar",
    "quantile",
    "topk",
    "bottomk",
    "count_values",
    "limitk",
    "limit_ratio",
    "by",
    "without",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "atan2",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "bool",
    "and",
    "or",
    "unless",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "fill",
    "offset",
    "@ start()",
    "@ end()",
    "[1m:]",
];

fn scripts() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance/promql");
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "test"))
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_script_passes() {
    let mut failures = Vec::new();
    let mut evaluations = 0;
    for (name, text) in scripts() {
        let outcomes = run_script(&text, &Engine::new(Limits::default()))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for outcome in outcomes {
            evaluations += 1;
            assert!(!outcome.skipped, "{name}:{} was skipped", outcome.line);
            if let Err(reason) = outcome.all() {
                failures.push(format!("{name}:{} {}\n{reason}", outcome.line, outcome.query));
            }
        }
    }
    assert!(evaluations > 200, "only {evaluations} evaluations were found");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_corpus_holds_every_part_of_the_language() {
    let mut queries = Vec::new();
    for (_, text) in scripts() {
        for command in Script::parse(&text).unwrap().commands {
            if let Command::Eval(eval) = command {
                queries.push(eval.query);
            }
        }
    }
    let all = format!(" {} ", queries.join(" \n "));
    let called = |name: &str| all.contains(&format!("{name}("));
    let missing: Vec<&str> = function_names().map(|(name, _)| name).filter(|name| !called(name)).collect();
    assert!(missing.is_empty(), "functions without a query: {missing:?}");
    let missing: Vec<&str> = PARTS.into_iter().filter(|part| !all.contains(part)).collect();
    assert!(missing.is_empty(), "parts without a query: {missing:?}");
}

/// The corpus judges: an engine whose data differ fails.
#[test]
fn a_wrong_value_is_seen() {
    let script =
        "load 1m\n  a 1\n\neval instant at 0 a\n  a 2\n\neval instant at 0 a\n  b 1\n\neval instant at 0 a\n";
    let outcomes = run_script(script, &Engine::new(Limits::default())).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.all().is_err()));
    assert_eq!(outcomes.len(), 3);
}
