//! The three signals of one request, through the upstream APIs; faults; pages; what is left after a restart.

use crate::harness::{Stack, eventually, get, request, stderr, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn json(stack: &Stack, part: &str, path: &str) -> Value {
    let url = format!("{}{path}", stack.url(part));
    let (status, body) = get(&url).unwrap();
    assert_eq!(status, 200, "{url}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{url}: {error}: {body}"))
}

/// The value of an instant query that has one answer.
fn value(stack: &Stack, query: &str) -> Option<f64> {
    let answer = stack.run(&["query", "metrics", query, "--json"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

/// The newest line of the gateway about a request, parsed.
fn newest_line(stack: &Stack) -> Option<Value> {
    let lines = stack.run(&["query", "logs", "{service=\"gateway\"} |= \"GET /browse\""]);
    serde_json::from_str(lines.lines().last()?).ok()
}

fn browse(stack: &Stack) {
    let (status, body) = get(&format!("{}/browse", stack.url("gateway"))).unwrap();
    assert_eq!(status, 200, "{body}");
}

const COUNTED: &str = "sum(http_requests_total{service=\"gateway\",route=\"/browse\",status=\"200\"})";

#[test]
fn one_request_is_a_metric_a_line_and_a_trace() {
    let stack = Stack::up();
    browse(&stack);
    eventually("the request is counted", || value(&stack, COUNTED) == Some(1.0));
    eventually("the line is there", || newest_line(&stack).is_some());
    let line = newest_line(&stack).unwrap();
    let id = line["trace_id"].as_str().unwrap().to_owned();
    eventually("the trace is whole", || {
        let trace = stack.lab(&["query", "traces", &id]);
        let trace = String::from_utf8(trace.stdout).unwrap();
        trace.contains("gateway: GET /browse") && trace.contains("catalog: GET /items")
    });
    let targets = json(&stack, "prometheus", "/api/v1/targets");
    let targets = targets["data"]["activeTargets"].as_array().unwrap();
    assert!(targets.len() >= 8, "{targets:?}");
    eventually("all targets are up", || {
        let targets = json(&stack, "prometheus", "/api/v1/targets");
        targets["data"]["activeTargets"].as_array().unwrap().iter().all(|target| target["health"] == "up")
    });
    // The labels keep the names of the files, whatever the addresses are.
    assert_eq!(value(&stack, "up{instance=\"gateway:8000\"}"), Some(1.0));
    let rules = json(&stack, "prometheus", "/api/v1/rules");
    assert!(!rules["data"]["groups"].as_array().unwrap().is_empty());
}

#[test]
fn everything_stored_is_there_after_a_restart_and_after_a_kill() {
    let stack = Stack::up();
    browse(&stack);
    eventually("the request is counted", || value(&stack, COUNTED) == Some(1.0));
    eventually("the line is there", || newest_line(&stack).is_some());
    let id = newest_line(&stack).unwrap()["trace_id"].as_str().unwrap().to_owned();
    eventually("the trace is there", || stack.lab(&["query", "traces", &id]).status.success());
    let check = |when: &str| {
        let lines = stack.run(&["query", "logs", &format!("{{service=\"gateway\"}} |= \"{id}\"")]);
        assert!(lines.contains(&id), "the line is lost {when}");
        let trace = stack.lab(&["query", "traces", &id]);
        assert!(trace.status.success(), "the trace is lost {when}: {}", text(&trace));
        let counted = value(
            &stack,
            "max_over_time(http_requests_total{service=\"gateway\",route=\"/browse\",status=\"200\"}[5m])",
        );
        assert_eq!(counted, Some(1.0), "the count is lost {when}");
    };
    stack.run(&["restart"]);
    check("after a restart");
    kill_process(Pid::from_raw(stack.daemon()).unwrap(), Signal::KILL).unwrap();
    stack.run(&["up", "--offset", "auto"]);
    check("after a kill");
}

#[test]
fn a_fault_is_seen_in_the_metrics_and_pages() {
    let stack = Stack::up();
    browse(&stack);
    stack.run(&["chaos", "errors", "--service", "gateway", "--rate", "0.5"]);
    let mut load = stack.command(&["load", "--rate", "20", "--duration", "40s"]);
    let mut load =
        load.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    eventually("errors are counted", || {
        value(&stack, "sum(http_requests_total{service=\"gateway\",status=\"500\"})")
            .is_some_and(|count| count > 5.0)
    });
    eventually("a page is active in Alertmanager", || {
        let alerts = json(&stack, "alertmanager", "/api/v2/alerts");
        alerts
            .as_array()
            .unwrap()
            .iter()
            .any(|alert| alert["labels"]["severity"] == "page" && alert["labels"]["service"] == "gateway")
    });
    eventually("the sink got it", || {
        let sent = json(&stack, "alert-sink", "/notifications");
        sent.as_array().unwrap().iter().any(|sent| sent["path"] == "/page")
    });
    load.kill().unwrap();
    load.wait().unwrap();
}

#[test]
fn another_program_is_watched_too() {
    let stack = Stack::new();
    stack.run(&["up", "--offset", "auto", "--only", "stack"]);
    let script = "echo \"endpoint $OTEL_EXPORTER_OTLP_ENDPOINT\"; echo bad >&2; exit 3";
    let output = stack.lab(&["run", "--name", "guest", "--", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    let endpoint = format!("http://{}", stack.part("otlp-http")["url"].as_str().unwrap());
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("endpoint {endpoint}\n"));
    assert_eq!(stderr(&output), "bad\n");
    let lines = stack.run(&["query", "logs", "{service=\"guest\"}"]);
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[test]
fn a_wrong_configuration_is_named_and_a_reload_keeps_the_old_one() {
    let stack = Stack::with_own_configuration();
    let file = stack.root().join("prometheus/prometheus.yml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("scrape_timeout: 4s", "scrape_timout: 4s")).unwrap();
    let output = stack.lab(&["up", "--offset", "auto"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = stderr(&output);
    assert!(said.contains("prometheus.yml:") && said.contains("scrape_timout"), "{said}");
    assert!(said.contains("scrape_timeout"), "the nearest known key is named: {said}");

    std::fs::write(&file, &good).unwrap();
    stack.run(&["up", "--offset", "auto"]);
    std::fs::write(&file, "scrape_configs: 5\n").unwrap();
    let reload = format!("{}/-/reload", stack.url("prometheus"));
    let (status, body) = request("POST", &reload, "").unwrap();
    assert_eq!(status, 500, "{body}");
    assert!(body.contains("prometheus.yml"), "{body}");
    let targets = json(&stack, "prometheus", "/api/v1/targets");
    assert!(
        !targets["data"]["activeTargets"].as_array().unwrap().is_empty(),
        "the old configuration is gone"
    );
    std::fs::write(&file, good.replace("cluster: lab", "cluster: other")).unwrap();
    assert_eq!(request("POST", &reload, "").unwrap().0, 200);
    let config = json(&stack, "prometheus", "/api/v1/status/config");
    assert!(config["data"]["yaml"].as_str().unwrap().contains("cluster: other"));
}
