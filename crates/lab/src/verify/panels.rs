//! Panels and their queries, variables filled in as Grafana does.

use super::probe::{Probe, list, text};
use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The time that panels are asked for, in seconds.
const RANGE: i64 = 900;
const STEP: &str = "15";

/// Signs of a query over failures, which has no answer while nothing has failed.
const FAILURE_SIGNS: &[&str] =
    &["5..", "failed", "ERROR", "status = error", "status=error", "ALERTS", "sli_error", "chaos"];

pub struct Panel {
    pub title: String,
    targets: Vec<Target>,
}

struct Target {
    datasource: String,
    kind: String,
    query: String,
    instant: bool,
    /// Of Tempo: `traceql`, `serviceMap`.
    query_type: String,
}

impl Panel {
    pub fn over_failures(&self) -> bool {
        self.targets.iter().all(|target| FAILURE_SIGNS.iter().any(|sign| target.query.contains(sign)))
    }

    pub fn queries(&self) -> Vec<String> {
        self.targets.iter().map(|target| target.query.clone()).collect()
    }
}

/// The panels of a dashboard that ask something, those in rows too.
pub fn panels(dashboard: &Value) -> Vec<Panel> {
    let mut found = Vec::new();
    for panel in list(&dashboard["panels"]) {
        found.extend(panels(panel));
        let targets: Vec<Target> = list(&panel["targets"])
            .iter()
            .filter(|target| target["hide"] != true)
            .map(|target| {
                let source = Some(&target["datasource"]).filter(|source| source.is_object());
                let source = source.unwrap_or(&panel["datasource"]);
                let query = if target["expr"].is_string() { &target["expr"] } else { &target["query"] };
                Target {
                    datasource: text(&source["uid"]).to_owned(),
                    kind: text(&source["type"]).to_owned(),
                    query: text(query).to_owned(),
                    instant: target["instant"] == true,
                    query_type: text(&target["queryType"]).to_owned(),
                }
            })
            .collect();
        if !targets.is_empty() {
            found.push(Panel { title: text(&panel["title"]).to_owned(), targets });
        }
    }
    found
}

/// The variables of a dashboard with their values.
#[derive(Debug)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    pub async fn of(probe: &Probe, dashboard: &Value) -> Result<Self> {
        let mut variables = Self(builtin(probe));
        for variable in list(&dashboard["templating"]["list"]) {
            let name = text(&variable["name"]).to_owned();
            let value = if variable["includeAll"] == true {
                // All values: Grafana takes `allValue`, or joins them.
                Some(text(&variable["allValue"])).filter(|all| !all.is_empty()).unwrap_or(".*").to_owned()
            } else if variable["type"] == "query" {
                let query = variables.fill(query_text(variable));
                let source = text(&variable["datasource"]["uid"]);
                probe
                    .eventually(|| first_value(probe, source, &query))
                    .await
                    .with_context(|| format!("${name}"))?
            } else {
                text(&variable["current"]["value"]).to_owned()
            };
            variables.0.push((name, value));
        }
        Ok(variables)
    }

    /// Puts the values in place of `$name`, `${name}` and `${name:format}`. Longer names first, so that `$service` does
    /// not eat the beginning of `$service_name`.
    pub fn fill(&self, query: &str) -> String {
        let mut names: Vec<_> = self.0.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let mut filled = query.to_owned();
        for (name, value) in names {
            filled = filled.replace(&format!("${{{name}}}"), value);
            while let Some(at) = filled.find(&format!("${{{name}:")) {
                let end = filled[at..].find('}').map_or(filled.len(), |end| at + end + 1);
                filled.replace_range(at..end, value);
            }
            filled = filled.replace(&format!("${name}"), value);
        }
        filled
    }
}

fn query_text(variable: &Value) -> &str {
    let query = &variable["query"];
    if query.is_string() { text(query) } else { text(&query["query"]) }
}

