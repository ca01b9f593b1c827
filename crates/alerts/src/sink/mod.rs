//! The alert sink: takes Alertmanager's webhooks and shows what was sent, so that a page can be seen without an account
//! anywhere. `POST` to any path is a notification; `GET /notifications` lists them, newest first.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use model::Clock;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Notifications that are kept; older ones are forgotten.
pub const CAPACITY: usize = 500;
/// Largest notification.
const MAX_BODY: usize = 4 << 20;

/// One notification as it arrived.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// RFC 3339.
    pub received_at: String,
    /// The path it was sent to, such as `/page`.
    pub path: String,
    pub body: serde_json::Value,
}

/// What was received. Clones share it.
#[derive(Clone)]
pub struct Sink {
    received: Arc<Mutex<VecDeque<Received>>>,
    clock: Arc<dyn Clock>,
    show: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Sink {
    /// `show` gets one line of text for each notification.
    pub fn new(clock: Arc<dyn Clock>, show: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { received: Arc::default(), clock, show: Arc::new(show) }
    }

    /// Newest first.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    fn take(&self, path: &str, body: serde_json::Value) {
        let at = crate::notify::webhook::timestamp(Some(self.clock.now_millis()));
        (self.show)(&line(&at, path, &body));
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        if received.len() == CAPACITY {
            received.pop_front();
        }
        received.push_back(Received { received_at: at, path: path.to_owned(), body });
    }
}

/// One line for people: when, where to, state, and each alert's name and summary.
fn line(at: &str, path: &str, body: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let alerts = body["alerts"].as_array().map_or(&[][..], Vec::as_slice);
    let alerts: Vec<String> = alerts
        .iter()
        .map(|alert| {
            let (labels, annotations) = (&alert["labels"], &alert["annotations"]);
            format!(
                "{} {} ({})",
                text(&alert["status"]),
                text(&labels["alertname"]),
                text(&annotations["summary"])
            )
        })
        .collect();
    format!("{at} {path} {} {}", text(&body["status"]).to_uppercase(), alerts.join("; "))
}

/// The sink's HTTP interface.
pub fn router(sink: Sink) -> Router {
    Router::new()
        .route("/notifications", get(|State(sink): State<Sink>| async move { axum::Json(sink.received()) }))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(axum::routing::post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(sink)
}

async fn receive(State(sink): State<Sink>, uri: Uri, body: Bytes) -> impl IntoResponse {
    match serde_json::from_slice(&body) {
        Ok(body) => {
            sink.take(uri.path(), body);
            (StatusCode::OK, String::new())
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("expected the JSON of a notification: {error}\n")),
    }
}

#[cfg(test)]
mod tests;
