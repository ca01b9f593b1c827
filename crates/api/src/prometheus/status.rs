//! `/api/v1/status/*`: what the stack is and how it is set up.

use super::PrometheusApi;
use super::params::Params;
use super::render::rfc3339;
use super::reply::{ApiError, ok};
use axum::extract::State;
use axum::response::Response;
use model::clock::Millis;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Facts that the daemon knows.
#[derive(Clone, Debug, Default)]
pub struct StatusInfo {
    /// The version of Prometheus whose API this is; clients (Grafana among them) choose features by it.
    pub version: String,
    /// The lab's own version and revision.
    pub revision: String,
    pub started: Millis,
    pub working_dir: String,
    pub host_name: String,
    /// As text, such as `3d`.
    pub retention: String,
    /// Command line flags under upstream's names.
    pub flags: BTreeMap<String, String>,
    /// Log files read at start-up.
    pub replayed_files: u64,
    /// Parts of files that were cut off at start-up.
    pub corruptions: u64,
}

/// Entries of each list of `/status/tsdb` when the request does not say.
const DEFAULT_TOP: usize = 10;
const MAX_TOP: usize = 10_000;

pub async fn config(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    ok(&json!({"yaml": (api.config_text)()}))
}

pub async fn flags(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    ok(&api.status.flags)
}

pub async fn runtime(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    let status = &api.status;
    ok(&json!({
        "startTime": rfc3339(Some(status.started)),
        "CWD": status.working_dir,
        "hostname": status.host_name,
        "serverTime": rfc3339(Some(api.clock.now_millis())),
        "reloadConfigSuccess": api.reloaded(),
        "lastConfigTime": rfc3339(Some(api.last_reload())),
        "corruptionCount": status.corruptions,
        "GOMAXPROCS": std::thread::available_parallelism().map_or(1, usize::from),
        "storageRetention": status.retention,
    }))
}

/// No key `features`: Grafana takes a server that has it for Mimir.
pub async fn build(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    ok(&json!({
        "version": api.status.version,
        "revision": api.status.revision,
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
}

pub async fn tsdb(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let top = match params.get("limit") {
        "" => DEFAULT_TOP,
        text => match text.parse() {
            Ok(top @ 1..=MAX_TOP) => top,
            _ => return Err(ApiError::bad_data(format!("limit must be a positive number up to {MAX_TOP}"))),
        },
    };
    let stats = api.run(api.query_timeout, |api, _| Ok(api.store.stats())).await?;
    let pairs: u64 = stats.values_by_label.values().sum();
    let largest_pairs = stats.largest_pairs.iter().take(top);
    let pairs_shown: Vec<Value> =
        largest_pairs.map(|(pair, count)| json!({"name": pair, "value": count})).collect();
    ok(&json!({
        "headStats": {
            "numSeries": stats.series,
            "numLabelPairs": pairs,
            "chunkCount": stats.chunks,
            "minTime": stats.min_time.unwrap_or(Millis::MAX),
            "maxTime": stats.max_time.unwrap_or(Millis::MIN),
        },
        "seriesCountByMetricName": largest(&stats.series_by_name, top),
        "labelValueCountByLabelName": largest(&stats.values_by_label, top),
        "memoryInBytesByLabelName": largest(&stats.bytes_by_label, top),
        "seriesCountByLabelValuePair": pairs_shown,
    }))
}

/// The entries with the largest numbers, largest first.
fn largest<N: AsRef<str>>(counts: &BTreeMap<N, u64>, top: usize) -> Vec<Value> {
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    sorted.into_iter().take(top).map(|(name, count)| json!({"name": name.as_ref(), "value": count})).collect()
}

/// The log has been read before anything is served.
pub async fn replay(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    let last = api.status.replayed_files;
    ok(&json!({"min": 0, "max": last, "current": last, "state": "done"}))
}
