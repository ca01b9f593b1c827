//! `lab verify`: proves every hop of one request and prints which link is broken.

use super::column;
use crate::host::Context;
use crate::table;
use crate::verify::{self, Outcome, Row};
use anyhow::Result;
use std::process::ExitCode;
use std::time::Duration;

/// Send one request and prove every hop of it; exit code 1 when a link is broken
#[derive(clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Seconds within which the last hop has to be seen
    #[arg(long, default_value_t = 25)]
    patience: u64,
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let column = column(&context)?;
    eprintln!("asking every part; links that are new take a few seconds …");
    let rows = verify::run(&context, column, Duration::from_secs(args.patience)).await?;
    let broken: Vec<&Row> = rows.iter().filter(|row| row.outcome == Outcome::Broken).collect();
    if args.json {
        crate::output::line(format_args!("{}", serde_json::to_string_pretty(&rows)?))?;
    } else {
        crate::output::text(&table::render(&rows.iter().map(cells).collect::<Vec<_>>()))?;
        for row in &broken {
            crate::output::line(format_args!("\nBROKEN  {}: {}\n  {}", row.group, row.check, row.detail))?;
            if let Some(place) = &row.look_at {
                crate::output::line(format_args!("  look at: {place}"))?;
            }
        }
    }
    let quiet = rows.iter().filter(|row| row.outcome == Outcome::Quiet).count();
    eprintln!("{} checks: {} broken, {quiet} quiet", rows.len(), broken.len());
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cells(row: &Row) -> Vec<String> {
    let outcome = match row.outcome {
        Outcome::Ok => "ok",
        Outcome::Quiet => "quiet",
        Outcome::Broken => "BROKEN",
    };
    // The whole detail of a broken one stands below the table.
    let detail: String = row.detail.chars().take(100).collect::<String>().replace('\n', " ");
    vec![outcome.to_owned(), row.group.to_owned(), row.check.clone(), detail]
}
