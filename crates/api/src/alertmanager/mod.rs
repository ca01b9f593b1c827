//! Alertmanager's HTTP API, version 2, on [`alerts::Alertmanager`]. Source: Alertmanager's API description (openapi).
//!
//! One file per noun: [`alerts`] (with groups), [`silences`], [`status`] (with receivers, reload and metrics).

mod alerts;
mod query;
mod silences;
mod status;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::sync::Arc;

/// Largest body of a request.
const MAX_BODY: usize = 8 << 20;

/// Reads the configuration again; the error is what was wrong with it, and then the old one stays in force.
pub type Reload = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

#[derive(Clone)]
pub struct AlertmanagerApi {
    pub alertmanager: ::alerts::Alertmanager,
    pub reload: Reload,
    /// Where `/` leads in a browser: the console's page on alerting.
    pub console_url: Option<String>,
}

pub fn router(api: AlertmanagerApi) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/-/healthy", get(|| async { "OK" }).head(|| async {}))
        .route("/-/ready", get(|| async { "OK" }).head(|| async {}))
        .merge(alerts::router())
        .merge(silences::router())
        .merge(status::router())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}

async fn home(axum::extract::State(api): axum::extract::State<AlertmanagerApi>) -> Response {
    match api.console_url {
        Some(url) => Redirect::temporary(&url).into_response(),
        None => "Alertmanager: the API is at /api/v2\n".into_response(),
    }
}

/// An error as the API gives it: the sentence as a JSON string.
struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    fn bad_request(message: impl ToString) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.to_string() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, axum::Json(self.message)).into_response()
    }
}

#[cfg(test)]
mod tests;
