//! Tempo's HTTP API: traces by id, search, tags, metrics.
//!
//! Start at [`router`]. Status codes, texts of errors and shapes of answers are those of Tempo 3.
//! Source: Tempo documentation, "HTTP API"; recordings of the real server in conformance/traces.

mod instruments;
mod json;
mod metrics;
mod params;
mod run;
mod search;
mod status;
mod tags;
mod trace;

pub use instruments::Instruments;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::clock::Clock;
use model::traces::TraceQuerier;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use traceql::Engine;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A query that takes longer is given up.
    pub query_timeout: Duration,
    /// Queries that run at the same time; more are told 429.
    pub max_queries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { query_timeout: Duration::from_secs(30), max_queries: 32 }
    }
}

/// What the routes need.
#[derive(Clone)]
pub struct State {
    store: Arc<dyn TraceQuerier>,
    clock: Arc<dyn Clock>,
    engine: Engine,
    limits: Limits,
    running: Arc<Semaphore>,
    instruments: Arc<Instruments>,
    otlp: Option<collect::otlp::Otlp>,
}

impl State {
    pub fn new(store: Arc<dyn TraceQuerier>, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self {
            store,
            clock,
            engine: Engine::default(),
            limits,
            running: Arc::new(Semaphore::new(limits.max_queries)),
            instruments: Arc::default(),
            otlp: None,
        }
    }

    /// Shows the counts of this receiver on `/metrics`.
    pub fn with_receiver(mut self, otlp: collect::otlp::Otlp) -> Self {
        self.otlp = Some(otlp);
        self
    }
}

/// An answer that is no success: Tempo's errors are plain text.
#[derive(Debug)]
struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, self.message).into_response()
    }
}

/// The routes of Tempo's query frontend.
pub fn router(state: State) -> Router {
    Router::new()
        .route("/api/echo", get(async || "echo"))
        .route("/ready", get(async || "ready\n"))
        .route("/metrics", get(instruments::show))
        .route("/status", get(status::status))
        .route("/status/version", get(status::version))
        .route("/api/status/buildinfo", get(status::build_info))
        .route("/api/traces/{id}", get(trace::version_1))
        .route("/api/v2/traces/{id}", get(trace::version_2))
        .route("/api/search", get(search::search))
        .route("/api/search/tags", get(tags::names_1))
        .route("/api/v2/search/tags", get(tags::names_2))
        .route("/api/search/tag/{name}/values", get(tags::values_1))
        .route("/api/v2/search/tag/{name}/values", get(tags::values_2))
        .route("/api/metrics/query_range", get(metrics::range))
        .route("/api/metrics/query", get(metrics::instant))
        .fallback(async || (StatusCode::NOT_FOUND, "404 page not found\n"))
        .layer(axum::middleware::from_fn_with_state(state.clone(), instruments::count))
        .with_state(state)
}

#[cfg(test)]
mod tests;
