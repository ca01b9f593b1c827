//! `/metrics`: what the API and, through [`super::MoreMetrics`], the store count. Names are Loki's where it has one.

use super::LokiApi;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::logs::PushReport;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub struct Metrics {
    lines: AtomicU64,
    duplicates: AtomicU64,
    discarded: AtomicU64,
    /// Count and seconds by route and status.
    requests: Mutex<BTreeMap<(String, u16), (u64, f64)>>,
}

impl Metrics {
    pub fn pushed(&self, report: &PushReport) {
        self.lines.fetch_add(report.accepted, Ordering::Relaxed);
        self.duplicates.fetch_add(report.duplicates, Ordering::Relaxed);
        self.discarded.fetch_add(report.refused_lines, Ordering::Relaxed);
    }
}

pub async fn count(State(api): State<LokiApi>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let begun = api.inner.clock.now_nanos();
    let response = next.run(request).await;
    let seconds = (api.inner.clock.now_nanos() - begun) as f64 / 1e9;
    let mut requests = api.inner.metrics.requests.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = requests.entry((route, response.status().as_u16())).or_default();
    entry.0 += 1;
    entry.1 += seconds;
    response
}

fn counter(out: &mut String, name: &str, help: &str, value: u64) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
}

pub async fn metrics(State(api): State<LokiApi>) -> Response {
    let metrics = &api.inner.metrics;
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut out = String::new();
    counter(
        &mut out,
        "loki_distributor_lines_received_total",
        "Lines that were taken in.",
        load(&metrics.lines),
    );
    counter(
        &mut out,
        "loki_duplicate_lines_total",
        "Lines that were there already and were dropped.",
        load(&metrics.duplicates),
    );
    counter(
        &mut out,
        "loki_discarded_samples_total",
        "Lines that a limit refused.",
        load(&metrics.discarded),
    );
    let name = "loki_request_duration_seconds";
    let _ = write!(out, "# HELP {name} Time spent on requests.\n# TYPE {name} summary\n");
    let requests = metrics.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for ((route, status), (count, seconds)) in requests {
        let labels = format!("{{route={route:?},status_code=\"{status}\"}}");
        let _ = write!(out, "{name}_count{labels} {count}\n{name}_sum{labels} {seconds}\n");
    }
    if let Some(more) = &api.inner.more_metrics {
        out.push_str(&more());
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response()
}
