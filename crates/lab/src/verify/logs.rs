//! The log lines: found by the trace id, which is structured metadata and no label.

use super::Rows;
use super::probe::{Probe, list, map, text};
use crate::endpoints::LOKI;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;

const STAGES: &str =
    "promtail/promtail-config.yml (alloy/config.alloy), pipeline_stages; loki/loki-config.yml";

pub async fn check(probe: &mut Probe, rows: &mut Rows) {
    for service in ["gateway", "checkout"] {
        let found = probe.eventually(|| line(probe, service)).await;
        let check = format!("the line of {service} is found by the trace id");
        match found {
            Ok((line, labels)) => {
                rows.ok(check, line.chars().take(100).collect::<String>());
                if service == "gateway" {
                    probe.line = Some((line, labels));
                }
            }
            Err(error) => rows.broken(check, format!("{error:#}"), STAGES),
        }
    }
    rows.result("ids are metadata, not labels", labels(probe).await, STAGES);
}

/// The newest line of a service with our trace id, with its labels and metadata.
async fn line(probe: &Probe, service: &str) -> Result<(String, BTreeMap<String, String>)> {
    let query = format!("{{service=\"{service}\"}} | trace_id=\"{}\"", probe.trace_id);
    let result = lines(probe, &query).await?;
    let stream = result.first().with_context(|| format!("{query} finds no line"))?;
    let line = text(&list(&stream["values"])[0][1]).to_owned();
    let labels = map(&stream["stream"]);
    ensure!(
        labels.get("trace_id").map(String::as_str) == Some(probe.trace_id.to_string().as_str()),
        "the line's structured metadata lacks trace_id: {labels:?}"
    );
    Ok((line, labels))
}

/// The streams that a log query finds around the probe.
pub async fn lines(probe: &Probe, query: &str) -> Result<Vec<Value>> {
    let (start, end) = ((probe.began - 60_000_000_000).to_string(), (probe.now() + 1).to_string());
    let parameters = [("query", query), ("start", &start), ("end", &end), ("limit", "10")];
    let answer = probe.get(LOKI, "/loki/api/v1/query_range", &parameters).await?;
    Ok(list(&answer["data"]["result"]).to_vec())
}

async fn labels(probe: &Probe) -> Result<String> {
    let (start, end) = ((probe.began - 60_000_000_000).to_string(), (probe.now() + 1).to_string());
    let parameters = [("match[]", "{service=\"gateway\"}"), ("start", &start), ("end", &end)];
    let answer = probe.get(LOKI, "/loki/api/v1/series", &parameters).await?;
    let series = list(&answer["data"]);
    ensure!(!series.is_empty(), "{{service=\"gateway\"}} has no stream");
    for one in series {
        let labels = map(one);
        for id in ["trace_id", "span_id"] {
            ensure!(!labels.contains_key(id), "{id} is a label: one stream a request");
        }
        for (name, value) in [("job", "services"), ("env", "local")] {
            ensure!(
                labels.get(name).map(String::as_str) == Some(value),
                "expected {name}={value}, found {labels:?}"
            );
        }
        ensure!(labels.contains_key("level"), "the label level is missing: {labels:?}");
    }
    Ok(format!("{} streams", series.len()))
}
