//! The dashboards: provisioned, and every panel asked as a browser asks.

use super::Rows;
use super::panels::{Panel, Variables, ask, panels};
use super::probe::{Probe, list, text};
use crate::endpoints::{CONSOLE, PROMETHEUS};
use anyhow::{Result, ensure};
use serde_json::Value;

const FOLDER: &str = "grafana/dashboards/";

/// Requests that failed within the time that panels show: none means that panels over failures may be empty.
const FAILURES: &str = "sum(increase(http_requests_total{status=~\"5..\"}[15m])) > 0";

pub async fn check(probe: &Probe, rows: &mut Rows) {
    let dashboards = match load(probe).await {
        Ok(dashboards) => dashboards,
        Err(error) => return rows.broken("dashboards are provisioned", format!("{error:#}"), FOLDER),
    };
    rows.ok("dashboards are provisioned", format!("{} dashboards", dashboards.len()));
    let failures = probe.get(PROMETHEUS, "/api/v1/query", &[("query", FAILURES)]).await;
    let none_failed = failures.is_ok_and(|answer| list(&answer["data"]["result"]).is_empty());
    for dashboard in &dashboards {
        let title = text(&dashboard["title"]);
        let variables = match Variables::of(probe, dashboard).await {
            Ok(variables) => variables,
            Err(error) => {
                rows.broken(format!("{title}: variables"), format!("{error:#}"), FOLDER);
                continue;
            }
        };
        for panel in panels(dashboard) {
            judge(probe, rows, title, &panel, &variables, none_failed).await;
        }
    }
}

async fn load(probe: &Probe) -> Result<Vec<Value>> {
    let found = probe.get(CONSOLE, "/api/search", &[("type", "dash-db")]).await?;
    let mut dashboards = Vec::new();
    for entry in list(&found) {
        let path = format!("/api/dashboards/uid/{}", text(&entry["uid"]));
        dashboards.push(probe.get(CONSOLE, &path, &[]).await?["dashboard"].clone());
    }
    ensure!(!dashboards.is_empty(), "there are none");
    Ok(dashboards)
}

async fn judge(
    probe: &Probe,
    rows: &mut Rows,
    dashboard: &str,
    panel: &Panel,
    variables: &Variables,
    none_failed: bool,
) {
    let check = format!("{dashboard}: {}", panel.title);
    // An empty answer may become a full one with the next scrape; one over failures does not.
    let answer = if panel.over_failures() {
        ask(probe, panel, variables).await
    } else {
        probe
            .eventually(|| async {
                let found = ask(probe, panel, variables).await?;
                ensure!(found > 0, "no data: {}", panel.queries().join("; "));
                Ok(found)
            })
            .await
    };
    match answer {
        Ok(0) if none_failed => rows.quiet(check, "empty, and nothing has failed"),
        Ok(0) => rows.broken(check, format!("no data: {}", panel.queries().join("; ")), FOLDER),
        Ok(found) => rows.ok(check, format!("{found} series")),
        Err(error) => rows.broken(check, format!("{error:#}"), FOLDER),
    }
}
