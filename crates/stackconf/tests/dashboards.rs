//! The dashboards and Grafana's provisioning are code: formatted, complete, and every name in them exists.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

mod repository;

use repository::{json, read, yaml};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The dashboards of the lab: file, uid and title. Alerts, lessons and bookmarks name the uids.
const DASHBOARDS: &[(&str, &str, &str)] = &[
    ("grafana/dashboards/golden-signals.json", "golden-signals", "Golden Signals Overview"),
    ("grafana/dashboards/slo-error-budget.json", "slo-error-budget", "SLO & Error Budget"),
];

/// Grafana's own data source, which needs no provisioning.
const BUILT_IN: &str = "-- Grafana --";
const COLUMNS: u64 = 24;

fn each_dashboard(mut check: impl FnMut(&str, &Value)) {
    for (file, ..) in DASHBOARDS {
        check(file, &json(file));
    }
}

fn panels(dashboard: &Value) -> &Vec<Value> {
    dashboard["panels"].as_array().expect("panels is a list")
}

/// The data source of every uid that grafana/provisioning/datasources declares.
fn provisioned() -> BTreeMap<String, Value> {
    let file = yaml("grafana/provisioning/datasources/lab.yml");
    let sources = file["datasources"].as_array().expect("datasources is a list").clone();
    sources.into_iter().map(|source| (source["uid"].as_str().expect("a uid").to_owned(), source)).collect()
}

/// Calls `visit` with every object below `value`.
fn objects<'a>(value: &'a Value, visit: &mut impl FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            visit(map);
            map.values().for_each(|inner| objects(inner, visit));
        }
        Value::Array(list) => list.iter().for_each(|inner| objects(inner, visit)),
        _ => {}
    }
}

#[test]
fn each_dashboard_is_classic_json_with_its_uid_and_title() {
    for (file, uid, title) in DASHBOARDS {
        let dashboard = json(file);
        assert_eq!(dashboard["uid"], *uid, "{file}");
        assert_eq!(dashboard["title"], *title, "{file}");
        assert_eq!(dashboard["schemaVersion"], 42, "{file}");
        assert!(dashboard["id"].is_null(), "{file}: a numeric id belongs to one Grafana's database");
        assert_eq!(dashboard["refresh"], "5s", "{file}");
        assert_eq!(
            dashboard["time"]["from"], "now-15m",
            "{file}: the default range shows what was just broken"
        );
    }
}

#[test]
fn the_files_are_formatted() {
    each_dashboard(|file, dashboard| {
        let pretty = serde_json::to_string_pretty(dashboard).unwrap() + "\n";
        let text = read(file);
        let differing = text.lines().zip(pretty.lines()).position(|(found, wanted)| found != wanted);
        assert!(text == pretty, "{file}: line {} is not formatted", differing.unwrap_or_default() + 1);
    });
}

#[test]
fn panels_have_ids_of_their_own_and_do_not_overlap() {
    each_dashboard(|file, dashboard| {
        let mut ids = BTreeSet::new();
        let mut cells = BTreeMap::new();
        for panel in panels(dashboard) {
            let title = panel["title"].as_str().unwrap_or_default();
            assert!(!title.is_empty(), "{file}: a panel without a title");
            assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{file}: {title}: its id is taken");
            let grid = |key: &str| panel["gridPos"][key].as_u64().expect("a grid position");
            assert!(grid("x") + grid("w") <= COLUMNS, "{file}: {title} is wider than the page");
            for x in grid("x")..grid("x") + grid("w") {
                for y in grid("y")..grid("y") + grid("h") {
                    let other = cells.insert((x, y), title);
                    assert!(other.is_none(), "{file}: {title} lies over {other:?}");
                }
            }
        }
    });
}

#[test]
fn every_panel_with_data_says_what_it_shows() {
    each_dashboard(|file, dashboard| {
        for panel in panels(dashboard) {
            if !["row", "text"].contains(&panel["type"].as_str().unwrap()) {
                let description = panel["description"].as_str().unwrap_or_default();
                assert!(description.len() > 20, "{file}: {} has no description", panel["title"]);
            }
        }
    });
}

#[test]
fn every_data_source_that_is_named_is_provisioned() {
    let known = provisioned();
    each_dashboard(|file, dashboard| {
        let mut seen = 0;
        objects(dashboard, &mut |map| {
            let Some(Value::Object(source)) = map.get("datasource") else { return };
            seen += 1;
            let uid = source["uid"].as_str().unwrap_or_default();
            if uid == BUILT_IN {
                return;
            }
            let Some(declared) = known.get(uid) else { panic!("{file}: {uid:?} is not provisioned") };
            assert_eq!(declared["type"], source["type"], "{file}: {uid} is of another type");
        });
        for panel in panels(dashboard) {
            let targets = panel["targets"].as_array().cloned().unwrap_or_default();
            let mut refs = BTreeSet::new();
            for target in &targets {
                assert!(target["datasource"]["uid"].is_string(), "{file}: {}: a bare target", panel["title"]);
                assert!(
                    refs.insert(target["refId"].to_string()),
                    "{file}: {}: a refId twice",
                    panel["title"]
                );
            }
            if panel["type"] == "alertlist" {
                let name = &panel["options"]["datasource"];
                assert!(
                    known.values().any(|source| source["name"] == *name),
                    "{file}: {name} is not provisioned"
                );
            }
        }
        assert!(
            seen > 10,
            "{file}: only {seen} data sources found: is the test still looking in the right place?"
        );
    });
}

