//! `lab up`: starts the embedded stack and returns when every part answers. A second one starts only what changed.

use super::{INTERRUPTED, daemon, down, place};
use crate::control::{self, Request, StackStatus};
use crate::endpoints::{MAX_OFFSET, parse_offset};
use crate::fingerprint;
use crate::host::Context;
use crate::place::Place;
use crate::state::{Lock, Options, State};
use crate::{ports, table};
use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use std::fs::File;
use std::process::{ExitCode, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// Start the embedded stack: the shop and everything that watches it
#[derive(clap::Args)]
pub struct Args {
    /// Only these parts: `stack` is a backend for your own programs, without the shop
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Added to every port, `auto` finds free ones; default: PORT_OFFSET or 0
    #[arg(long)]
    offset: Option<String>,
    /// Which set of SLO rules is loaded; default: SLO_WINDOWS or lab
    #[arg(long, value_enum)]
    slo_windows: Option<SloWindows>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Stack,
}

#[derive(Clone, Copy, ValueEnum)]
enum SloWindows {
    /// A twelfth of the usual windows: pages within seconds
    Lab,
    /// The windows of the SRE workbook for 30 days
    Production,
}

impl SloWindows {
    fn as_str(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Production => "production",
        }
    }
}

/// A stack that is not ready after this long is given up. The target is one second.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let place = place(&context)?;
    place.open()?;
    tokio::select! {
        done = bring_up(&context, &place, &args) => done,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("interrupted, stopping what was started …");
            down::stop_all(&place).await?;
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

async fn bring_up(context: &Context, place: &Place, args: &Args) -> Result<ExitCode> {
    let _lock = Lock::take(place).await?;
    let previous = State::load(place);
    let running = previous.as_ref().filter(|state| state.daemon().is_some());
    let offset = args.offset.as_deref().or_else(|| context.env("PORT_OFFSET"));
    let _turn = if offset == Some("auto") { ports::turn().await } else { None };
    let options = options(context, args, running.map(|state| &state.options))?;
    if running.is_some() {
        match refresh(context, place, &options).await? {
            Refresh::Current(status) => {
                print(&status)?;
                return Ok(ExitCode::SUCCESS);
            }
            Refresh::Replace => {
                down::stop_all(place).await?;
            }
        }
    } else if previous.is_some() {
        // The daemon was killed: what it left behind would hold the ports.
        let left = down::stop_all(place).await?;
        if left > 0 {
            eprintln!("ended {left} processes that a killed daemon had left behind");
        }
    }
    start(context, place, options).await
}

fn options(context: &Context, args: &Args, running: Option<&Options>) -> Result<Options> {
    let slo_windows = match (args.slo_windows, context.env("SLO_WINDOWS")) {
        (Some(windows), _) => windows.as_str().to_owned(),
        (None, None) => "lab".to_owned(),
        (None, Some(text @ ("lab" | "production"))) => text.to_owned(),
        (None, Some(other)) => bail!("SLO_WINDOWS is {other:?}, expected lab or production"),
    };
    let only_stack = match (args.only, context.env("ONLY")) {
        (Some(Only::Stack), _) | (None, Some("stack")) => true,
        (None, None) => false,
        (None, Some(other)) => bail!("ONLY is {other:?}, expected stack"),
    };
    let offset = match args.offset.as_deref().or_else(|| context.env("PORT_OFFSET")) {
        None => 0,
        // A stack that runs on free ports keeps them.
        Some("auto") => match running {
            Some(running) if running.offset > 0 && running.only_stack == only_stack => running.offset,
            _ => ports::free_offset(only_stack)?,
        },
        Some(text) => parse_offset(text)?,
    };
    debug_assert!(offset <= MAX_OFFSET);
    Ok(Options { only_stack, offset, slo_windows })
}

enum Refresh {
    /// Everything runs from the current files (now).
    Current(StackStatus),
    /// The daemon has to be replaced.
    Replace,
}

/// Compares a running stack with the files, names what changed and restarts single services where that is enough.
async fn refresh(context: &Context, place: &Place, options: &Options) -> Result<Refresh> {
    let status = match control::status(place).await {
        Ok(status) => status,
        Err(error) => {
            eprintln!("the running daemon does not answer ({error:#}), replacing it");
            return Ok(Refresh::Replace);
        }
    };
    if status.options != *options {
        eprintln!("started with other options, restarting");
        return Ok(Refresh::Replace);
    }
    let now = fingerprint::take(place, &context.program, !options.only_stack);
    let changed = fingerprint::changed(&status.fingerprint, &now);
    if changed.is_empty() {
        eprintln!("already up, nothing changed");
        return wait_ready(place, None).await.map(Refresh::Current);
    }
    let services: Vec<&str> = crate::endpoints::SERVICES.iter().map(|endpoint| endpoint.name).collect();
    if !changed.iter().all(|name| services.contains(&name.as_str())) {
        eprintln!("changed: {}; restarting the stack", changed.join(", "));
        return Ok(Refresh::Replace);
    }
    for name in &changed {
        eprintln!("changed: {name}; restarting it");
        control::ask(place, &Request::Restart { service: name.clone() }).await?;
    }
    wait_ready(place, None).await.map(Refresh::Current)
}

/// Starts a stack with options that one had before.
///
/// # Errors
/// As [`run`].
pub async fn again(context: &Context, place: &Place, options: Options) -> Result<ExitCode> {
    let _lock = Lock::take(place).await?;
    start(context, place, options).await
}

async fn start(context: &Context, place: &Place, options: Options) -> Result<ExitCode> {
    ports::check(options.only_stack, options.offset)?;
    let mut daemon = spawn(context, place, &options)?;
    let status = match wait_ready(place, Some(&mut daemon)).await {
        Ok(status) => status,
        Err(error) => {
            down::stop_all(place).await?;
            return Err(error);
        }
    };
    print(&status)?;
    Ok(ExitCode::SUCCESS)
}

/// Starts this program again as the daemon, in a session of its own.
fn spawn(context: &Context, place: &Place, options: &Options) -> Result<Child> {
    let log = stderr_log(place);
    std::fs::create_dir_all(place.lab.join("logs"))?;
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    Command::new(&context.program)
        .args(daemon::arguments(options))
        .current_dir(&place.root)
        .env("LAB_DIR", &place.lab)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        // A Ctrl-C in the terminal is for this command, which then stops the daemon in order.
        .process_group(0)
        .kill_on_drop(false)
        .spawn()
        .with_context(|| format!("cannot start {}", context.program.display()))
}

/// What a daemon prints that cannot even open its log.
fn stderr_log(place: &Place) -> std::path::PathBuf {
    place.lab.join("logs/lab.stderr.log")
}

/// Waits until every part is ready. A part that fails, or the daemon's end, ends the wait.
pub async fn wait_ready(place: &Place, mut daemon: Option<&mut Child>) -> Result<StackStatus> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(daemon) = &mut daemon
            && let Some(exit) = daemon.try_wait()?
        {
            let said = std::fs::read_to_string(stderr_log(place)).unwrap_or_default();
            let why = said.trim().strip_prefix("error: ").unwrap_or(said.trim()).to_owned();
            bail!(if why.is_empty() { format!("the daemon ended with {exit}") } else { why });
        }
        let status = control::status(place).await;
        if let Ok(status) = &status {
            if status.all_ready() {
                return Ok(status.clone());
            }
            if let Some(part) = status.failure() {
                let note = part.note.as_deref().unwrap_or("no reason given");
                bail!("{} did not start: {note}{}", part.name, last_lines(place, &part.name));
            }
        }
        if Instant::now() > deadline {
            let waiting = status.map(|status| {
                let parts = status.parts.into_iter().filter(|part| part.state != control::PartState::Ready);
                parts.map(|part| part.name).collect::<Vec<_>>().join(", ")
            });
            bail!("not ready after {PATIENCE:?}: {}", waiting.unwrap_or_else(|error| format!("{error:#}")));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The end of a part's log, as the lines below an error.
fn last_lines(place: &Place, part: &str) -> String {
    const LINES: usize = 5;
    let text = std::fs::read_to_string(place.service_log(part)).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|line| format!("\n  | {line}")).collect()
}

fn print(status: &StackStatus) -> std::io::Result<()> {
    let mut rows = vec![vec!["PART".to_owned(), "READY AFTER".to_owned(), "URL".to_owned()]];
    for part in &status.parts {
        let seconds =
            part.ready_after_ms.map_or_else(|| "-".to_owned(), |ms| format!("{:.2} s", ms as f64 / 1000.0));
        rows.push(vec![part.name.clone(), seconds, part.url.clone().unwrap_or_else(|| "-".to_owned())]);
    }
    crate::output::text(&table::render(&rows))
}
