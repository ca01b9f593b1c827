//! `lab chaos`: injects errors and latency into running services, and takes them away again.

use super::column;
use crate::endpoints::{self, Column, Endpoint};
use crate::host::Context;
use crate::http;
use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Break services on purpose, and mend them
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Let a share of the requests fail with status 500
    Errors {
        #[arg(long)]
        service: String,
        /// The share that fails, from 0.0 to 1.0
        #[arg(long, allow_negative_numbers = true)]
        rate: String,
        #[command(flatten)]
        common: Common,
    },
    /// Let every request wait
    Latency {
        #[arg(long)]
        service: String,
        /// Milliseconds, from 0 to 60000
        #[arg(long, allow_negative_numbers = true)]
        latency: String,
        /// Each request waits up to this many milliseconds more or less
        #[arg(long)]
        jitter: Option<u64>,
        #[command(flatten)]
        common: Common,
    },
    /// Take all faults away, from one service or from all
    Reset {
        #[arg(long)]
        service: Option<String>,
    },
    /// Show what is in force
    Show,
}

#[derive(clap::Args)]
struct Common {
    /// Only these routes, such as /items
    #[arg(long = "route")]
    routes: Vec<String>,
    /// Seconds until the fault ends by itself; 0 = until reset
    #[arg(long)]
    ttl: Option<u64>,
}

/// The longest latency that can be injected, in milliseconds.
const MAX_LATENCY_MS: u64 = 60_000;

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let column = column(&context)?;
    match args.what {
        What::Errors { service, rate, common } => {
            let endpoint = endpoints::service(&service)?;
            change(column, endpoint, common.patch(json!({ "error_rate": parse_rate(&rate)? }))).await?;
        }
        What::Latency { service, latency, jitter, common } => {
            let endpoint = endpoints::service(&service)?;
            let mut patch = json!({ "latency_ms": parse_latency(&latency)? });
            if let Some(jitter) = jitter {
                patch["jitter_ms"] = json!(jitter);
            }
            change(column, endpoint, common.patch(patch)).await?;
        }
        What::Reset { service: Some(service) } => reset(column, endpoints::service(&service)?).await?,
        What::Reset { service: None } => {
            for endpoint in endpoints::SERVICES {
                reset(column, endpoint).await?;
            }
        }
        What::Show => {
            let client = http::client()?;
            for endpoint in endpoints::SERVICES {
                let answer = http::get(&client, &chaos_url(column, endpoint)).await?;
                crate::output::line(format_args!("{} {}", endpoint.name, answer.json()?))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Common {
    fn patch(self, mut patch: Value) -> Value {
        if !self.routes.is_empty() {
            patch["routes"] = json!(self.routes);
        }
        if let Some(ttl) = self.ttl {
            patch["ttl_seconds"] = json!(ttl);
        }
        patch
    }
}

fn parse_rate(text: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => bail!("rate is {text:?}, expected a number from 0.0 to 1.0"),
    }
}

fn parse_latency(text: &str) -> Result<u64> {
    match text.parse::<u64>() {
        Ok(latency) if latency <= MAX_LATENCY_MS => Ok(latency),
        _ => bail!("latency is {text:?}, expected whole milliseconds from 0 to {MAX_LATENCY_MS}"),
    }
}

fn chaos_url(column: Column, endpoint: &Endpoint) -> String {
    format!("{}/chaos", column.url(endpoint))
}

async fn change(column: Column, endpoint: &Endpoint, patch: Value) -> Result<()> {
    let url = chaos_url(column, endpoint);
    let answer = http::send(&http::client()?, Method::PATCH, &url, Some(&patch)).await?;
    let state = answer.json().with_context(|| format!("{} refused the change", endpoint.name))?;
    crate::output::line(format_args!("{} {state}", endpoint.name))?;
    Ok(())
}

async fn reset(column: Column, endpoint: &Endpoint) -> Result<()> {
    let answer = http::send(&http::client()?, Method::DELETE, &chaos_url(column, endpoint), None).await?;
    if !answer.status.is_success() {
        bail!("{} refused the reset: {}: {}", endpoint.name, answer.status, answer.message());
    }
    crate::output::line(format_args!("{} reset", endpoint.name))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_get_the_valid_range() {
        assert_eq!(parse_rate("0.5").unwrap(), 0.5);
        for text in ["1.01", "-0.1", "NaN", "half", ""] {
            let error = parse_rate(text).unwrap_err().to_string();
            assert_eq!(error, format!("rate is {text:?}, expected a number from 0.0 to 1.0"));
        }
        assert_eq!(parse_latency("60000").unwrap(), 60_000);
        for text in ["60001", "-1", "1.5", "x"] {
            let error = parse_latency(text).unwrap_err().to_string();
            assert_eq!(error, format!("latency is {text:?}, expected whole milliseconds from 0 to 60000"));
        }
    }

    #[test]
    fn a_patch_holds_only_what_was_asked_for() {
        let none = Common { routes: Vec::new(), ttl: None };
        assert_eq!(none.patch(json!({"error_rate": 0.5})), json!({"error_rate": 0.5}));
        let all = Common { routes: vec!["/items".into()], ttl: Some(0) };
        assert_eq!(all.patch(json!({})), json!({"routes": ["/items"], "ttl_seconds": 0}));
    }
}
