use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn map(pairs: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
    pairs
        .iter()
        .map(|(name, imports)| ((*name).to_owned(), imports.iter().map(|s| (*s).to_owned()).collect()))
        .collect()
}

#[test]
fn an_import_upward_or_sideways_is_found() {
    assert_eq!(
        crates::check_order(&map(&[("promql", &["model", "regex"]), ("logql", &["gotmpl"])])),
        [""; 0]
    );
    assert_eq!(
        crates::check_order(&map(&[("promql", &["tsdb"]), ("model", &["api"]), ("tsdb", &[])])),
        [
            "crates/model imports api, which is not below it",
            "crates/promql imports tsdb, which is not below it"
        ]
    );
    assert_eq!(crates::check_order(&map(&[("stranger", &[])])).len(), 1);
}

#[test]
fn only_real_dependencies_of_a_manifest_are_read() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\nmodel.workspace = true\n# axum = 1\nserde-saphyr = \"2\"\n[dev-dependencies]\naxum = \"1\"\n";
    assert_eq!(crates::names_in(manifest).into_iter().collect::<Vec<_>>(), ["model", "serde-saphyr"]);
}

#[test]
fn large_files_are_found_and_comments_do_not_count() {
    assert_eq!(sizes::production_lines("//! a\n\nfn b() {}\n    // c\n}\n"), 2);
    assert_eq!(
        sizes::check(vec![(10, "a.rs".into()), (801, "b.rs".into())]),
        ["b.rs has 801 lines, allowed are 800"]
    );
    assert_eq!(sizes::check(vec![(151, "a.rs".into())]).len(), 1);
}

#[test]
fn marks_are_found_as_words_only() {
    let mark = concat!("TO", "DO");
    assert_eq!(text::find_in("a.rs", &format!("x\n// {mark} later"), &[mark]).len(), 1);
    assert_eq!(text::find_in("a.rs", &format!("MAS{mark}N"), &[mark]).len(), 0);
}
