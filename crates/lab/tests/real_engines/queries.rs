//! Every expression of the dashboards and of the rules has something to show on the real engine.

use crate::engines::{Lab, repository};
use model::Matcher;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const DASHBOARDS: [&str; 2] = ["golden-signals.json", "slo-error-budget.json"];

/// The expressions of a dashboard's panels and annotations that Prometheus answers.
fn expressions(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let (Some(expr), Some("prometheus")) = (
                map.get("expr").and_then(Value::as_str),
                map.get("datasource").and_then(|source| source["type"].as_str()),
            ) {
                found.insert(expr.to_owned());
            }
            map.values().for_each(|inner| expressions(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| expressions(inner, found)),
        _ => {}
    }
}

pub async fn dashboards_have_data(lab: &Lab, limit: Duration) {
    // The period is a variable of the dashboard, asked the way Grafana asks.
    let period = lab.query(r#"slo:sli_error:ratio_rate{prod_window="30d"}"#).await;
    let period = period[0]["metric"]["window"].as_str().expect("the records name their window").to_owned();
    let mut all = BTreeSet::new();
    for file in DASHBOARDS {
        let text = std::fs::read_to_string(repository().join("grafana/dashboards").join(file)).unwrap();
        expressions(&serde_json::from_str(&text).unwrap(), &mut all);
    }
    assert!(all.len() > 20, "only {} expressions found", all.len());
    for expr in all {
        let asked = expr
            .replace("$__rate_interval", "20s")
            .replace("$__range", "15m")
            .replace("$period", &period)
            .replace("$service", ".+")
            .replace("$slo", ".+");
        assert!(!asked.contains('$'), "a variable is left in {asked}");
        lab.within(limit, &format!("data for {asked}"), async || !lab.query(&asked).await.is_empty()).await;
    }
}

pub async fn rules_are_healthy_and_have_data(lab: &Lab, limit: Duration) {
    lab.within(limit, "rules evaluated", async || {
        let rules = all_rules(lab).await;
        !rules.is_empty() && rules.iter().all(|rule| rule["health"] != "unknown")
    })
    .await;
    for rule in all_rules(lab).await {
        let name = rule["name"].as_str().unwrap();
        assert_eq!(rule["health"], "ok", "{name}: {}", rule["lastError"]);
        if rule["type"] == "recording" {
            let labels = rule["labels"].as_object().cloned().unwrap_or_default();
            let wanted: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
            let selector = format!("{name}{{{}}}", wanted.join(","));
            lab.within(limit, &format!("samples of {selector}"), async || {
                !lab.query(&selector).await.is_empty()
            })
            .await;
        } else {
            // Most alerts are silent, as they should be. But each series that one reads has to exist, or it could never
            // fire: a bucket that no service has, a label that was renamed.
            for matchers in promql::parse(rule["query"].as_str().unwrap()).unwrap().selectors() {
                let selector = selector(&matchers);
                lab.within(limit, &format!("{name} to find series of {selector}"), async || {
                    let answer = lab.prometheus("/api/v1/series", &[("match[]", &selector)]).await;
                    answer["data"].as_array().is_some_and(|series| !series.is_empty())
                })
                .await;
            }
        }
    }
}

async fn all_rules(lab: &Lab) -> Vec<Value> {
    let answer = lab.prometheus("/api/v1/rules", &[]).await;
    let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
    groups.iter().filter_map(|group| group["rules"].as_array()).flatten().cloned().collect()
}

/// Matchers as PromQL writes them. The metric's name is a matcher like any other.
fn selector(matchers: &[Matcher]) -> String {
    let written =
        matchers.iter().map(|matcher| format!("{}{}{:?}", matcher.name, matcher.op.as_str(), matcher.value));
    format!("{{{}}}", written.collect::<Vec<_>>().join(","))
}
