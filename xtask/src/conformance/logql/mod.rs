//! LogQL: recorded requests and answers of a Loki, run against the lab's API in this process.
//!
//! A folder holds `input.ndjson` (lines with offsets) and `cases.jsonl` (requests with the answers of the real server,
//! normalised). Offsets are from a base instant that the runner chooses; nothing in an answer depends on it.

mod compare;
mod normalise;

use super::Report;
use anyhow::{Context, Result, bail};
use api::loki::{LokiApi, LokiLimits, router};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use logdb::{Config, LogDb};
use model::{Clock, ManualClock};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

const SECOND: i64 = 1_000_000_000;
/// Where offset 0 is: a whole multiple of the steps that the cases use.
const BASE: i64 = 1_767_225_600;
/// The recordings were made right after their half hour.
const AFTER: i64 = 1_800;
/// Lines of one push.
const BATCH: usize = 1_000;

#[derive(Deserialize)]
struct Input {
    ts_offset_ns: i64,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    line: String,
}

/// One request and what it must answer.
#[derive(Deserialize)]
pub(super) struct Case {
    id: String,
    endpoint: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    compare: Option<String>,
    #[serde(default)]
    keep_order: bool,
    expect: Value,
}

/// Runs every case found in `dir` (or in its subfolder `logs`).
pub fn run(dir: &Path) -> Result<Report> {
    let dir = if dir.join("cases.jsonl").exists() { dir.to_owned() } else { dir.join("logs") };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(run_cases(&dir))
}

fn lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let parse = |(at, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

async fn run_cases(dir: &Path) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_nanos((BASE + AFTER) * SECOND));
    let config =
        Config { ingestion_rate: 0, stream_rate: 0, discover_service_name: Vec::new(), ..Config::default() };
    let store = LogDb::open(folder.path(), config, clock.clone())?;
    let app = router(LokiApi::new(Arc::new(store), clock, LokiLimits::default()));
    push(&app, lines(&dir.join("input.ndjson"))?).await?;
    let mut report = Report::default();
    for case in lines::<Case>(&dir.join("cases.jsonl"))? {
        let answer = ask(&app, &case).await?;
        let found = normalise::answer(&case, &answer, BASE);
        let name = format!("{} {}", case.id, case.params.get("query").and_then(Value::as_str).unwrap_or(""));
        report.record(name, compare::compare(&case, &found));
    }
    Ok(report)
}

async fn push(app: &Router, inputs: Vec<Input>) -> Result<()> {
    for batch in inputs.chunks(BATCH) {
        let mut streams: BTreeMap<&BTreeMap<String, String>, Vec<Value>> = BTreeMap::new();
        for input in batch {
            let t = (BASE * SECOND + input.ts_offset_ns).to_string();
            let entry = if input.metadata.is_empty() {
                json!([t, input.line])
            } else {
                json!([t, input.line, input.metadata])
            };
            streams.entry(&input.labels).or_default().push(entry);
        }
        let streams: Vec<_> =
            streams.into_iter().map(|(stream, values)| json!({"stream": stream, "values": values})).collect();
        let request = Request::post("/loki/api/v1/push")
            .header("content-type", "application/json")
            .body(Body::from(json!({"streams": streams}).to_string()))?;
        let answer = send(app, request).await?;
        if answer.status != 204 {
            bail!("the push was refused: {} {}", answer.status, answer.body);
        }
    }
    Ok(())
}

/// A status and a body.
pub(super) struct Answer {
    status: u16,
    body: String,
}

async fn send(app: &Router, request: Request<Body>) -> Result<Answer> {
    let response = app.clone().oneshot(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

async fn ask(app: &Router, case: &Case) -> Result<Answer> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &case.params {
        match value {
            Value::Array(values) => {
                for value in values {
                    query.append_pair(name, &text(value));
                }
            }
            value if matches!(name.as_str(), "start" | "end" | "time") => {
                query.append_pair(name, &instant(value)?);
            }
            value => {
                query.append_pair(name, &text(value));
            }
        }
    }
    let query = query.finish();
    let post = case.method.as_deref() == Some("POST");
    let uri =
        if post || query.is_empty() { case.endpoint.clone() } else { format!("{}?{query}", case.endpoint) };
    let mut request = Request::builder().method(if post { "POST" } else { "GET" }).uri(uri);
    for (name, value) in &case.headers {
        request = request.header(name, value);
    }
    let body = if post {
        request = request.header("content-type", "application/x-www-form-urlencoded");
        Body::from(query)
    } else {
        Body::empty()
    };
    send(app, request.body(body)?).await
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Seconds behind the base, or those in one of the ways in which an instant can be written.
fn instant(value: &Value) -> Result<String> {
    if let Some(verbatim) = value.as_str() {
        return Ok(verbatim.to_owned());
    }
    let (offset, form) = match value {
        Value::Object(map) => (&map["offset_s"], map["as"].as_str().unwrap_or("ns")),
        number => (number, "ns"),
    };
    // The offsets are written with up to nine digits: through text, because a float of nanoseconds is not exact.
    let digits = offset.to_string();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let negative = whole.starts_with('-');
    let fraction: i64 = format!("{fraction:0<9}")[..9].parse()?;
    let nanos = whole.parse::<i64>()? * SECOND + if negative { -fraction } else { fraction };
    let t = BASE * SECOND + nanos;
    Ok(match form {
        "ns" => t.to_string(),
        "ms" => (t / 1_000_000).to_string(),
        "s" => (t / SECOND).to_string(),
        "float" => format!("{}.{:03}", t / SECOND, t % SECOND / 1_000_000),
        _ => {
            let time = chrono::DateTime::from_timestamp_nanos(t);
            time.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
        }
    })
}

#[cfg(test)]
mod tests;
