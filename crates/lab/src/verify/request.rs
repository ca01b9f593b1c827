//! The request itself: a purchase under a root span that this program sends.

use super::Rows;
use super::probe::Probe;
use crate::endpoints::{GATEWAY, OTLP_HTTP};
use crate::http::{self, Answer};
use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

/// The service name of the root span.
pub const SERVICE: &str = "lab-verify";

pub async fn check(probe: &mut Probe, rows: &mut Rows) {
    probe.began = probe.now();
    let purchased = purchase(probe).await;
    rows.result("a purchase succeeds", purchased, "make logs; make chaos-reset ends injected faults");
    rows.result("the root span is taken", send_root(probe).await, "tempo/tempo.yaml, distributor.receivers");
}

/// Buys one thing under the probe's trace.
pub async fn purchase(probe: &Probe) -> Result<String> {
    let url = format!("{}/purchase", probe.column.url(GATEWAY));
    let response = probe
        .client
        .post(&url)
        .header("traceparent", format!("00-{}-{}-01", probe.trace_id, probe.root))
        .json(&json!({"items": [{"id": "1", "price": 19.99, "quantity": 1}]}))
        .send()
        .await
        .with_context(|| format!("POST {url}"))?;
    let answer = Answer { status: response.status(), body: response.text().await? };
    ensure!(answer.status.as_u16() == 201, "expected 201, found {}: {}", answer.status, answer.message());
    let order: Value = serde_json::from_str(&answer.body).context("the answer is no JSON")?;
    Ok(format!("order {} in trace {}", order["order_id"], probe.trace_id))
}

/// OTLP over HTTP in JSON: a span without a library.
async fn send_root(probe: &Probe) -> Result<String> {
    let name = json!([{"key": "service.name", "value": {"stringValue": SERVICE}}]);
    let span = json!({
        "traceId": probe.trace_id.to_string(),
        "spanId": probe.root.to_string(),
        "name": "verify",
        "kind": 1,
        "startTimeUnixNano": probe.began.to_string(),
        "endTimeUnixNano": probe.now().to_string(),
    });
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": name},
        "scopeSpans": [{"scope": {"name": SERVICE}, "spans": [span]}],
    }]});
    let url = format!("{}/v1/traces", probe.column.url(OTLP_HTTP));
    let answer = http::send(&probe.client, Method::POST, &url, Some(&body)).await?;
    ensure!(answer.status.is_success(), "{url} answers {}: {}", answer.status, answer.message());
    Ok(url)
}
