//! `/api/v2/status`, `/api/v2/receivers`, `/-/reload` and `/metrics`.

use super::{AlertmanagerApi, ApiError};
use ::alerts::AlertFilter;
use ::alerts::notify::webhook::timestamp;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::fmt::Write;

/// The release whose API is served; tools look at the major and minor number.
const VERSION: &str = "0.34.0";

pub fn router() -> Router<AlertmanagerApi> {
    Router::new()
        .route("/api/v2/status", get(status))
        .route("/api/v2/receivers", get(receivers))
        .route("/-/reload", post(reload))
        .route("/metrics", get(metrics))
}

async fn status(State(api): State<AlertmanagerApi>) -> Json<Value> {
    Json(json!({
        "cluster": {"name": "lab", "peers": [], "status": "disabled"},
        "config": {"original": api.alertmanager.config_text()},
        "uptime": timestamp(Some(api.alertmanager.started_at())),
        "versionInfo": {
            "branch": "lab", "buildDate": "", "buildUser": "", "goVersion": "", "revision": env!("CARGO_PKG_VERSION"),
            "version": VERSION,
        },
    }))
}

async fn receivers(State(api): State<AlertmanagerApi>) -> Json<Value> {
    Json(api.alertmanager.receivers().into_iter().map(|name| json!({"name": name})).collect())
}

async fn reload(State(api): State<AlertmanagerApi>) -> Result<(), ApiError> {
    (api.reload)().map_err(|reason| ApiError {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        message: format!("failed to reload config: {reason}"),
    })
}

async fn metrics(State(api): State<AlertmanagerApi>) -> impl IntoResponse {
    let counters = api.alertmanager.counters();
    let now = api.alertmanager.now();
    let alerts = api.alertmanager.alerts(&AlertFilter::default());
    let suppressed = alerts.iter().filter(|alert| alert.state() == "suppressed").count();
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(&str, u64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let active = (alerts.len() - suppressed) as u64;
    family(
        "alertmanager_alerts",
        "gauge",
        "How many alerts by state.",
        &[("{state=\"active\"}", active), ("{state=\"suppressed\"}", suppressed as u64)],
    );
    family(
        "alertmanager_alerts_received_total",
        "counter",
        "The total number of received alerts.",
        &[("{version=\"v2\"}", counters.received)],
    );
    family(
        "alertmanager_alerts_invalid_total",
        "counter",
        "The total number of received alerts that were invalid.",
        &[("{version=\"v2\"}", counters.invalid)],
    );
    family(
        "alertmanager_notifications_total",
        "counter",
        "The total number of attempted notifications.",
        &[("{integration=\"webhook\"}", counters.notifications)],
    );
    family(
        "alertmanager_notifications_failed_total",
        "counter",
        "The total number of failed notifications.",
        &[("{integration=\"webhook\"}", counters.notifications_failed)],
    );
    let silences = api.alertmanager.silences();
    let count =
        |state: &str| silences.iter().filter(|silence| silence.state(now).as_str() == state).count() as u64;
    family(
        "alertmanager_silences",
        "gauge",
        "How many silences by state.",
        &[
            ("{state=\"active\"}", count("active")),
            ("{state=\"expired\"}", count("expired")),
            ("{state=\"pending\"}", count("pending")),
        ],
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
