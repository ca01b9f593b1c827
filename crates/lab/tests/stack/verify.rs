//! `lab verify` says that a whole stack is whole, and names each link of one that is broken.

use crate::harness::{Stack, text};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

/// Changes one text in a configuration file; it has to be there.
fn change(root: &Path, file: &str, from: &str, to: &str) {
    let path = root.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} does not hold {from:?}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
}

/// Verifies under load, as a user would: panels show rates. Gives the exit code and the rows.
fn verify(stack: &Stack, patience: &str) -> (Option<i32>, Vec<Value>) {
    let mut load = stack.command(&["load", "--rate", "10"]);
    let mut load = load.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let output = stack.lab(&["verify", "--json", "--patience", patience]);
    load.kill().unwrap();
    load.wait().unwrap();
    let rows = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    (output.status.code(), rows)
}

fn broken(rows: &[Value]) -> Vec<String> {
    let broken = rows.iter().filter(|row| row["outcome"] == "broken");
    broken.map(|row| format!("{}: {}: {}", row["group"], row["check"], row["detail"])).collect()
}

#[track_caller]
fn assert_broken(rows: &[Value], check: &str, look_at: &str) {
    let row = rows.iter().find(|row| row["check"].as_str().unwrap().contains(check));
    let row = row.unwrap_or_else(|| panic!("no check {check:?}"));
    assert_eq!(row["outcome"], "broken", "{row}");
    assert!(row["look_at"].as_str().unwrap().contains(look_at), "{row}");
}

#[test]
fn a_whole_stack_is_whole() {
    let stack = Stack::up();
    let (code, rows) = verify(&stack, "40");
    assert_eq!(broken(&rows), [""; 0]);
    assert_eq!(code, Some(0));
    assert!(rows.len() > 50, "{} rows", rows.len());
}

#[test]
fn broken_links_between_data_sources_are_named() {
    let stack = Stack::with_own_configuration();
    let root = stack.root().to_path_buf();
    let folder = root.join("grafana/provisioning/datasources");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let file = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    change(&root, &file, "- name: trace_id\n", "- name: traceID\n");
    change(&root, &file, "matcherRegex: \"^trace_id$\"", "matcherRegex: \"^traceid$\"");
    change(&root, &file, "value: service_name", "value: service_nam");
    change(
        &root,
        &file,
        "serviceMap:\n        datasourceUid: prometheus",
        "serviceMap:\n        datasourceUid: mimir",
    );
    change(
        &root,
        "grafana/dashboards/golden-signals.json",
        "http_requests_in_flight",
        "http_requests_in_fligth",
    );
    // The flag in docker-compose.yml counts here too.
    change(&root, "docker-compose.yml", "      - --enable-feature=exemplar-storage\n", "");
    stack.run(&["up", "--offset", "auto"]);
    let (code, rows) = verify(&stack, "15");
    assert_eq!(code, Some(1));
    let datasources = "grafana/provisioning/datasources/";
    assert_broken(&rows, "metric → trace", datasources);
    assert_broken(&rows, "log → trace", datasources);
    assert_broken(&rows, "trace → logs", datasources);
    assert_broken(&rows, "links name data sources that exist", datasources);
    assert_broken(&rows, "Requests in flight", "grafana/dashboards/");
    assert_broken(&rows, "the exemplar leads to the trace", "--enable-feature=exemplar-storage");
}

#[test]
fn broken_collection_is_named() {
    let stack = Stack::with_own_configuration();
    let root = stack.root().to_path_buf();
    change(
        &root,
        "promtail/promtail-config.yml",
        "      - structured_metadata:\n          trace_id:\n          span_id:\n",
        "",
    );
    change(&root, "prometheus/prometheus.yml", "checkout:8002", "checkout:8003");
    change(&root, "prometheus/prometheus.yml", "/etc/prometheus/rules/*.yml", "/etc/prometheus/rules/*.yaml");
    change(&root, "tempo/tempo.yaml", "processors: [service-graphs, span-metrics]", "processors: []");
    stack.run(&["up", "--offset", "auto"]);
    let (code, rows) = verify(&stack, "15");
    assert_eq!(code, Some(1));
    assert_broken(&rows, "the line of gateway is found by the trace id", "pipeline_stages");
    assert_broken(&rows, "all targets are up", "prometheus/prometheus.yml");
    assert_broken(&rows, "rules are loaded and healthy", "rule_files");
    assert_broken(&rows, "span metrics are made", "processors");
    assert_broken(&rows, "the service graph is made", "processors");
}
