//! `lab query`: asks the three engines over their upstream APIs, on either stack.

mod logs;
mod metrics;
mod traces;

use super::column;
use crate::host::Context;
use anyhow::{Context as _, Result};
use clap::Subcommand;
use model::clock::NANOS_PER_SECOND;
use model::duration::parse_duration;
use std::process::ExitCode;

/// Ask for metrics, logs or traces
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    signal: Signal,
}

#[derive(Subcommand)]
enum Signal {
    Metrics(metrics::Args),
    Logs(logs::Args),
    Traces(traces::Args),
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let column = column(&context)?;
    match args.signal {
        Signal::Metrics(args) => metrics::run(&context, column, args).await?,
        Signal::Logs(args) => logs::run(&context, column, args).await?,
        Signal::Traces(args) => traces::run(&context, column, args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A span of time that ends now.
struct Since {
    /// Nanoseconds since the epoch.
    start: i64,
    end: i64,
}

impl Since {
    fn new(context: &Context, length: &str) -> Result<Self> {
        let length = parse_duration(length).context("cannot read the span of time")?;
        let end = context.clock.now_nanos();
        let length = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
        Ok(Self { start: end.saturating_sub(length), end })
    }

    fn start_seconds(&self) -> String {
        (self.start / NANOS_PER_SECOND).to_string()
    }

    fn end_seconds(&self) -> String {
        // The newest data lies within the current second.
        (self.end / NANOS_PER_SECOND + 1).to_string()
    }
}

/// `{a="b", c="d"}` of a JSON object, the metric name in front.
fn series(labels: &serde_json::Value) -> String {
    let Some(labels) = labels.as_object() else { return "{}".to_owned() };
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let name = labels.get("__name__").map(&text).unwrap_or_default();
    let pairs: Vec<String> = labels
        .iter()
        .filter(|(key, _)| *key != "__name__")
        .map(|(key, value)| format!("{key}={:?}", text(value)))
        .collect();
    if pairs.is_empty() && !name.is_empty() { name } else { format!("{name}{{{}}}", pairs.join(", ")) }
}
