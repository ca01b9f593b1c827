//! The same samples and the same queries for a real Prometheus and for our engine; the answers are compared.
//!
//! The samples are read from that Prometheus, so it can be any that has run for a while. The queries are in `differential.txt`,
//! one a line. Evaluation times lie between scrapes: before version 3, Prometheus counted a sample at the very beginning of a
//! window as within it, and that difference is known.

use crate::conformance::Report;
use anyhow::{Context, Result, bail, ensure};
use model::Labels;
use model::metrics::Sample;
use promql::testing::MemoryStore;
use promql::{Engine, Limits, Never, Value, parse};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

const QUERIES: &str = "differential.txt";
/// How far back samples are read, in seconds: the range, the longest window and the lookback.
const HISTORY: i64 = 30 * 60;
/// The range query: its length and step in milliseconds.
const RANGE: i64 = 5 * 60_000;
const STEP: i64 = 7_000;
/// Milliseconds by which the evaluation times miss whole seconds.
const BETWEEN: i64 = 137;
/// How long ago the last evaluation is, in seconds: a negative offset looks into its future.
const AGE: i64 = 15;
/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Relative difference up to which two values are the same: the order of additions differs.
const TOLERANCE: f64 = 1e-9;

/// Values by labels and time.
type Points = BTreeMap<Labels, BTreeMap<i64, f64>>;

pub fn run(dir: &Path, url: &str) -> Result<Report> {
    let path = dir.join(QUERIES);
    let queries =
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let now = points(&get(url, "query", &[("query", "time()")])?)?;
    let now =
        now.values().flatten().next().map(|(_, seconds)| *seconds).context("the server tells no time")?;
    let end = (now as i64 - AGE) * 1_000 + BETWEEN;
    let store = MemoryStore::new();
    let all = format!("{{__name__=~\".+\"}}[{HISTORY}s]");
    let mut samples = 0;
    for (labels, series) in
        points(&get(url, "query", &[("query", &all), ("time", &seconds(end + AGE * 1_000))])?)?
    {
        for (t, v) in series {
            store.add(&labels, t, v);
            samples += 1;
        }
    }
    ensure!(samples > 0, "{url} has no samples");
    println!("{samples} samples read from {url}");
    let engine = Engine::new(Limits::default());
    let mut report = Report::default();
    for query in queries.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let start = end - RANGE;
        let (from, to, step) = (seconds(start), seconds(end), seconds(STEP));
        let instant = get(url, "query", &[("query", query), ("time", &to)]);
        let range =
            get(url, "query_range", &[("query", query), ("start", &from), ("end", &to), ("step", &step)]);
        let ours = |range: bool| -> Result<Points> {
            let expr = parse(query)?;
            let answer = if range {
                engine.range(&store, &expr, start, end, STEP, &Never)?
            } else {
                engine.instant(&store, &expr, end, &Never)?
            };
            own_points(answer.value)
        };
        report.record(
            format!("{query} (instant)"),
            compare(ours(false), instant.and_then(|json| points(&json))),
        );
        report.record(format!("{query} (range)"), compare(ours(true), range.and_then(|json| points(&json))));
    }
    Ok(report)
}

fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis.div_euclid(1_000), millis.rem_euclid(1_000))
}

/// Both fail, or both answer the same.
fn compare(ours: Result<Points>, theirs: Result<Points>) -> Result<(), String> {
    match (ours, theirs) {
        (Err(_), Err(_)) => Ok(()),
        (Ok(_), Err(theirs)) => Err(format!("found an answer, expected the error {theirs}")),
        (Err(ours), Ok(_)) => Err(format!("found the error {ours}, expected an answer")),
        (Ok(ours), Ok(theirs)) => compare_points(&ours, &theirs),
    }
}

fn compare_points(ours: &Points, theirs: &Points) -> Result<(), String> {
    if let Some(labels) = ours.keys().find(|labels| !theirs.contains_key(*labels)) {
        return Err(format!("found {labels}, which is not expected"));
    }
    for (labels, expected) in theirs {
        let Some(found) = ours.get(labels) else { return Err(format!("{labels} is missing")) };
        let same = |a: f64, b: f64| {
            a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
        };
        let times: std::collections::BTreeSet<i64> = found.keys().chain(expected.keys()).copied().collect();
        for t in times {
            match (found.get(&t), expected.get(&t)) {
                (Some(a), Some(b)) if same(*a, *b) => {}
                (a, b) => return Err(format!("{labels} at {t}: found {a:?}, expected {b:?}")),
            }
        }
    }
    Ok(())
}

fn own_points(value: Value) -> Result<Points> {
    let series = |samples: Vec<Sample>| samples.into_iter().map(|sample| (sample.t, sample.v)).collect();
    Ok(match value {
        Value::Scalar(sample) => Points::from([(Labels::empty(), series(vec![sample]))]),
        Value::Vector(found) => {
            found.into_iter().map(|sample| (sample.labels, series(vec![sample.sample]))).collect()
        }
        Value::Matrix(found) => {
            found.into_iter().map(|found| (found.labels, series(found.samples))).collect()
        }
        Value::String { .. } => bail!("a string cannot be compared"),
    })
}

/// The answer of the HTTP API as points.
fn points(json: &Json) -> Result<Points> {
    if json["status"] != "success" {
        bail!("{}", json["error"].as_str().unwrap_or("no error text"));
    }
    let data = &json["data"];
    let sample = |pair: &Json| -> Result<(i64, f64)> {
        let t = pair[0].as_f64().context("a sample without a time")?;
        let text = pair[1].as_str().context("a sample without a value")?;
        Ok(((t * 1e3).round() as i64, text.parse().with_context(|| format!("{text:?} is no value"))?))
    };
    if data["resultType"] == "scalar" {
        return Ok(Points::from([(Labels::empty(), BTreeMap::from([sample(&data["result"])?]))]));
    }
    let mut points = Points::new();
    for series in data["result"].as_array().context("an answer without a result")? {
        let metric = series["metric"].as_object().context("a series without labels")?;
        let labels =
            Labels::from_pairs(metric.iter().map(|(name, value)| (name, value.as_str().unwrap_or(""))));
        let values = match series["values"].as_array() {
            Some(values) => values.iter().map(sample).collect::<Result<_>>()?,
            None => BTreeMap::from([sample(&series["value"])?]),
        };
        points.insert(labels, values);
    }
    Ok(points)
}

/// Asks the HTTP API. Version 1.0 of HTTP, so that the body is plain and ends with the connection.
fn get(url: &str, endpoint: &str, parameters: &[(&str, &str)]) -> Result<Json> {
    let host = url
        .trim_end_matches('/')
        .strip_prefix("http://")
        .context("expected an address such as http://localhost:9090")?;
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let mut stream = TcpStream::connect(host).with_context(|| format!("cannot reach {host}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /api/v1/{endpoint}?{query} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").context("no HTTP answer")?;
    serde_json::from_slice(&answer[body + 4..]).context("the answer is no JSON")
}
