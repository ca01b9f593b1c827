//! The rules: loaded, healthy, and their alerts on the way to Alertmanager.

use super::Rows;
use super::probe::{Probe, list, text};
use crate::endpoints::{ALERTMANAGER, PROMETHEUS};
use anyhow::{Result, ensure};

const RULES: &str = "prometheus/prometheus.yml, rule_files; prometheus/rules/; `lab slo generate`";

pub async fn check(probe: &Probe, rows: &mut Rows) {
    let healthy = probe.eventually(|| healthy(probe)).await;
    rows.result("rules are loaded and healthy", healthy, RULES);
    let known = probe.eventually(|| alertmanagers(probe)).await;
    rows.result("Alertmanager is known", known, "prometheus/prometheus.yml, alerting.alertmanagers");
    rows.result(
        "Alertmanager has receivers",
        receivers(probe).await,
        "alertmanager/alertmanager.yml, receivers",
    );
}

async fn healthy(probe: &Probe) -> Result<String> {
    let answer = probe.get(PROMETHEUS, "/api/v1/rules", &[]).await?;
    let groups = list(&answer["data"]["groups"]);
    let rules: Vec<_> = groups.iter().flat_map(|group| list(&group["rules"])).collect();
    ensure!(!rules.is_empty(), "no rules are loaded");
    let ill: Vec<String> = rules
        .iter()
        .filter(|rule| rule["health"] != "ok")
        .map(|rule| {
            format!("{} is {} {}", text(&rule["name"]), text(&rule["health"]), text(&rule["lastError"]))
        })
        .collect();
    ensure!(ill.is_empty(), "{}", ill.join("; "));
    ensure!(rules.iter().any(|rule| rule["type"] == "alerting"), "there are no alerting rules");
    Ok(format!("{} rules in {} groups", rules.len(), groups.len()))
}

async fn alertmanagers(probe: &Probe) -> Result<String> {
    let answer = probe.get(PROMETHEUS, "/api/v1/alertmanagers", &[]).await?;
    let active = list(&answer["data"]["activeAlertmanagers"]);
    ensure!(!active.is_empty(), "Prometheus sends its alerts to nobody");
    Ok(active.iter().map(|one| text(&one["url"])).collect::<Vec<_>>().join(", "))
}

async fn receivers(probe: &Probe) -> Result<String> {
    let answer = probe.get(ALERTMANAGER, "/api/v2/receivers", &[]).await?;
    let names: Vec<_> = list(&answer).iter().map(|receiver| text(&receiver["name"])).collect();
    ensure!(!names.is_empty(), "there is no receiver");
    Ok(names.join(", "))
}
