//! `lab run -- CMD`: starts any program so that its traces and its output land in the lab.

use super::column;
use crate::endpoints::{self, Column};
use crate::host::Context;
use crate::http;
use anyhow::{Context as _, Result, bail};
use model::Clock;
use serde_json::json;
use std::io::Write as _;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// Start a program with its OpenTelemetry variables set and its output collected
#[derive(clap::Args)]
pub struct Args {
    /// The name under which the program is shown; default: OTEL_SERVICE_NAME or the program's file name
    #[arg(long)]
    name: Option<String>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Lines that wait to be sent; more are dropped and counted, so that the lab never slows the program down.
const CAPACITY: usize = 4096;
/// How long lines are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(500);
/// The most lines of one push.
const BATCH: usize = 1000;

struct Line {
    stream: &'static str,
    t: i64,
    text: String,
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let column = column(&context)?;
    let (program, arguments) = args.command.split_first().context("no program given")?;
    let file = program.rsplit('/').next().unwrap_or(program);
    let name = args.name.as_deref().or_else(|| context.env("OTEL_SERVICE_NAME")).unwrap_or(file).to_owned();
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for (variable, value) in variables(column, &name) {
        // What the user set counts.
        if context.env(variable).is_none() {
            command.env(variable, value);
        }
    }
    command.env("OTEL_SERVICE_NAME", &name);
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let (sender, lines) = mpsc::channel(CAPACITY);
    let stdout = child.stdout.take().context("the program has no output")?;
    let stderr = child.stderr.take().context("the program has no error output")?;
    let clock = context.clock.clone();
    let out = tokio::spawn(copy(BufReader::new(stdout), "stdout", clock.clone(), sender.clone()));
    let err = tokio::spawn(copy(BufReader::new(stderr), "stderr", clock, sender));
    let push = tokio::spawn(push(column, name, lines));
    // Ctrl-C reaches the program as well; wait for what it makes of it.
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    let dropped = out.await? + err.await?;
    if let Err(error) = push.await? {
        eprintln!("lab: lines were not collected: {error:#}");
    }
    if dropped > 0 {
        eprintln!("lab: {dropped} lines were not collected, the program printed too fast");
    }
    Ok(match status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::from(super::INTERRUPTED),
    })
}

/// The variables that every OpenTelemetry library reads. OTLP over HTTP is what all of them speak. Source: the
/// specification, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter".
fn variables(column: Column, name: &str) -> [(&'static str, String); 6] {
    [
        ("OTEL_SERVICE_NAME", name.to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", column.url(endpoints::OTLP_HTTP)),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
        ("OTEL_TRACES_EXPORTER", "otlp".to_owned()),
        // The lab scrapes metrics and collects output; nothing listens for these over OTLP.
        ("OTEL_METRICS_EXPORTER", "none".to_owned()),
        ("OTEL_LOGS_EXPORTER", "none".to_owned()),
    ]
}

/// Shows each line as it comes and hands it on; returns how many could not be handed on.
async fn copy(
    mut from: impl AsyncBufRead + Unpin,
    stream: &'static str,
    clock: Arc<dyn Clock>,
    to: mpsc::Sender<Line>,
) -> u64 {
    let mut dropped = 0;
    let mut bytes = Vec::new();
    while from.read_until(b'\n', &mut bytes).await.is_ok_and(|read| read > 0) {
        // A terminal that is gone does not stop the program.
        let _ = if stream == "stdout" {
            std::io::stdout().write_all(&bytes)
        } else {
            std::io::stderr().write_all(&bytes)
        };
        let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
        bytes.clear();
        if to.try_send(Line { stream, t: clock.now_nanos(), text }).is_err() {
            dropped += 1;
        }
    }
    dropped
}

/// Sends lines to Loki in batches until the program has ended and all are sent.
async fn push(column: Column, name: String, mut lines: mpsc::Receiver<Line>) -> Result<()> {
    let client = http::client()?;
    let url = format!("{}/loki/api/v1/push", column.url(endpoints::LOKI));
    let mut batch = Vec::new();
    let mut failure = None;
    while lines.recv_many(&mut batch, BATCH).await > 0 {
        // The first line of a batch waits a little for the next ones.
        let deadline = tokio::time::Instant::now() + GATHER;
        while batch.len() < BATCH {
            match tokio::time::timeout_at(deadline, lines.recv()).await {
                Ok(Some(line)) => batch.push(line),
                Ok(None) | Err(_) => break,
            }
        }
        let streams: Vec<_> = ["stdout", "stderr"]
            .into_iter()
            .map(|stream| {
                let own = batch.iter().filter(|line| line.stream == stream);
                let values: Vec<_> = own.map(|line| json!([line.t.to_string(), line.text])).collect();
                json!({"stream": {"job": "run", "service": name, "env": "local", "stream": stream}, "values": values})
            })
            .filter(|stream| stream["values"].as_array().is_some_and(|values| !values.is_empty()))
            .collect();
        batch.clear();
        let body = json!({ "streams": streams });
        match http::send(&client, reqwest::Method::POST, &url, Some(&body)).await {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => failure = Some(anyhow::anyhow!("{}: {}", answer.status, answer.message())),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        None => Ok(()),
        Some(error) => bail!(error),
    }
}
