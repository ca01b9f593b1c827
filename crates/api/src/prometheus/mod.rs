//! Prometheus's HTTP API, version 1, on a metrics store, the PromQL engine, the scraper and the rule manager.
//!
//! One file per subject: [`query`], [`labels`], [`exemplars`], [`targets`], [`rules`], [`status`], [`write`], [`admin`].
//! [`params`] reads requests, [`reply`] has the envelope and the errors, [`render`] writes samples.
//! Source: Prometheus documentation, "HTTP API".

mod admin;
mod exemplars;
mod labels;
mod metrics;
mod params;
mod query;
mod render;
mod reply;
mod rules;
mod run;
mod status;
mod targets;
mod write;

pub use status::StatusInfo;

use ::rules::view::GroupView;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use collect::scrape::Scraper;
use model::Clock;
use model::metrics::MetricStore;
use promql::Engine;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;
use tokio::sync::Semaphore;
use wire::openmetrics::Encoder;

/// Largest form of a query; dashboards send a few kilobytes. Bytes.
const MAX_FORM: usize = 2 << 20;
/// Largest body of a remote write or OTLP request, before and after decompression. Bytes.
const MAX_WRITE: usize = 64 << 20;

/// Reads the configuration again; the error says what was wrong with it, and then the old one stays in force.
pub type Reload = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The URL of the console's page on a subject.
pub type ConsolePage = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Everything the API needs. Build it with [`PrometheusApi::new`] and set the fields that the stack has.
#[derive(Clone)]
pub struct PrometheusApi {
    pub store: Arc<dyn MetricStore>,
    pub engine: Engine,
    pub clock: Arc<dyn Clock>,
    /// None: no targets.
    pub scraper: Option<Arc<Scraper>>,
    /// The rule groups as they are now.
    pub rules: Arc<dyn Fn() -> Vec<GroupView> + Send + Sync>,
    /// URLs of the Alertmanagers that hear of alerts.
    pub alertmanagers: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// prometheus.yml as it is in force.
    pub config_text: Arc<dyn Fn() -> String + Send + Sync>,
    pub reload: Reload,
    /// Whether the stack is ready for queries.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Adds families to `/metrics` that others know.
    pub more_metrics: Arc<dyn Fn(&mut Encoder) + Send + Sync>,
    /// Where the pages of a browser lead (`/graph`, `/alerts` …): the subject in, the URL out.
    pub console_page: Option<ConsolePage>,
    pub status: Arc<StatusInfo>,
    /// How long a query may take, waiting included. Upstream's default is two minutes.
    pub query_timeout: Duration,
    slots: Arc<Semaphore>,
    counts: Arc<Counts>,
}

/// Queries that run at the same time; more wait. Upstream's default.
const MAX_CONCURRENT_QUERIES: usize = 20;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// What the API counts about itself.
#[derive(Debug, Default)]
struct Counts {
    queries: AtomicU64,
    query_failures: AtomicU64,
    query_nanos: AtomicU64,
    remote_samples: AtomicU64,
    /// When a reload last went well, in milliseconds.
    last_reload: AtomicI64,
    /// 1 after a reload that failed.
    reload_failed: AtomicU64,
}

impl PrometheusApi {
    pub fn new(
        store: Arc<dyn MetricStore>,
        engine: Engine,
        clock: Arc<dyn Clock>,
        status: StatusInfo,
    ) -> Self {
        Self {
            store,
            engine,
            clock,
            scraper: None,
            rules: Arc::new(Vec::new),
            alertmanagers: Arc::new(Vec::new),
            config_text: Arc::new(String::new),
            reload: Arc::new(|| Err("there is nothing to reload".to_owned())),
            ready: Arc::new(|| true),
            more_metrics: Arc::new(|_| {}),
            console_page: None,
            status: Arc::new(status),
            query_timeout: DEFAULT_TIMEOUT,
            slots: Arc::new(Semaphore::new(MAX_CONCURRENT_QUERIES)),
            counts: Arc::default(),
        }
    }
}

/// All paths of :9090.
pub fn router(api: PrometheusApi) -> Router {
    let v1 = Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route("/query_exemplars", get(exemplars::exemplars).post(exemplars::exemplars))
        .route("/format_query", get(query::format).post(query::format))
        .route("/series", get(labels::series).post(labels::series))
        .route("/labels", get(labels::names).post(labels::names))
        .route("/label/{name}/values", get(labels::values))
        .route("/metadata", get(labels::metadata))
        .route("/targets", get(targets::targets))
        .route("/scrape_pools", get(targets::pools))
        .route("/alertmanagers", get(targets::alertmanagers))
        .route("/rules", get(rules::rules))
        .route("/alerts", get(rules::alerts))
        .route("/status/config", get(status::config))
        .route("/status/flags", get(status::flags))
        .route("/status/runtimeinfo", get(status::runtime))
        .route("/status/buildinfo", get(status::build))
        .route("/status/tsdb", get(status::tsdb))
        .route("/status/walreplay", get(status::replay))
        .layer(DefaultBodyLimit::max(MAX_FORM));
    let writes = Router::new()
        .route("/write", post(write::remote))
        .route("/otlp/v1/metrics", post(write::otlp))
        .layer(DefaultBodyLimit::max(MAX_WRITE));
    Router::new()
        .nest("/api/v1", v1.merge(writes))
        .merge(admin::router())
        .route("/metrics", get(metrics::page))
        .with_state(api)
}

#[cfg(test)]
mod tests;
