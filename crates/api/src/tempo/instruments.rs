//! `/metrics`: requests by route and status, what the store holds, what the receiver took.

use super::State;
use super::status::VERSION;
use axum::extract::{self, MatchedPath, Request};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use collect::otlp::Signal;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests by route and status code: how many, and how long in all. The routes are a fixed set.
#[derive(Debug, Default)]
pub struct Instruments {
    requests: Mutex<BTreeMap<(String, u16), (u64, Duration)>>,
}

pub(super) async fn count(
    extract::State(state): extract::State<State>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let route = path.map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let mut requests = state.instruments.requests.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = requests.entry((route, response.status().as_u16())).or_default();
    entry.0 += 1;
    entry.1 += started.elapsed();
    drop(requests);
    response
}

pub(super) async fn show(extract::State(state): extract::State<State>) -> Response {
    let mut out = String::new();
    let family = |out: &mut String, name: &str, kind: &str, help: &str| {
        // Writing to a String cannot fail.
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    };
    family(&mut out, "tempo_build_info", "gauge", "The version of Tempo whose API this is.");
    let _ = writeln!(out, "tempo_build_info{{version=\"{VERSION}\"}} 1");
    let stats = state.store.stats();
    for (name, help, value) in [
        ("tempo_store_traces", "Traces that the store holds.", stats.traces),
        ("tempo_store_spans", "Spans that the store holds.", stats.spans),
        ("tempo_store_bytes", "Bytes of segments and write-ahead log.", stats.bytes),
    ] {
        family(&mut out, name, "gauge", help);
        let _ = writeln!(out, "{name} {value}");
    }
    if let Some(otlp) = &state.otlp {
        let signals = [("traces", Signal::Traces), ("logs", Signal::Logs), ("metrics", Signal::Metrics)];
        type Count = fn(&collect::otlp::SignalCounts) -> u64;
        let counts: [(&str, &str, Count); 3] = [
            ("otlp_accepted_total", "Records taken in.", |counts| counts.accepted.load(Ordering::Relaxed)),
            ("otlp_refused_total", "Records refused one by one.", |counts| {
                counts.refused.load(Ordering::Relaxed)
            }),
            ("otlp_busy_total", "Requests told to come back later.", |counts| {
                counts.busy.load(Ordering::Relaxed)
            }),
        ];
        for (name, help, read) in counts {
            family(&mut out, name, "counter", help);
            for (label, signal) in signals {
                let _ = writeln!(out, "{name}{{signal=\"{label}\"}} {}", read(otlp.counts().of(signal)));
            }
        }
        family(&mut out, "tempo_distributor_spans_received_total", "counter", "Spans received.");
        let spans = &otlp.counts().traces;
        let received = spans.accepted.load(Ordering::Relaxed) + spans.refused.load(Ordering::Relaxed);
        let _ = writeln!(out, "tempo_distributor_spans_received_total {received}");
    }
    let requests = state.instruments.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
    family(&mut out, "tempo_request_duration_seconds", "summary", "Time of requests by route and status.");
    for ((route, status), (count, time)) in requests {
        let labels = format!("{{method=\"GET\",route={route:?},status_code=\"{status}\"}}");
        let _ = writeln!(out, "tempo_request_duration_seconds_sum{labels} {}", time.as_secs_f64());
        let _ = writeln!(out, "tempo_request_duration_seconds_count{labels} {count}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response()
}
