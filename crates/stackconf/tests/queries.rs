//! The queries in dashboards and data source links are written in the languages that they claim to be, and read only
//! what somebody writes.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

mod repository;

use repository::{json, path, read, yaml};
use serde_json::Value;
use std::collections::BTreeSet;

const DASHBOARDS: &[&str] =
    &["grafana/dashboards/golden-signals.json", "grafana/dashboards/slo-error-budget.json"];
const DATA_SOURCES: &str = "grafana/provisioning/datasources/lab.yml";

/// What Grafana puts in place of its variables, for some time range.
const VARIABLES: &[(&str, &str)] = &[
    ("$__rate_interval", "20s"),
    ("$__range", "15m"),
    ("$__auto", "15s"),
    ("$period", "60h"),
    ("$service", ".+"),
    ("$slo", ".+"),
    ("${__tags}", r#"service_name="gateway""#),
    ("$__tags", r#"service="gateway""#),
    ("${__trace.traceId}", "0af7651916cd43dd8448eb211c80319c"),
];

/// Series that no file of this repository makes: Prometheus itself, and Tempo's metrics generator.
const MADE_ELSEWHERE: &[&str] = &[
    "up",
    "ALERTS",
    "traces_spanmetrics_calls_total",
    "traces_spanmetrics_latency_bucket",
    "traces_service_graph_request_total",
    "traces_service_graph_request_failed_total",
    "traces_service_graph_request_server_seconds_bucket",
];

fn interpolated(query: &str) -> String {
    let text = VARIABLES.iter().fold(query.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!text.contains('$'), "a variable is left in {text}");
    text
}

/// Every query of the dashboards for data sources of this type; `key` is where a target keeps it.
fn queries(kind: &str, key: &str) -> BTreeSet<String> {
    fn walk(value: &Value, kind: &str, key: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                let here = map.get("datasource").is_some_and(|source| source["type"] == kind);
                if let (true, Some(query)) = (here, map.get(key).and_then(Value::as_str)) {
                    found.insert(query.to_owned());
                }
                map.values().for_each(|inner| walk(inner, kind, key, found));
            }
            Value::Array(list) => list.iter().for_each(|inner| walk(inner, kind, key, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    DASHBOARDS.iter().for_each(|file| walk(&json(file), kind, key, &mut found));
    assert!(!found.is_empty(), "no {kind} query was found");
    found
}

/// PromQL of the dashboards and of the links from a trace to metrics.
fn promql_queries() -> BTreeSet<String> {
    let mut all = queries("prometheus", "expr");
    let file = yaml(DATA_SOURCES);
    let sources = file["datasources"].as_array().expect("a list");
    let links =
        sources.iter().filter_map(|source| source["jsonData"]["tracesToMetrics"]["queries"].as_array());
    // In provisioning a dollar is written twice.
    all.extend(links.flatten().map(|link| link["query"].as_str().expect("a query").replace("$$", "$")));
    all
}

#[test]
fn promql_is_promql() {
    for query in promql_queries() {
        let text = interpolated(&query);
        promql::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn rates_are_summed_before_anything_else_happens_to_them() {
    // Without the sum a ratio divides each series by itself, and shows 100 % for ever.
    for query in promql_queries() {
        for function in ["rate(", "increase("] {
            for (at, _) in query.match_indices(function) {
                let before = query[..at].trim_end_matches('(').trim_end();
                let aggregated = before.ends_with("sum")
                    || before.rfind("sum by (").is_some_and(|sum| {
                        before.ends_with(')')
                            && !before[sum + "sum by (".len()..before.len() - 1].contains(['(', ')'])
                    });
                assert!(aggregated, "{query}: {function} at {at} is not summed");
            }
        }
    }
}

#[test]
fn every_metric_is_made_by_somebody() {
    let names = read("shared/telemetry/src/names.rs");
    let metrics = names
        .split("pub mod metric {")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next())
        .expect("metric names");
    let mut known: BTreeSet<String> = MADE_ELSEWHERE.iter().map(|name| (*name).to_owned()).collect();
    for name in metrics.lines().filter_map(|line| line.trim().strip_prefix("pub const")?.split('"').nth(1)) {
        known.extend(["", "_bucket", "_sum", "_count"].map(|part| format!("{name}{part}")));
    }
    for file in std::fs::read_dir(path("prometheus/rules/lab")).expect("the lab's rules") {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        known.extend(text.lines().filter_map(|line| {
            Some(
                line.trim()
                    .trim_start_matches("- ")
                    .strip_prefix("record:")?
                    .trim()
                    .trim_matches('"')
                    .to_owned(),
            )
        }));
    }
    for query in promql_queries() {
        for matchers in promql::parse(&interpolated(&query)).unwrap().selectors() {
            let name = matchers.iter().find(|matcher| matcher.name == "__name__").expect("a metric name");
            assert!(known.contains(&name.value), "{query}: nobody makes {}", name.value);
        }
    }
}

#[test]
fn logql_is_logql() {
    let mut all = queries("loki", "expr");
    let file = yaml(DATA_SOURCES);
    let sources = file["datasources"].as_array().unwrap();
    let links = sources.iter().filter_map(|source| source["jsonData"]["tracesToLogsV2"]["query"].as_str());
    all.extend(links.map(|query| query.replace("$$", "$")));
    assert!(all.len() >= 4, "{all:?}");
    for query in all {
        let text = interpolated(&query);
        logql::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn traceql_is_traceql() {
    for query in queries("tempo", "query") {
        let text = interpolated(&query);
        traceql::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}
