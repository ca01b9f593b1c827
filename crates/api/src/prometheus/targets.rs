//! `/api/v1/targets`, `/api/v1/scrape_pools`, `/api/v1/alertmanagers`.

use super::PrometheusApi;
use super::params::Params;
use super::render::rfc3339;
use super::reply::{ApiError, ok};
use axum::extract::State;
use axum::response::Response;
use collect::scrape::{ActiveTarget, TargetsView};
use model::duration::format_duration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl PrometheusApi {
    fn targets(&self) -> TargetsView {
        self.scraper.as_ref().map(|scraper| scraper.targets()).unwrap_or_default()
    }
}

pub async fn targets(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let (state, pool) = (params.get("state").to_lowercase(), params.get("scrapePool"));
    let wanted = |name: &str| pool.is_empty() || pool == name;
    let view = api.targets();
    let (mut active, mut dropped): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut dropped_counts: BTreeMap<&str, usize> = BTreeMap::new();
    if matches!(state.as_str(), "" | "any" | "active") {
        active.extend(view.active.iter().filter(|target| wanted(&target.pool)).map(shown));
    }
    if matches!(state.as_str(), "" | "any" | "dropped") {
        for pool in view.pools.iter().filter(|pool| wanted(&pool.name)) {
            dropped_counts.insert(&pool.name, 0);
        }
        for target in view.dropped.iter().filter(|target| wanted(&target.pool)) {
            *dropped_counts.entry(&target.pool).or_default() += 1;
            dropped.push(json!({"discoveredLabels": target.discovered, "scrapePool": target.pool}));
        }
    }
    ok(&json!({
        "activeTargets": active,
        "droppedTargets": dropped,
        "droppedTargetCounts": dropped_counts,
    }))
}

fn shown(target: &ActiveTarget) -> Value {
    json!({
        "discoveredLabels": target.discovered,
        "labels": target.labels,
        "scrapePool": target.pool,
        "scrapeUrl": target.url,
        "globalUrl": target.url,
        "lastError": target.last_error.as_deref().unwrap_or_default(),
        "lastScrape": rfc3339(target.last_scrape),
        "lastScrapeDuration": target.last_duration.as_secs_f64(),
        "health": target.health.as_str(),
        "scrapeInterval": format_duration(target.interval),
        "scrapeTimeout": format_duration(target.timeout),
    })
}

pub async fn pools(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    let mut names: Vec<String> = api.targets().pools.into_iter().map(|pool| pool.name).collect();
    names.sort();
    ok(&json!({"scrapePools": names}))
}

pub async fn alertmanagers(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    let active: Vec<Value> = (api.alertmanagers)().iter().map(|url| json!({"url": url})).collect();
    ok(&json!({"activeAlertmanagers": active, "droppedAlertmanagers": []}))
}
