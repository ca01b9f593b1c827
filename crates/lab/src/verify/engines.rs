//! Whether every part says that it is ready.

use super::Rows;
use super::probe::Probe;
use crate::endpoints::{self, Endpoint};
use crate::http;
use anyhow::{Result, ensure};

const READY: &[(&Endpoint, &str)] = &[
    (endpoints::GATEWAY, "/readyz"),
    (endpoints::CATALOG, "/readyz"),
    (endpoints::CHECKOUT, "/readyz"),
    (endpoints::PROMETHEUS, "/-/ready"),
    (endpoints::ALERTMANAGER, "/-/ready"),
    (endpoints::LOKI, "/ready"),
    (endpoints::TEMPO, "/ready"),
    (endpoints::CONSOLE, "/api/health"),
];

pub async fn check(probe: &Probe, rows: &mut Rows) {
    for (endpoint, path) in READY {
        let look = format!("make ps; make logs SERVICE={}", endpoint.name);
        rows.result(format!("{} is ready", endpoint.name), ready(probe, endpoint, path).await, &look);
    }
}

async fn ready(probe: &Probe, endpoint: &Endpoint, path: &str) -> Result<String> {
    let url = format!("{}{path}", probe.column.url(endpoint));
    let answer = http::get(&probe.client, &url).await?;
    ensure!(answer.status.is_success(), "{url} answers {}: {}", answer.status, answer.message());
    Ok(url)
}
