//! Recorded requests and answers of a Tempo, run against the lab's API in this process.
//!
//! `input.json` is a list of OTLP/JSON requests whose instants are offsets; `cases.jsonl` has requests with the answers
//! of the real server, normalised. Offsets are from a base instant that the runner chooses; no answer depends on it.

use super::normalise;
use crate::conformance::Report;
use anyhow::{Context, Result, bail};
use api::tempo::{Limits, State, router};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use collect::otlp::{Otlp, Sinks};
use http_body_util::BodyExt;
use model::{Clock, ManualClock};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;
use tracedb::{Options, TraceDb};

const SECOND: i64 = 1_000_000_000;
/// Where offset 0 is: a whole multiple of the steps that the cases use.
pub const BASE: i64 = 1_767_225_600;
/// The recordings were made right after their half hour.
const AFTER: i64 = 1_800;

/// One request and what it must answer.
#[derive(Deserialize)]
pub struct Case {
    pub id: String,
    pub endpoint: String,
    #[serde(default)]
    pub params: Map<String, Value>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub compare: Option<String>,
    #[serde(default)]
    pub keep_order: bool,
    pub expect: Value,
}

pub fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let (input, cases) = (folder.join("input.json"), folder.join("cases.jsonl"));
    if !input.exists() || !cases.exists() {
        return Ok(());
    }
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let requests: Vec<Value> =
        serde_json::from_str(&read(&input)?).with_context(|| format!("cannot parse {}", input.display()))?;
    let cases = read(&cases)?;
    let cases = cases.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        serde_json::from_str::<Case>(line).with_context(|| format!("cannot parse a case: {line:.80}"))
    });
    let cases: Vec<Case> = cases.collect::<Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    runtime.block_on(replay(requests, &cases, report))
}

async fn replay(requests: Vec<Value>, cases: &[Case], report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_nanos((BASE + AFTER) * SECOND));
    let (store, _) = TraceDb::open(folder.path(), Options::default())?;
    let store = Arc::new(store);
    let sinks = Sinks { traces: Some(store.clone()), ..Sinks::default() };
    let otlp = Otlp::new(sinks, clock.clone(), collect::otlp::Limits::default()).http_router();
    for (number, mut request) in requests.into_iter().enumerate() {
        shift(&mut request);
        let body = Request::post("/v1/traces").header("content-type", "application/json");
        let (status, text) = send(&otlp, body.body(Body::from(request.to_string()))?).await?;
        if status != 200 || text.contains("rejectedSpans") {
            bail!("the push was refused: {status} {text}");
        }
        // Half of the traces are read from a segment, half from the head.
        if number == 10 {
            store.flush()?;
        }
    }
    let app = router(State::new(store, clock, Limits::default()));
    for case in cases {
        let (status, text) = ask(&app, case).await?;
        let query = case.params.get("q").and_then(Value::as_str).unwrap_or(&case.endpoint);
        report.record(format!("{} {query}", case.id), normalise::compare(case, status, &text));
    }
    Ok(())
}

/// Offsets to instants, wherever they are.
fn shift(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().and_then(|text| text.parse::<i64>().ok()) {
                    Some(offset) if name.ends_with("UnixNano") => {
                        *value = (BASE * SECOND + offset).to_string().into()
                    }
                    _ => shift(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shift),
        _ => {}
    }
}

async fn send(app: &Router, request: Request<Body>) -> Result<(u16, String)> {
    let response = app.clone().oneshot(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

async fn ask(app: &Router, case: &Case) -> Result<(u16, String)> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &case.params {
        let text = match (name.as_str(), value) {
            ("start" | "end", Value::Number(offset)) => {
                let seconds = offset.as_f64().unwrap_or(0.0).trunc() as i64;
                (BASE + seconds).to_string()
            }
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        query.append_pair(name, &text);
    }
    let query = query.finish();
    let uri = if query.is_empty() { case.endpoint.clone() } else { format!("{}?{query}", case.endpoint) };
    let mut request = Request::get(uri);
    for (name, value) in &case.headers {
        request = request.header(name, value);
    }
    send(app, request.body(Body::empty())?).await
}
