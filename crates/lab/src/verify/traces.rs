//! The trace: every span there, right parents, found by search, made into metrics.

use super::Rows;
use super::probe::{Probe, list, text};
use super::request::SERVICE;
use crate::endpoints::{PROMETHEUS, TEMPO};
use anyhow::{Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;

/// The services that a purchase passes through.
const PASSED: &[&str] = &[SERVICE, "gateway", "checkout"];

const RECEIVERS: &str =
    "tempo/tempo.yaml, distributor.receivers; OTEL_EXPORTER_OTLP_ENDPOINT of the services";
const GENERATOR: &str =
    "tempo/tempo.yaml, metrics_generator and overrides.defaults.metrics_generator.processors";

pub async fn check(probe: &Probe, rows: &mut Rows) {
    let whole = probe.eventually(|| whole_trace(probe)).await;
    rows.result("the trace is whole, by its id", whole, RECEIVERS);
    let searched = probe.eventually(|| search(probe)).await;
    rows.result(
        "a search finds the trace",
        searched,
        "tempo/tempo.yaml, live_store and query_frontend.query_end_cutoff",
    );
    for (check, metric) in [
        ("span metrics are made", "traces_spanmetrics_calls_total{service=\"gateway\"}"),
        ("span metrics have buckets", "traces_spanmetrics_latency_bucket{service=\"gateway\"}"),
        (
            "the service graph is made",
            "traces_service_graph_request_total{client=\"gateway\",server=\"checkout\"}",
        ),
    ] {
        let found = probe.eventually(|| series(probe, metric)).await;
        rows.result(check, found, GENERATOR);
    }
}

async fn whole_trace(probe: &Probe) -> Result<String> {
    let trace = probe.get(TEMPO, &format!("/api/traces/{}", probe.trace_id), &[]).await?;
    judge(&trace)
}

/// Whether all services are there, one span is the root and every parent is known.
fn judge(trace: &Value) -> Result<String> {
    let mut spans: BTreeMap<&str, &str> = BTreeMap::new();
    let mut services = Vec::new();
    for batch in list(&trace["batches"]) {
        let attributes = list(&batch["resource"]["attributes"]);
        let name = attributes.iter().find(|attribute| attribute["key"] == "service.name");
        services.push(name.map_or("", |name| text(&name["value"]["stringValue"])));
        for span in list(&batch["scopeSpans"]).iter().flat_map(|scope| list(&scope["spans"])) {
            spans.insert(text(&span["spanId"]), text(&span["parentSpanId"]));
        }
    }
    let missing: Vec<&str> = PASSED.iter().copied().filter(|name| !services.contains(name)).collect();
    ensure!(missing.is_empty(), "spans are missing of {}", missing.join(", "));
    let roots = spans.values().filter(|parent| parent.is_empty()).count();
    ensure!(roots == 1, "expected one root, found {roots}");
    let orphans = spans.values().filter(|parent| !parent.is_empty() && !spans.contains_key(*parent)).count();
    ensure!(orphans == 0, "{orphans} spans have a parent that is missing");
    Ok(format!("{} spans", spans.len()))
}

async fn search(probe: &Probe) -> Result<String> {
    let query = format!("{{ resource.service.name = \"{SERVICE}\" }}");
    let (start, end) = (probe.seconds(300), probe.seconds(-1));
    let parameters = [("q", query.as_str()), ("start", &start), ("end", &end), ("limit", "20")];
    let found = probe.get(TEMPO, "/api/search", &parameters).await?;
    // Some answers leave leading zeros out.
    let own = probe.trace_id.to_string();
    let own = own.trim_start_matches('0');
    let traces = list(&found["traces"]);
    if traces.iter().any(|trace| text(&trace["traceID"]).trim_start_matches('0') == own) {
        return Ok(query);
    }
    bail!("{query} finds {} traces, and ours is not among them", traces.len())
}

/// Whether an instant query has an answer.
pub async fn series(probe: &Probe, query: &str) -> Result<String> {
    let answer = probe.get(PROMETHEUS, "/api/v1/query", &[("query", query)]).await?;
    let count = list(&answer["data"]["result"]).len();
    ensure!(count > 0, "{query} has no series");
    Ok(format!("{count} series"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn batch(service: &str, spans: &[(&str, &str)]) -> Value {
        let spans: Vec<_> =
            spans.iter().map(|(id, parent)| json!({"spanId": id, "parentSpanId": parent})).collect();
        json!({"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
               "scopeSpans": [{"spans": spans}]})
    }

    #[test]
    fn a_trace_is_whole_when_all_services_and_all_parents_are_there() {
        let gateway = batch("gateway", &[("b", "a"), ("c", "b")]);
        let root = batch(SERVICE, &[("a", "")]);
        let check =
            |batches: Vec<Value>| judge(&json!({ "batches": batches })).map_err(|error| error.to_string());
        let whole = vec![root.clone(), gateway.clone(), batch("checkout", &[("d", "c")])];
        assert_eq!(check(whole), Ok("4 spans".to_owned()));
        assert_eq!(
            check(vec![root.clone(), gateway.clone()]),
            Err("spans are missing of checkout".to_owned())
        );
        let orphan = vec![root.clone(), gateway.clone(), batch("checkout", &[("d", "x")])];
        assert_eq!(check(orphan), Err("1 spans have a parent that is missing".to_owned()));
        let two = vec![root, gateway, batch("checkout", &[("d", "")])];
        assert_eq!(check(two), Err("expected one root, found 2".to_owned()));
    }
}
