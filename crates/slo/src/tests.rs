use super::*;
use crate::windows::{BURN_ALERTS, SCRAPE_INTERVAL, SETS};
use std::collections::BTreeSet;
use std::time::Duration;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The alerts of all generated files: name, severity, runbook.
fn rules() -> Vec<(PathBuf, stackconf::rules::Rule)> {
    let mut all = Vec::new();
    for file in generate(&root()).unwrap() {
        let loaded = stackconf::rules::parse(&file.path.display().to_string(), &file.text).unwrap();
        assert!(loaded.warnings.is_empty());
        for group in loaded.config.groups {
            all.extend(group.rules.into_iter().map(|rule| (file.path.clone(), rule)));
        }
    }
    all
}

#[test]
fn the_committed_rules_are_what_the_specifications_give() {
    let stale = stale(&root()).unwrap();
    assert!(stale.is_empty(), "out of date, run `lab slo generate`: {stale:?}");
}

#[test]
fn writing_heals_what_is_stale_and_touches_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("slo")).unwrap();
    std::fs::copy(root().join("slo/gateway.yml"), folder.path().join("slo/gateway.yml")).unwrap();
    assert_eq!(write(folder.path()).unwrap().len(), 4);
    assert!(write(folder.path()).unwrap().is_empty());
    let file = folder.path().join("prometheus/rules/lab/gateway.yml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("14.4", "14")).unwrap();
    assert_eq!(stale(folder.path()).unwrap(), [PathBuf::from("prometheus/rules/lab/gateway.yml")]);
    assert_eq!(write(folder.path()).unwrap().len(), 1);
    assert!(stale(folder.path()).unwrap().is_empty());
}

#[test]
fn a_small_specification_gives_this_file() {
    let text = "service: shop\nperiod: 30d\nslos:\n- {name: availability, objective: 99.5, description: good answers, sli: {bad: 'e{a=\"b\"}', total: t}}\n";
    let spec = spec::parse("slo/shop.yml", text).unwrap();
    insta::assert_snapshot!("shop_lab", render::spec(&spec, &SETS[0]));
    insta::assert_snapshot!("targets_production", render::targets(&SETS[1]));
}

#[test]
fn the_arithmetic_is_the_workbooks() {
    let period = Duration::from_secs(30 * 86_400);
    let figures: Vec<(u64, u64)> = BURN_ALERTS
        .iter()
        .map(|row| {
            let lasts = period.div_f64(row.burn_rate).as_secs_f64() / 3600.0;
            let gone = row.burn_rate * row.long.as_secs_f64() / period.as_secs_f64() * 100.0;
            (lasts.round() as u64, gone.round() as u64)
        })
        .collect();
    // Hours that a budget of 30 days lasts, and percent of it that is gone when the alert fires.
    assert_eq!(figures, [(50, 2), (120, 5), (240, 10), (720, 10)]);
    for set in &SETS {
        for window in WindowSet::production_windows() {
            let window = set.compress(window);
            assert!(window >= SCRAPE_INTERVAL * 4, "{} {window:?}: a rate needs four scrapes", set.name);
            assert_eq!(window.subsec_nanos(), 0);
        }
    }
}

#[test]
fn the_scrape_interval_is_that_of_prometheus_yml() {
    let config = stackconf::prometheus::load(&root().join("prometheus/prometheus.yml")).unwrap().config;
    assert_eq!(config.global.scrape_interval, SCRAPE_INTERVAL);
    assert_eq!(config.global.evaluation_interval, SETS[0].interval);
}

#[test]
fn budgets_are_exact_decimals() {
    let budget = |objective: &str| {
        let text = format!(
            "service: a\nperiod: 30d\nslos: [{{name: x, objective: {objective}, description: d, sli: {{bad: b, total: t}}}}]\n"
        );
        let slo = spec::parse("f", &text).unwrap().slos.remove(0);
        (slo.budget(), slo.objective_ratio())
    };
    for (objective, expected) in [
        ("99.9", ("0.001", "0.999")),
        ("95", ("0.05", "0.95")),
        ("99.95", ("0.0005", "0.9995")),
        ("90.0", ("0.1", "0.9")),
        ("0.5", ("0.995", "0.005")),
    ] {
        let found = budget(objective);
        assert_eq!((found.0.as_str(), found.1.as_str()), expected, "{objective}");
    }
}

#[test]
fn mistakes_in_a_specification_are_named() {
    let slo = |body: &str| format!("service: a\nperiod: 30d\nslos:\n- {{{body}}}\n");
    for (text, expected) in [
        ("period: 30d\n".to_owned(), "f.yml:1: key \"service\" is missing in SLO file"),
        ("service: a b\nperiod: 30d\n".to_owned(), "f.yml:1: found \"a b\", expected letters"),
        (
            slo("name: x, objective: 100, description: d, sli: {bad: b, total: t}"),
            "f.yml:4: found 100, expected percent",
        ),
        (
            slo("name: x, objective: 99.9, description: d, sli: {total: t}"),
            "f.yml:4: an sli has total and either bad or good",
        ),
        (
            slo("name: x, objective: 99.9, description: d, sli: {bad: b, good: g, total: t}"),
            "either bad or good",
        ),
        (slo("name: x, objectiv: 99.9"), "did you mean \"objective\"?"),
    ] {
        let error = spec::parse("f.yml", &text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn every_alert_says_what_to_do() {
    let mut alerts = BTreeSet::new();
    for (file, rule) in rules() {
        let stackconf::rules::RuleKind::Alert { name, annotations, hold, .. } = &rule.kind else { continue };
        alerts.insert(name.clone());
        assert!(hold.is_zero(), "{name} waits, though its windows already do");
        for key in ["summary", "description", "dashboard", "runbook"] {
            assert!(
                annotations.get(key).is_some_and(|text| !text.is_empty()),
                "{name} in {file:?} has no {key}"
            );
        }
        let runbook = root().join(&annotations["runbook"]);
        assert!(runbook.is_file(), "{name}: {} is missing", runbook.display());
        assert!(annotations["dashboard"].starts_with("http://localhost:3000/d/"));
        assert!(["page", "ticket", "info"].contains(&rule.labels["severity"].as_str()));
    }
    assert_eq!(
        alerts.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "SLOAvailabilityBurnPage",
            "SLOAvailabilityBurnTicket",
            "SLOLatencyBurnPage",
            "SLOLatencyBurnTicket",
            "SLOTrafficAbsent",
            "StackTargetDown",
            "TargetDown",
        ]
    );
}

#[test]
fn both_sets_differ_in_windows_only() {
    let files = generate(&root()).unwrap();
    let text = |set: &str| {
        let path = PathBuf::from(format!("prometheus/rules/{set}/gateway.yml"));
        &files.iter().find(|file| file.path == path).unwrap().text
    };
    let names = |set: &str| {
        let loaded = stackconf::rules::parse(set, text(set)).unwrap().config;
        let rules = loaded.groups.iter().flat_map(|group| &group.rules);
        rules
            .map(|rule| (rule.name().to_owned(), rule.labels.get("prod_window").cloned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("lab"), names("production"));
    // Prometheus 3 writes le="1.0" where 2 has le="1": no such bound is named here.
    assert!(text("lab").contains("le=\"0.3\"") && !text("lab").contains("le=\"1\""));
}
