//! The data sources and every link between them: followed with what the probe really left behind.

use super::Rows;
use super::logs::lines;
use super::probe::{Probe, list, text};
use crate::endpoints::CONSOLE;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

const FILE: &str = "grafana/provisioning/datasources/";

/// A kind of data source, and the path and parameters of a question that it has to answer.
type Question = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What each kind of data source is asked to see that it answers; the same as its health check in Grafana.
const HEALTH: &[Question] = &[
    ("prometheus", "/api/v1/query", &[("query", "1+1")]),
    ("loki", "/loki/api/v1/query", &[("query", "vector(1)+vector(1)")]),
    ("tempo", "/api/search", &[("q", "{}"), ("limit", "1")]),
    ("alertmanager", "/api/v2/status", &[]),
];

pub async fn check(probe: &mut Probe, rows: &mut Rows) {
    match probe.get(CONSOLE, "/api/datasources", &[]).await {
        Ok(sources) => probe.datasources = list(&sources).to_vec(),
        Err(error) => {
            rows.broken("data sources are provisioned", format!("{error:#}"), FILE);
            return;
        }
    }
    for (kind, path, parameters) in HEALTH {
        let Some(source) = probe.datasources.iter().find(|source| source["type"] == *kind) else {
            rows.broken(format!("{kind} is a data source"), "not provisioned", FILE);
            continue;
        };
        let uid = text(&source["uid"]);
        let answer = probe.through(uid, path, parameters).await.map(|_| text(&source["url"]).to_owned());
        rows.result(format!("data source {uid} answers"), answer, FILE);
    }
    rows.result("links name data sources that exist", targets(probe), FILE);
    rows.result("metric → trace: the exemplar's label", exemplar_link(probe), FILE);
    rows.result("log → trace: a derived field finds the id", derived_field(probe), FILE);
    rows.result("trace → logs: the query finds the lines", trace_to_logs(probe).await, FILE);
    trace_to_metrics(probe, rows).await;
}

/// Every `datasourceUid` below jsonData.
fn targets(probe: &Probe) -> Result<String> {
    let mut count = 0;
    for source in &probe.datasources {
        let mut open = vec![&source["jsonData"]];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(entries) => {
                    if let Some(uid) = entries.get("datasourceUid") {
                        count += 1;
                        ensure!(
                            probe.datasource(text(uid)).is_some(),
                            "{} links to {uid}, which is no data source",
                            source["uid"]
                        );
                    }
                    open.extend(entries.values());
                }
                Value::Array(entries) => open.extend(entries),
                _ => {}
            }
        }
    }
    ensure!(count > 0, "there are no links");
    Ok(format!("{count} links"))
}

fn of_kind<'a>(probe: &'a Probe, kind: &str) -> Result<&'a Value> {
    let found = probe.datasources.iter().find(|source| source["type"] == kind);
    found.map(|source| &source["jsonData"]).with_context(|| format!("no data source of type {kind}"))
}

fn exemplar_link(probe: &Probe) -> Result<String> {
    let exemplar = probe.exemplar.as_ref().context("no exemplar was found")?;
    let own = probe.trace_id.to_string();
    for destination in list(&of_kind(probe, "prometheus")?["exemplarTraceIdDestinations"]) {
        let name = text(&destination["name"]);
        if exemplar.get(name) == Some(&own) {
            return Ok(format!("{name} → {}", text(&destination["datasourceUid"])));
        }
    }
    bail!("no exemplarTraceIdDestinations has the name of a label of {exemplar:?}")
}

fn derived_field(probe: &Probe) -> Result<String> {
    let (line, labels) = probe.line.as_ref().context("no log line was found")?;
    let own = probe.trace_id.to_string();
    let fields = list(&of_kind(probe, "loki")?["derivedFields"]);
    for field in fields {
        let pattern = text(&field["matcherRegex"]);
        let regex = regex::Regex::new(pattern).with_context(|| format!("matcherRegex {pattern:?}"))?;
        let found = if field["matcherType"] == "label" {
            labels.iter().any(|(name, value)| regex.is_match(name) && *value == own)
        } else {
            regex.captures(line).and_then(|groups| groups.get(1)).is_some_and(|group| group.as_str() == own)
        };
        if !found {
            bail!("{} ({pattern}) does not find the trace id", text(&field["name"]));
        }
        ensure!(
            text(&field["url"]).contains("${__value.raw}"),
            "{} has the url {}",
            field["name"],
            field["url"]
        );
    }
    ensure!(!fields.is_empty(), "there are no derived fields");
    Ok(format!("{} derived fields", fields.len()))
}

/// `${__tags}` and its like, as Grafana fills them in for a span of the gateway.
fn fill(query: &str, tags: &Value, trace_id: &str) -> String {
    let tags: Vec<String> = list(tags)
        .iter()
        .filter(|tag| tag["key"] == "service.name")
        .map(|tag| {
            let name = Some(text(&tag["value"])).filter(|name| !name.is_empty()).unwrap_or("service_name");
            format!("{name}=\"gateway\"")
        })
        .collect();
    let tags = tags.join(", ");
    let ids = [("${__tags}", tags.as_str()), ("$__tags", &tags), ("${__trace.traceId}", trace_id)];
    ids.into_iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value))
}

async fn trace_to_logs(probe: &Probe) -> Result<String> {
    let link = &of_kind(probe, "tempo")?["tracesToLogsV2"];
    let own = probe.trace_id.to_string();
    let query = if link["customQuery"] == true {
        fill(text(&link["query"]), &link["tags"], &own)
    } else {
        fill(&format!("{{${{__tags}}}} |= \"{own}\""), &link["tags"], &own)
    };
    let found = probe.eventually(|| async { lines(probe, &query).await.map(|found| found.len()) }).await?;
    ensure!(found > 0, "{query} finds no line");
    Ok(query)
}

async fn trace_to_metrics(probe: &Probe, rows: &mut Rows) {
    let link = match of_kind(probe, "tempo") {
        Ok(source) => &source["tracesToMetrics"],
        Err(error) => return rows.broken("trace → metrics", format!("{error:#}"), FILE),
    };
    for query in list(&link["queries"]) {
        let check = format!("trace → metrics: {}", text(&query["name"]));
        let expression = fill(text(&query["query"]), &link["tags"], "");
        let found = probe.eventually(|| super::traces::series(probe, &expression)).await;
        rows.result(check, found, FILE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_variables_of_a_link_are_filled_in() {
        let tags = json!([{"key": "service.name", "value": "service"}]);
        assert_eq!(
            fill("{${__tags}} | trace_id = \"${__trace.traceId}\"", &tags, "abc"),
            "{service=\"gateway\"} | trace_id = \"abc\""
        );
        assert_eq!(fill("rate(a{$__tags}[1m])", &tags, ""), "rate(a{service=\"gateway\"}[1m])");
    }
}
