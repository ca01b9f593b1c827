//! `lab load`: users for the shop, in an open model, until Ctrl-C or the end of the plan.

use super::column;
use crate::endpoints::{CATALOG, GATEWAY};
use crate::host::Context;
use ::load::{Phases, Plan, Summary};
use anyhow::{Result, bail};
use model::duration::parse_duration;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// Send requests as users would, then print a summary
#[derive(clap::Args)]
pub struct Args {
    /// Requests a second
    #[arg(long)]
    rate: Option<f64>,
    /// How long, such as 90s or 5m; default: until Ctrl-C
    #[arg(long)]
    duration: Option<String>,
    /// Stop after exactly so many requests
    #[arg(long)]
    requests: Option<u64>,
    /// A schedule, such as baseline:60s@20,spike:30s@100,ramp:60s@20..100
    #[arg(long, conflicts_with_all = ["rate", "duration"])]
    phases: Option<String>,
    /// Makes the sequence of journeys repeatable
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Another gateway, on this machine or in the compose network
    #[arg(long)]
    gateway: Option<String>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// `--requests` without a rate: 300 requests take a few seconds.
const QUICK_RATE: f64 = 50.0;

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let plan = plan(&context, &args)?;
    let cancel = CancellationToken::new();
    let interrupt = cancel.clone();
    let watcher = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupt.cancel();
        }
    });
    let terminal = std::io::stderr().is_terminal();
    let summary = ::load::run(
        plan,
        |progress| {
            // In a terminal one live line; in a file a line a report.
            let (before, after) = if terminal { ("\r\x1b[2K", "") } else { ("", "\n") };
            eprint!("{before}{progress}{after}");
            let _ = std::io::stderr().flush();
        },
        cancel,
    )
    .await;
    watcher.abort();
    if terminal {
        eprintln!();
    }
    if args.json {
        crate::output::line(format_args!("{}", serde_json::to_string_pretty(&summary)?))?;
    } else {
        crate::output::text(&summary.to_string())?;
    }
    Ok(verdict(&summary))
}

fn plan(context: &Context, args: &Args) -> Result<Plan> {
    let column = column(context)?;
    let gateway = args.gateway.clone().unwrap_or_else(|| column.url(GATEWAY));
    let mut plan = Plan::new(&gateway)?.seed(args.seed);
    if args.gateway.is_none() {
        plan = plan.catalog(&column.url(CATALOG))?;
    }
    if let Some(requests) = args.requests {
        if requests == 0 {
            bail!("requests is 0, expected at least 1");
        }
        plan = plan.total(requests);
    }
    let duration = args.duration.as_deref().map(parse_duration).transpose()?;
    let phases: Option<Phases> = match (&args.phases, args.rate, duration) {
        (Some(phases), _, _) => Some(phases.parse()?),
        (None, None, None) if args.requests.is_some() => Some(Phases::constant(QUICK_RATE, None)?),
        (None, None, None) => None,
        (None, rate, duration) => Some(Phases::constant(rate.unwrap_or(::load::DEFAULT_RATE), duration)?),
    };
    Ok(match phases {
        Some(phases) => plan.phases(phases),
        None => plan,
    })
}

/// A run that reached nobody has failed; a shop with errors is what load is for.
fn verdict(summary: &Summary) -> ExitCode {
    let answered = summary.outcomes.keys().any(|outcome| outcome.parse::<u16>().is_ok());
    if answered || summary.all.requests == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("nothing answered\n  hint: `make up` starts the lab");
    ExitCode::FAILURE
}
