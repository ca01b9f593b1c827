//! The metrics: targets up, the request counted, its exemplar kept.

use super::Rows;
use super::probe::{Probe, list, map, text};
use super::request::purchase;
use crate::endpoints::PROMETHEUS;
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;

const COUNTED: &str = "sum(http_requests_total{service=\"gateway\",route=\"/purchase\",status=\"201\"})";
const BUCKETS: &str = "http_request_duration_seconds_bucket{service=\"gateway\",route=\"/purchase\"}";

pub async fn check(probe: &mut Probe, rows: &mut Rows) {
    let targets = probe.eventually(|| targets(probe)).await;
    rows.result("all targets are up", targets, "prometheus/prometheus.yml, scrape_configs; make ps");
    let counted = probe.eventually(|| counted(probe)).await;
    rows.result(
        "the purchase is counted",
        counted,
        "prometheus/prometheus.yml, job services; the labels of the services",
    );
    let slow = probe.eventually(|| {
        super::traces::series(probe, "http_request_duration_seconds_bucket{service=\"gateway\",le=\"0.3\"}")
    });
    rows.result(
        "the bucket of the latency SLO is there",
        slow.await,
        "shared/telemetry: the buckets; slo/gateway.yml",
    );
    match probe.eventually(|| exemplar(probe)).await {
        Ok(labels) => {
            rows.ok("the exemplar leads to the trace", format!("{labels:?}"));
            probe.exemplar = Some(labels);
        }
        Err(error) => rows.broken(
            "the exemplar leads to the trace",
            format!("{error:#}"),
            "docker-compose.yml, --enable-feature=exemplar-storage; prometheus/prometheus.yml, storage.exemplars",
        ),
    }
}

async fn targets(probe: &Probe) -> Result<String> {
    let answer = probe.get(PROMETHEUS, "/api/v1/targets", &[("state", "active")]).await?;
    let targets = list(&answer["data"]["activeTargets"]);
    ensure!(!targets.is_empty(), "there are no targets");
    let down: Vec<String> = targets
        .iter()
        .filter(|target| target["health"] != "up")
        .map(|target| format!("{} ({})", text(&target["scrapeUrl"]), text(&target["lastError"])))
        .collect();
    ensure!(down.is_empty(), "not up: {}", down.join(", "));
    Ok(format!("{} targets", targets.len()))
}

async fn counted(probe: &Probe) -> Result<String> {
    let answer = probe.get(PROMETHEUS, "/api/v1/query", &[("query", COUNTED)]).await?;
    let value = text(&answer["data"]["result"][0]["value"][1]).to_owned();
    let count: f64 = value.parse().with_context(|| format!("{COUNTED} has no value"))?;
    ensure!(count >= 1.0, "{COUNTED} is {count}");
    Ok(format!("{count} purchases so far"))
}

/// The labels of an exemplar with our trace id. Another request may have taken its place before the scrape, so each look
/// sends one more under the same trace.
async fn exemplar(probe: &Probe) -> Result<BTreeMap<String, String>> {
    let (start, end) = (probe.seconds(120), probe.seconds(-1));
    let parameters = [("query", BUCKETS), ("start", start.as_str()), ("end", &end)];
    let answer = probe.get(PROMETHEUS, "/api/v1/query_exemplars", &parameters).await?;
    let own = probe.trace_id.to_string();
    let exemplars: Vec<_> =
        list(&answer["data"]).iter().flat_map(|series| list(&series["exemplars"])).collect();
    let found = exemplars
        .iter()
        .map(|exemplar| map(&exemplar["labels"]))
        .find(|labels| labels.values().any(|v| *v == own));
    if found.is_none() {
        purchase(probe).await?;
    }
    found.with_context(|| format!("{} exemplars, none with trace {own}", exemplars.len()))
}
