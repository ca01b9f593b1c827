//! The webhook integration. Body format version 4; source: Alertmanager's documentation, `webhook_config`.

use super::{Notification, SendError};
use chrono::{DateTime, SecondsFormat, Utc};
use model::Labels;
use model::clock::Millis;
use serde::Serialize;
use std::time::Duration;

/// Longest answer that is shown in an error.
const MAX_ANSWER_SHOWN: usize = 200;

#[derive(Clone, Debug)]
pub struct Webhook {
    pub url: String,
    pub send_resolved: bool,
    /// 0 = all.
    pub max_alerts: usize,
    /// `None` = as long as the notification may take.
    pub timeout: Option<Duration>,
    /// `Authorization` and further headers.
    pub headers: Vec<(String, String)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    receiver: &'a str,
    status: &'static str,
    alerts: Vec<BodyAlert<'a>>,
    group_labels: &'a Labels,
    common_labels: Labels,
    common_annotations: Labels,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    version: &'static str,
    group_key: &'a str,
    truncated_alerts: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BodyAlert<'a> {
    status: &'static str,
    labels: &'a Labels,
    annotations: &'a Labels,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    fingerprint: String,
}

/// RFC 3339 with milliseconds; Go's zero time when there is none.
pub fn timestamp(at: Option<Millis>) -> String {
    at.and_then(DateTime::<Utc>::from_timestamp_millis).map_or_else(
        || "0001-01-01T00:00:00Z".to_owned(),
        |at| at.to_rfc3339_opts(SecondsFormat::Millis, true),
    )
}

/// The pairs that all of the sets have.
fn common<'a>(mut sets: impl Iterator<Item = &'a Labels>) -> Labels {
    let Some(first) = sets.next() else { return Labels::empty() };
    let mut builder = first.to_builder();
    for set in sets {
        builder.retain(|name, value| set.get(name) == Some(value));
    }
    builder.build()
}

fn status(firing: bool) -> &'static str {
    if firing { "firing" } else { "resolved" }
}

/// The JSON that is sent.
pub fn body(notification: &Notification, max_alerts: usize, now: Millis) -> Result<Vec<u8>, SendError> {
    let alerts = &notification.alerts;
    let shown = if max_alerts == 0 { alerts.len() } else { max_alerts.min(alerts.len()) };
    let firing = alerts.iter().any(|alert| !alert.resolved_at(now));
    let body = Body {
        receiver: &notification.receiver,
        status: status(firing),
        alerts: alerts[..shown]
            .iter()
            .map(|alert| {
                let resolved = alert.resolved_at(now);
                BodyAlert {
                    status: status(!resolved),
                    labels: &alert.labels,
                    annotations: &alert.annotations,
                    starts_at: timestamp(Some(alert.starts_at)),
                    ends_at: timestamp(resolved.then_some(alert.ends_at)),
                    generator_url: &alert.generator_url,
                    fingerprint: format!("{:016x}", alert.fingerprint()),
                }
            })
            .collect(),
        group_labels: &notification.group_labels,
        common_labels: common(alerts.iter().map(|alert| &alert.labels)),
        common_annotations: common(alerts.iter().map(|alert| &alert.annotations)),
        external_url: &notification.external_url,
        version: "4",
        group_key: &notification.group_key,
        truncated_alerts: alerts.len() - shown,
    };
    serde_json::to_vec(&body).map_err(|error| SendError { reason: error.to_string(), retry: false })
}

/// Sends one notification once.
///
/// # Errors
/// [`SendError`]: a 5xx answer and a failed connection may be tried again, any other answer not.
pub async fn send(
    client: &reqwest::Client,
    webhook: &Webhook,
    url: &str,
    notification: &Notification,
    now: Millis,
) -> Result<(), SendError> {
    let body = body(notification, webhook.max_alerts, now)?;
    let mut request = client
        .post(url)
        .header("content-type", "application/json")
        .header("user-agent", "Alertmanager/lab")
        .body(body);
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    if let Some(timeout) = webhook.timeout {
        request = request.timeout(timeout);
    }
    let answer = request.send().await.map_err(|error| SendError { reason: describe(&error), retry: true })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let text = answer.text().await.unwrap_or_default();
    let text: String = text.chars().take(MAX_ANSWER_SHOWN).collect();
    Err(SendError {
        reason: format!("unexpected status code {status}: {text}"),
        retry: status.is_server_error(),
    })
}

/// A client error with its cause: reqwest's own text leaves that out.
fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
