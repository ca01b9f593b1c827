//! CPU time of dashboard queries over HTTP: ours beside a real Prometheus, over the same samples, with the same answers.
//!
//! 3,000 series scraped every 5 s; range queries of one hour in steps of 15 s. Both servers get each query in turn; their
//! CPU time is read from the kernel, because on a shared machine wall time says little.

use super::request::Service;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What dashboards ask: a rate by route, a quantile, a ratio, a plain average.
const QUERIES: [(&str, &str); 4] = [
    ("rate by route", "sum by (route) (rate(http_request_duration_seconds_bucket[5m]))"),
    (
        "95th percentile",
        "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))",
    ),
    (
        "error ratio",
        "sum by (service) (rate(http_requests_total{status=~\"5..\"}[5m])) / sum by (service) (rate(http_requests_total[5m]))",
    ),
    ("average of gauges", "avg by (service) ({__name__=~\"process_figure_.*\"})"),
];
/// Repetitions of each query in a round; rounds are interleaved and the middle one is shown.
const REPETITIONS: usize = 20;
const ROUNDS: usize = 5;
/// Ours ÷ Prometheus's at most, for each query.
const TARGET: f64 = 0.7;
/// The end of the samples, half a step behind a scrape: at the very time of one, Prometheus 2 counts a sample more.
const END: f64 = 1_699_200_000.0 + 3_900.0 - 2.5;
/// Sums may be taken in another order.
const TOLERANCE: f64 = 1e-9;

pub fn run(root: &Path) -> Result<()> {
    if Command::new("prometheus")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        println!("SKIPPED: prometheus not found, nothing to compare with");
        return Ok(());
    }
    let build = ["build", "--release", "--quiet", "-p", "api", "--example", "prometheus"];
    let built =
        Command::new(env!("CARGO")).args(build).current_dir(root).status().context("cannot run cargo")?;
    ensure!(built.success(), "the build failed");
    let program = super::release_folder()?.join("examples/prometheus");
    let dir = tempfile::tempdir()?;
    let folder = dir.path().to_str().context("a folder whose name is text")?;
    succeed(Command::new(&program).args(["generate", folder]))?;
    let blocks = dir.path().join("blocks");
    succeed(
        Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([&dir.path().join("samples.txt"), &blocks]),
    )?;
    let ours = Service::start(&program, &["serve", folder])?;
    let peer = prometheus(dir.path(), &blocks)?;

    println!(
        "{:20} {:>12} {:>16} {:>8}  (target: {TARGET})",
        "query, 1 h / 15 s", "ours, ms", "Prometheus, ms", "ratio"
    );
    for (name, query) in QUERIES {
        let path = path_of(query);
        same(&get(&ours, &path)?, &get(&peer, &path)?).with_context(|| name.to_owned())?;
        let mut costs = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (server, costs) in [&ours, &peer].into_iter().zip(&mut costs) {
                costs.push(cost(server, &path)? * 1e3);
            }
        }
        let [ours, peer] = costs.map(|mut costs| super::median(&mut costs));
        println!("{name:20} {ours:>12.1} {peer:>16.1} {:>8.2}", ours / peer);
    }
    Ok(())
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.stdout(Stdio::null()).status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// CPU seconds of one query.
fn cost(server: &Service, path: &str) -> Result<f64> {
    let before = server.cpu_seconds()?;
    for _ in 0..REPETITIONS {
        get(server, path)?;
    }
    Ok((server.cpu_seconds()? - before) / REPETITIONS as f64)
}

/// A Prometheus over ready blocks that scrapes nothing.
fn prometheus(dir: &Path, blocks: &Path) -> Result<Service> {
    let config = dir.join("prometheus.yml");
    std::fs::write(&config, "global: {}\n")?;
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", blocks.display()))
        .arg("--storage.tsdb.retention.time=100y")
        .arg(format!("--web.listen-address={address}"))
        .arg("--log.level=error")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Service { child, address };
    let began = Instant::now();
    while get(&server, "/-/ready").is_err() {
        ensure!(began.elapsed() < Duration::from_secs(20), "prometheus is not ready");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(server)
}

fn path_of(query: &str) -> String {
    let pairs =
        [("query", query), ("start", &(END - 3600.0).to_string()), ("end", &END.to_string()), ("step", "15")];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/api/v1/query_range?{query}")
}

fn get(server: &Service, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(&server.address)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", server.address)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
    ensure!(head.starts_with("HTTP/1.") && head[8..].starts_with(" 200"), "{head}\n{body}");
    Ok(body.to_owned())
}

/// Fails unless both answers are the same but for rounding.
fn same(ours: &str, peer: &str) -> Result<()> {
    let (ours, peer): (Value, Value) = (serde_json::from_str(ours)?, serde_json::from_str(peer)?);
    let samples = compare(&ours["data"]["result"], &peer["data"]["result"])?;
    ensure!(samples > 0, "no samples in the answer");
    Ok(())
}

/// Compares two pieces of JSON and counts the strings that are numbers.
fn compare(ours: &Value, peer: &Value) -> Result<usize> {
    match (ours, peer) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).map(|(a, b)| compare(a, b)).sum()
        }
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.values().zip(b.values()).map(|(a, b)| compare(a, b)).sum()
        }
        (Value::String(a), Value::String(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(x), Ok(y))
                if (x - y).abs() <= TOLERANCE * x.abs().max(y.abs()) || (x.is_nan() && y.is_nan()) =>
            {
                Ok(1)
            }
            _ if a == b => Ok(0),
            _ => bail!("ours {a}, Prometheus {b}"),
        },
        _ if ours == peer => Ok(0),
        _ => bail!("ours {ours:.200}, Prometheus {peer:.200}"),
    }
}
