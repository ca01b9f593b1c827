//! The web console on :3000: Grafana's dashboards and links without Grafana.
//!
//! The pages (folder `web`) call only public HTTP paths: Grafana's own ones, as far as [`grafana`] serves them, and
//! `/api/lab` for what Grafana does not have ([`lab`]: services, chaos, load, notifications). Engines are reached over HTTP
//! at their provisioned URL, through [`proxy`], always: the console works the same before real engines.

pub mod assets;
pub mod control;
pub mod grafana;
pub mod guard;
pub mod lab;
pub mod provisioning;
pub mod proxy;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use std::sync::Arc;

pub use control::{Control, ControlError, ServiceState};
pub use provisioning::{Provisioned, ProvisioningError};

/// Largest body of a request that is passed on to an engine.
const MAX_BODY: usize = 8 << 20;

/// What the console needs from outside.
#[derive(Clone)]
pub struct ConsoleState {
    pub provisioned: Arc<Provisioned>,
    pub client: reqwest::Client,
    /// Leads a URL of the configuration (`http://loki:3100`) to one that can be called.
    pub resolve: Arc<dyn Fn(&str) -> String + Send + Sync>,
    /// Starting and stopping; `None` where nobody can (before real engines).
    pub control: Option<Arc<dyn Control>>,
    /// Host names under which the console may be called besides loopback ones.
    pub allowed_hosts: Arc<[String]>,
}

pub fn router(state: ConsoleState) -> Router {
    Router::new()
        .merge(grafana::router())
        .merge(lab::router())
        .merge(proxy::router())
        .route("/metrics", get(grafana::metrics))
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}

#[cfg(test)]
mod tests;
