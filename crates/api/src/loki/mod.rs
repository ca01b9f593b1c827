//! The HTTP API of Loki on the lab's engines. Source: Loki's HTTP API documentation; what it does not say was observed.
//!
//! One file a subject. Errors are plain text with Loki's words and status codes; `format_query` alone answers JSON.
//! Queries run on blocking threads, a bounded number at a time, each with a time-out.

mod detected;
mod error;
mod format;
mod labels;
mod legacy;
mod metrics;
mod params;
mod patterns;
mod push;
mod query;
mod respond;
mod rules;
mod run;
mod series;
mod status;
mod stream;
mod tail;
mod volume;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use error::LokiError;
use logql::Engine;
use model::Clock;
use model::logs::LogStore;
use std::sync::Arc;
use std::time::Duration;

/// What a client may ask for. The defaults are Loki's.
#[derive(Clone, Debug)]
pub struct LokiLimits {
    /// Lines of one answer. `max_entries_limit_per_query`.
    pub max_entries: usize,
    /// Series of one answer. `max_query_series`.
    pub max_series: usize,
    /// Samples held by one metric query.
    pub max_samples: usize,
    /// Bytes of a push after unpacking.
    pub max_push: usize,
    /// `query_timeout`.
    pub query_timeout: Duration,
    /// Longest range of a query; zero for no limit. `max_query_length`.
    pub max_query_length: Duration,
    /// Queries at a time; more wait.
    pub max_concurrent: usize,
    /// Connections to `tail` at a time.
    pub max_tails: usize,
}

impl Default for LokiLimits {
    fn default() -> Self {
        Self {
            max_entries: 5_000,
            max_series: 500,
            max_samples: 20_000_000,
            max_push: 64 << 20,
            query_timeout: Duration::from_secs(60),
            max_query_length: Duration::from_secs(721 * 3_600),
            max_concurrent: 4,
            max_tails: 10,
        }
    }
}

/// More lines for `/metrics`, from who knows the store itself.
pub type MoreMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What the router works on. Cheap to clone.
#[derive(Clone)]
pub struct LokiApi {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Arc<dyn LogStore>,
    pub clock: Arc<dyn Clock>,
    pub limits: LokiLimits,
    pub engine: Engine,
    pub slots: tokio::sync::Semaphore,
    pub tails: tokio::sync::Semaphore,
    pub metrics: metrics::Metrics,
    pub more_metrics: Option<MoreMetrics>,
}

impl LokiApi {
    pub fn new(store: Arc<dyn LogStore>, clock: Arc<dyn Clock>, limits: LokiLimits) -> Self {
        Self::with_metrics(store, clock, limits, None)
    }

    pub fn with_metrics(
        store: Arc<dyn LogStore>,
        clock: Arc<dyn Clock>,
        limits: LokiLimits,
        more_metrics: Option<MoreMetrics>,
    ) -> Self {
        let engine = Engine::new(logql::Limits {
            max_series: limits.max_series,
            max_samples: limits.max_samples,
            max_bytes: 0,
        });
        let inner = Inner {
            store,
            clock,
            engine,
            slots: tokio::sync::Semaphore::new(limits.max_concurrent.max(1)),
            tails: tokio::sync::Semaphore::new(limits.max_tails),
            metrics: metrics::Metrics::default(),
            more_metrics,
            limits,
        };
        Self { inner: Arc::new(inner) }
    }
}

pub fn router(api: LokiApi) -> Router {
    // A packed push may be larger than what it unpacks to only by a little.
    let push_limit = api.inner.limits.max_push.saturating_add(1 << 20);
    Router::new()
        .route("/loki/api/v1/push", post(push::push))
        .route("/otlp/v1/logs", post(push::otlp))
        .route("/loki/api/v1/query", get(query::instant).post(query::instant))
        .route("/loki/api/v1/query_range", get(query::range).post(query::range))
        .route("/loki/api/v1/label", get(labels::names).post(labels::names))
        .route("/loki/api/v1/labels", get(labels::names).post(labels::names))
        .route("/loki/api/v1/label/{name}/values", get(labels::values).post(labels::values))
        .route("/loki/api/v1/series", get(series::series).post(series::series))
        .route("/loki/api/v1/index/stats", get(volume::stats).post(volume::stats))
        .route("/loki/api/v1/index/volume", get(volume::volume).post(volume::volume))
        .route("/loki/api/v1/index/volume_range", get(volume::volume_range).post(volume::volume_range))
        .route("/loki/api/v1/detected_labels", get(detected::labels).post(detected::labels))
        .route("/loki/api/v1/detected_fields", get(detected::fields).post(detected::fields))
        .route("/loki/api/v1/detected_field/{name}/values", get(detected::values).post(detected::values))
        .route("/loki/api/v1/patterns", get(patterns::patterns).post(patterns::patterns))
        .route("/loki/api/v1/format_query", get(format::format_query).post(format::format_query))
        .route("/loki/api/v1/tail", get(tail::tail))
        .route("/loki/api/v1/status/buildinfo", get(status::buildinfo))
        .route("/loki/api/v1/rules", get(rules::configured))
        .route("/prometheus/api/v1/rules", get(rules::groups))
        .route("/prometheus/api/v1/alerts", get(rules::alerts))
        .route("/api/prom/query", get(legacy::query))
        .route("/api/prom/label", get(legacy::names))
        .route("/api/prom/label/{name}/values", get(legacy::values))
        .route("/ready", get(status::ready))
        .route("/metrics", get(metrics::metrics))
        .fallback(status::not_found)
        .layer(axum::middleware::from_fn_with_state(api.clone(), metrics::count))
        .layer(DefaultBodyLimit::max(push_limit))
        .with_state(api)
}

#[cfg(test)]
mod tests;
