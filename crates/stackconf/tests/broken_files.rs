//! Whatever is done to a configuration file, reading it ends with the file or with an error that names it: no panic, no hang,
//! no stack overflow.

use proptest::prelude::*;
use stackconf::{ConfigError, alertmanager, compose, grafana, loki, prometheus, promtail, rules, tempo};
use std::collections::BTreeMap;
use std::path::Path;

type Read = fn(&str) -> Option<ConfigError>;

/// Every file of the repository with its reader.
const FILES: &[(&str, Read)] = &[
    ("prometheus/prometheus.yml", |text| prometheus::parse("f", text).err()),
    ("prometheus/rules/lab/gateway.yml", |text| rules::parse("f", text).err()),
    ("alertmanager/alertmanager.yml", |text| alertmanager::parse("f", text).err()),
    ("loki/loki-config.yml", |text| loki::parse("f", text).err()),
    ("promtail/promtail-config.yml", |text| promtail::parse("f", text).err()),
    ("tempo/tempo.yaml", |text| tempo::parse("f", text).err()),
    ("grafana/provisioning/datasources/lab.yml", |text| {
        grafana::parse_datasources("f", text, &BTreeMap::new()).err()
    }),
    ("grafana/provisioning/dashboards/lab.yml", |text| {
        grafana::parse_dashboards("f", text, &BTreeMap::new()).err()
    }),
    ("docker-compose.yml", |text| compose::parse("f", text, &BTreeMap::new()).err()),
];

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).expect(file)
}

/// Pieces that mean something in YAML, in durations, in matchers or in templates.
const PIECES: &[&str] = &[
    "",
    ":",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "!!int ",
    "|-\n",
    "\t",
    "\n",
    "#",
    "%",
    "~",
    "null",
    "-1",
    "0s",
    "1e999",
    "99999999999999999999",
    "true",
    "${",
    "$",
    "=~\"(\"",
    "é",
    "\u{0}",
    "<<: *container",
    "? ",
    "---\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_read_or_refused(
        which in 0..FILES.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0usize..20, prop::sample::select(PIECES)), 1..4),
    ) {
        let (file, read) = FILES[which];
        let mut chars: Vec<char> = text(file).chars().collect();
        for (at, length, piece) in damage {
            let at = at.index(chars.len());
            let end = (at + length).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        if let Some(error) = read(&chars.into_iter().collect::<String>()) {
            let said = error.to_string();
            prop_assert!(said.starts_with("f:") && !said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused(which in 0..FILES.len(), text in "\\PC{0,200}") {
        let _ = FILES[which].1(&text);
    }
}

#[test]
fn the_files_as_they_are_are_read() {
    for (file, read) in FILES {
        assert_eq!(read(&text(file)), None, "{file}");
    }
}
