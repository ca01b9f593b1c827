//! docs/reference/compat.md is made from the tables of the readers and engines. `UPDATE_DOCS=1 cargo test -p stackconf --test
//! compat` writes it anew.

use std::path::Path;

const HEAD: &str = "# What the embedded stack does of what upstream does

<!-- Made from the code by crates/stackconf/tests/compat.rs; UPDATE_DOCS=1 cargo test -p stackconf --test compat writes it. -->

The docker stack runs the real engines and has no such list. The embedded stack reads the same files and answers the same
queries; this is how far it goes.

";

fn document() -> String {
    let marked =
        |(name, experimental): (&str, bool)| format!("`{name}`{}", if experimental { "\\*" } else { "" });
    let functions: Vec<String> = promql::function_names().map(marked).collect();
    format!(
        "{HEAD}## PromQL

All operators, aggregations, modifiers (`offset`, `@`, subqueries), and vector matching of Prometheus 3, evaluated with its
left-open windows. Not supported: native histograms. Functions ({}; a star marks what
Prometheus calls experimental):

{}

{}",
        functions.len(),
        functions.join(" "),
        stackconf::compat::markdown()
    )
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not of the program")]
fn update() -> bool {
    std::env::var("UPDATE_DOCS").as_deref() == Ok("1")
}

#[test]
fn the_document_is_what_the_tables_give() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/compat.md");
    if update() {
        std::fs::write(&path, document()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document(),
        "docs/reference/compat.md is out of date: UPDATE_DOCS=1 cargo test -p stackconf --test compat"
    );
}

#[test]
fn no_key_stands_in_two_columns() {
    let text = stackconf::compat::markdown();
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let mut keys: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count, "{row}");
    }
}
