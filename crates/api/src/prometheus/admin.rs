//! Health, reload, and the pages of a browser.

use super::PrometheusApi;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::clock::Millis;
use std::sync::atomic::Ordering;

/// Paths that upstream's own pages have, and which the console has pages for.
const PAGES: [&str; 6] = ["/", "/graph", "/query", "/alerts", "/targets", "/rules"];

pub fn router() -> Router<PrometheusApi> {
    let router = Router::new()
        .route("/-/healthy", get(|| async { "Prometheus Server is Healthy.\n" }))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(reload).put(reload));
    PAGES.iter().fold(router, |router, page| router.route(page, get(browse)))
}

async fn ready(State(api): State<PrometheusApi>) -> Response {
    match (api.ready)() {
        true => "Prometheus Server is Ready.\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable\n").into_response(),
    }
}

async fn reload(State(api): State<PrometheusApi>) -> Response {
    let reload = api.reload.clone();
    // Reading files: not on a thread that serves requests.
    let done = tokio::task::spawn_blocking(move || reload()).await;
    let done = done.unwrap_or_else(|error| Err(error.to_string()));
    api.counts.reload_failed.store(u64::from(done.is_err()), Ordering::Relaxed);
    match done {
        Ok(()) => {
            api.counts.last_reload.store(api.clock.now_millis(), Ordering::Relaxed);
            StatusCode::OK.into_response()
        }
        Err(error) => {
            let text = format!("failed to reload config: {error}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

impl PrometheusApi {
    /// When the configuration in force was read.
    pub(super) fn last_reload(&self) -> Millis {
        self.counts.last_reload.load(Ordering::Relaxed).max(self.status.started)
    }

    /// Whether the last attempt to read it went well.
    pub(super) fn reloaded(&self) -> bool {
        self.counts.reload_failed.load(Ordering::Relaxed) == 0
    }
}

async fn browse(State(api): State<PrometheusApi>, uri: Uri) -> Response {
    let subject = uri.path().trim_start_matches('/');
    match &api.console_page {
        Some(page) => Redirect::temporary(&page(subject)).into_response(),
        None => "Prometheus: the API is at /api/v1\n".into_response(),
    }
}
