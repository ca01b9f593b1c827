//! The task that posts alerts: Alertmanager's API version 2, `POST /api/v2/alerts`.

use super::{Alert, Notifier, Target, lock};
use chrono::{DateTime, SecondsFormat};
use model::clock::Millis;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostedAlert<'a> {
    labels: &'a model::Labels,
    annotations: &'a BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
}

fn rfc3339(t: Millis) -> String {
    DateTime::from_timestamp_millis(t).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Notifier {
    /// Posts what is queued until `cancel`; whatever still waits then is left.
    pub async fn run(&self, client: reqwest::Client, cancel: CancellationToken) {
        loop {
            let batch = {
                let size = lock(&self.setup).0.batch;
                let mut queue = lock(&self.queue);
                let size = size.max(1).min(queue.len());
                queue.drain(..size).collect::<Vec<_>>()
            };
            let work = async {
                if batch.is_empty() {
                    self.wake.notified().await;
                } else {
                    self.deliver(&client, &batch).await;
                }
            };
            tokio::select! {
                () = cancel.cancelled() => return,
                () = work => {}
            }
        }
    }

    /// Posts a batch to every Alertmanager, again when none took it.
    async fn deliver(&self, client: &reqwest::Client, batch: &[Alert]) {
        let count = batch.len() as u64;
        let posted: Vec<PostedAlert<'_>> = batch
            .iter()
            .map(|alert| PostedAlert {
                labels: &alert.labels,
                annotations: &alert.annotations,
                starts_at: rfc3339(alert.starts_at),
                ends_at: rfc3339(alert.ends_at),
                generator_url: &alert.generator_url,
            })
            .collect();
        let Ok(body) = serde_json::to_vec(&posted) else {
            self.dropped.fetch_add(count, Ordering::Relaxed);
            return;
        };
        let (attempts, mut backoff) = {
            let setup = lock(&self.setup);
            (setup.0.attempts.max(1), setup.0.backoff)
        };
        for attempt in 1..=attempts {
            // Read anew each time: the configuration may have changed meanwhile.
            let targets = self.targets();
            if targets.is_empty() {
                break;
            }
            let mut taken = false;
            for target in &targets {
                match post(client, target, body.clone()).await {
                    Ok(()) => taken = true,
                    Err(error) => {
                        self.errors.fetch_add(1, Ordering::Relaxed);
                        tracing::debug!(url = target.url, attempt, %error, "an Alertmanager did not take alerts");
                    }
                }
            }
            if taken {
                self.sent.fetch_add(count, Ordering::Relaxed);
                return;
            }
            if attempt < attempts {
                tokio::time::sleep(backoff).await;
                backoff *= 2;
            }
        }
        self.dropped.fetch_add(count, Ordering::Relaxed);
        tracing::warn!(alerts = count, "no Alertmanager took alerts; rules send them again");
    }
}

async fn post(client: &reqwest::Client, target: &Target, body: Vec<u8>) -> Result<(), String> {
    let url = format!("{}/api/v2/alerts", target.url);
    let request =
        client.post(url).timeout(target.timeout).header("content-type", "application/json").body(body);
    let response = request.send().await.map_err(|error| error.to_string())?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("status {status}")) }
}
