//! `lab ps`: the parts and how they are.

use super::place;
use crate::control;
use crate::host::Context;
use crate::state::State;
use crate::table;
use anyhow::Result;
use std::process::ExitCode;

/// Show the parts and how they are; exit code 1 when one is not ready or nothing runs
#[derive(clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let place = place(&context)?;
    let state = State::load(&place).filter(|state| state.daemon().is_some());
    if state.is_none() {
        if args.json {
            crate::output::line(format_args!("{{\"parts\":[]}}"))?;
        }
        eprintln!("nothing is running\n  hint: `make up` starts the lab");
        return Ok(ExitCode::FAILURE);
    }
    let status = control::status(&place).await?;
    if args.json {
        crate::output::line(format_args!("{}", serde_json::to_string_pretty(&status)?))?;
    } else {
        let heads = ["PART", "STATE", "PID", "RESTARTS", "URL", "NOTE"];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        for part in &status.parts {
            rows.push(vec![
                part.name.clone(),
                part.state.as_str().to_owned(),
                part.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
                part.restarts.to_string(),
                part.url.clone().unwrap_or_else(|| "-".to_owned()),
                part.note.clone().unwrap_or_default(),
            ]);
        }
        crate::output::text(&table::render(&rows))?;
    }
    Ok(if status.all_ready() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