/// Grafana's own variables. `$__rate_interval` is four times the data source's timeInterval, at least.
fn builtin(probe: &Probe) -> Vec<(String, String)> {
    let prometheus = probe.datasources.iter().find(|source| source["type"] == "prometheus");
    let interval = prometheus.map_or("", |source| text(&source["jsonData"]["timeInterval"]));
    let seconds: i64 = interval.trim_end_matches('s').parse().unwrap_or(15);
    [
        ("__rate_interval", format!("{}s", 4 * seconds)),
        ("__interval", format!("{STEP}s")),
        ("__auto", format!("{STEP}s")),
        ("__range", format!("{RANGE}s")),
        ("__range_s", RANGE.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The first value of `label_values(selector, label)`.
async fn first_value(probe: &Probe, source: &str, query: &str) -> Result<String> {
    let inner = query.trim().strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    let Some((selector, label)) = inner.and_then(|inner| inner.rsplit_once(',')) else {
        bail!("expected label_values(selector, label), found {query:?}");
    };
    let path = format!("/api/v1/label/{}/values", label.trim());
    let answer = probe.through(source, &path, &[("match[]", selector.trim())]).await?;
    let first = list(&answer["data"]).first().map(text);
    first.map(str::to_owned).with_context(|| format!("{query} has no value"))
}

/// How many series, streams or traces a panel shows: the sum over its queries.
pub async fn ask(probe: &Probe, panel: &Panel, variables: &Variables) -> Result<usize> {
    let mut found = 0;
    for target in &panel.targets {
        let query = variables.fill(&target.query);
        found += count(probe, target, &query).await.with_context(|| query.clone())?;
    }
    Ok(found)
}

async fn count(probe: &Probe, target: &Target, query: &str) -> Result<usize> {
    let (start, end) = (probe.seconds(RANGE), probe.seconds(-1));
    let uid = target.datasource.as_str();
    Ok(match (target.kind.as_str(), target.query_type.as_str()) {
        ("prometheus", _) if target.instant => {
            let answer = probe.through(uid, "/api/v1/query", &[("query", query)]).await?;
            list(&answer["data"]["result"]).len()
        }
        ("prometheus", _) => {
            let parameters = [("query", query), ("start", start.as_str()), ("end", &end), ("step", STEP)];
            let answer = probe.through(uid, "/api/v1/query_range", &parameters).await?;
            list(&answer["data"]["result"]).len()
        }
        ("loki", _) => {
            let parameters =
                [("query", query), ("start", start.as_str()), ("end", &end), ("step", STEP), ("limit", "10")];
            let answer = probe.through(uid, "/loki/api/v1/query_range", &parameters).await?;
            list(&answer["data"]["result"]).len()
        }
        ("tempo", "serviceMap") => {
            let link =
                probe.datasource(uid).map(|source| text(&source["jsonData"]["serviceMap"]["datasourceUid"]));
            let query = "sum by (client, server) (traces_service_graph_request_total)";
            let source = link.filter(|uid| !uid.is_empty()).context("serviceMap.datasourceUid is missing")?;
            let answer = probe.through(source, "/api/v1/query", &[("query", query)]).await?;
            list(&answer["data"]["result"]).len()
        }
        ("tempo", _) => {
            let parameters = [("q", query), ("start", start.as_str()), ("end", &end), ("limit", "20")];
            list(&probe.through(uid, "/api/search", &parameters).await?["traces"]).len()
        }
        (other, _) => {
            bail!("a query of the data source {uid:?} of type {other:?}, which this check does not know")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variables_are_filled_in_in_every_form() {
        let pairs = [("service", ".+"), ("service_name", "x"), ("__range", "900s")];
        let variables = Variables(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        assert_eq!(
            variables
                .fill("a{s=~\"$service\", n=\"$service_name\", t=\"${service:regex}\"}[$__range] ${service}"),
            "a{s=~\".+\", n=\"x\", t=\".+\"}[900s] .+"
        );
    }

    #[test]
    fn panels_in_rows_are_found_and_hidden_queries_are_not() {
        let source = json!({"type": "prometheus", "uid": "p"});
        let dashboard = json!({"panels": [
            {"type": "row", "panels": [
                {"title": "a", "datasource": source, "targets": [{"expr": "up"}, {"expr": "x", "hide": true}]}]},
            {"title": "b", "targets": [{"expr": "rate(a{status=~\"5..\"}[1m])", "datasource": source}]},
            {"title": "text"}
        ]});
        let found = panels(&dashboard);
        let titles: Vec<_> = found.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["a", "b"]);
        assert_eq!(found[0].queries(), ["up"]);
        assert!(!found[0].over_failures() && found[1].over_failures());
    }
}