#[test]
fn every_variable_that_is_used_is_declared() {
    // The variables that Grafana itself makes, without their formatting suffix.
    const OF_GRAFANA: &[&str] =
        &["__rate_interval", "__interval", "__range", "__auto", "__from", "__to", "__data"];
    each_dashboard(|file, dashboard| {
        let list = dashboard["templating"]["list"].as_array().expect("variables");
        let declared: BTreeSet<&str> = list.iter().filter_map(|variable| variable["name"].as_str()).collect();
        objects(dashboard, &mut |map| {
            for value in map.values().filter_map(Value::as_str) {
                for name in variables_in(value) {
                    let known = declared.contains(name) || OF_GRAFANA.contains(&name);
                    assert!(known, "{file}: ${name} in {value:?} is declared nowhere");
                }
            }
        });
    });
}

/// The names behind `$name`, `${name}`, `${name:format}` and `${name.field}`.
fn variables_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('$').filter_map(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('{');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(name)
    })
}

#[test]
fn links_between_dashboards_lead_to_a_dashboard() {
    each_dashboard(|file, dashboard| {
        for link in dashboard["links"].as_array().expect("links") {
            let url = link["url"].as_str().expect("a url");
            if let Some(path) = url.strip_prefix("/d/") {
                let uid = path.split('/').next().unwrap();
                assert!(DASHBOARDS.iter().any(|(_, known, _)| *known == uid), "{file}: {url} leads nowhere");
            }
        }
    });
}

#[test]
fn exemplars_are_asked_of_buckets_and_not_of_recorded_series() {
    let mut found = 0;
    each_dashboard(|file, dashboard| {
        objects(dashboard, &mut |map| {
            if map.get("exemplar") == Some(&Value::Bool(true)) {
                found += 1;
                let expr = map["expr"].as_str().unwrap();
                assert!(expr.contains("_bucket{"), "{file}: {expr} selects nothing that carries exemplars");
                assert_eq!(map["instant"], false, "{file}: {expr}: exemplars come with range queries only");
            }
        });
    });
    assert!(found > 0, "no panel shows exemplars");
}

#[test]
fn the_golden_signals_show_what_they_promise() {
    let dashboard = json(DASHBOARDS[0].0);
    let types: BTreeSet<&str> =
        panels(&dashboard).iter().filter_map(|panel| panel["type"].as_str()).collect();
    for wanted in ["timeseries", "stat", "table", "logs", "nodeGraph", "heatmap"] {
        assert!(types.contains(wanted), "no {wanted} panel");
    }
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let chaos =
        annotations.iter().find(|annotation| annotation["name"] == "Chaos").expect("chaos annotations");
    let names = read("shared/telemetry/src/names.rs");
    let line =
        names.lines().find(|line| line.contains("CHAOS_CHANGED")).expect("the services name that line");
    let message = line.split('"').nth(1).unwrap();
    assert!(chaos["expr"].as_str().unwrap().contains(&format!("msg=\"{message}\"")), "{chaos}");
    let service = &dashboard["templating"]["list"][0];
    assert_eq!(service["name"], "service");
}

#[test]
fn every_link_between_the_signals_is_provisioned() {
    let sources = provisioned();
    let uids: Vec<&str> = sources.keys().map(String::as_str).collect();
    assert_eq!(uids, ["alertmanager", "loki", "prometheus", "tempo"]);

    // Metric to trace: the label's name is the services'.
    let exemplar = &sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"][0];
    assert_eq!(
        (&exemplar["name"], &exemplar["datasourceUid"]),
        (&Value::from("trace_id"), &Value::from("tempo"))
    );

    // Log to trace: by structured metadata and by the line's text. The first field of a name decides how all fields of
    // that name are matched, so the names differ.
    let fields = sources["loki"]["jsonData"]["derivedFields"].as_array().unwrap();
    let names: BTreeSet<&str> = fields.iter().filter_map(|field| field["name"].as_str()).collect();
    assert_eq!(names.len(), fields.len());
    let kinds: BTreeSet<&str> = fields.iter().filter_map(|field| field["matcherType"].as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["label", "regex"]));
    assert!(
        fields.iter().all(|field| field["datasourceUid"] == "tempo" && field["url"] == "$${__value.raw}")
    );

    // Trace to logs, to metrics, to the service map.
    let tempo = &sources["tempo"]["jsonData"];
    assert_eq!(tempo["tracesToLogsV2"]["datasourceUid"], "loki");
    assert_eq!(tempo["tracesToLogsV2"]["customQuery"], true);
    assert_ne!(tempo["tracesToLogsV2"]["spanStartTimeShift"], "0");
    assert_eq!(tempo["tracesToMetrics"]["datasourceUid"], "prometheus");
    assert!(!tempo["tracesToMetrics"]["queries"].as_array().unwrap().is_empty());
    assert_eq!(tempo["serviceMap"]["datasourceUid"], "prometheus");
}

#[test]
fn a_dollar_in_the_provisioning_is_written_twice() {
    let text = read("grafana/provisioning/datasources/lab.yml");
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
        // A dollar at the end of a value (the anchor of an expression) begins no name and stays what it is.
        let line = line.replace("$$", "").replace("$\"", "\"");
        assert!(
            !line.contains('$'),
            "line {}: Grafana would expand it from its environment: {line}",
            number + 1
        );
    }
}

#[test]
fn the_dashboards_are_mounted_where_the_provider_looks() {
    let provider = yaml("grafana/provisioning/dashboards/lab.yml");
    let path = provider["providers"][0]["options"]["path"].as_str().expect("a path").to_owned();
    let compose = yaml("docker-compose.yml");
    let volumes = compose["services"]["grafana"]["volumes"].as_array().expect("volumes");
    let mount = format!("./grafana/dashboards:{path}:ro");
    assert!(volumes.iter().any(|volume| *volume == mount), "{mount} is not among {volumes:?}");
}
