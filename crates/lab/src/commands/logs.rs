//! `lab logs`: what the services and the daemon printed, from their log files.

use super::place;
use crate::endpoints;
use crate::host::Context;
use crate::place::Place;
use anyhow::{Context as _, Result};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Show what the services printed
#[derive(clap::Args)]
pub struct Args {
    /// One service, or `lab` for the stack itself; default: all services
    service: Option<String>,
    /// Go on with new lines until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// How many lines of each log are shown first
    #[arg(short = 'n', long, default_value_t = 50)]
    lines: usize,
}

const POLL: Duration = Duration::from_millis(200);

/// At most this much of the end of a file is read for its last lines.
const TAIL: u64 = 4 * 1024 * 1024;

/// One log file that is being read.
struct Source {
    name: String,
    path: PathBuf,
    /// How far it was read, in bytes.
    offset: u64,
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let place = place(&context)?;
    let mut sources = sources(&place, args.service.as_deref())?;
    // A reader such as `head` that closes the pipe ends the command; that is no failure.
    for source in &mut sources {
        let lines = last_lines(source, args.lines)?;
        if !print(source, &lines) {
            return Ok(ExitCode::SUCCESS);
        }
    }
    if !args.follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
            () = tokio::time::sleep(POLL) => {}
        }
        for source in &mut sources {
            let lines = new_lines(source)?;
            if !print(source, &lines) {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

fn sources(place: &Place, service: Option<&str>) -> Result<Vec<Source>> {
    let source = |name: &str, path| Source { name: name.to_owned(), path, offset: 0 };
    Ok(match service {
        Some("lab") => vec![source("lab", place.daemon_log())],
        Some(name) => vec![source(name, place.service_log(endpoints::service(name)?.name))],
        None => endpoints::SERVICES.iter().map(|e| source(e.name, place.service_log(e.name))).collect(),
    })
}

/// Writes lines with their source in front. False when nobody reads any more.
fn print(source: &Source, lines: &[String]) -> bool {
    let mut out = std::io::stdout().lock();
    lines.iter().all(|line| writeln!(out, "{:8} | {line}", source.name).is_ok())
}

fn open(path: &Path) -> Result<Option<std::fs::File>> {
    match std::fs::File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn last_lines(source: &mut Source, count: usize) -> Result<Vec<String>> {
    let Some(mut file) = open(&source.path)? else { return Ok(Vec::new()) };
    let size = file.metadata()?.len();
    source.offset = size.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(source.offset))?;
    let lines = read_whole_lines(file, &mut source.offset)?;
    Ok(lines[lines.len().saturating_sub(count)..].to_vec())
}

fn new_lines(source: &mut Source) -> Result<Vec<String>> {
    let Some(mut file) = open(&source.path)? else { return Ok(Vec::new()) };
    // A file that shrank was replaced: begin anew.
    if file.metadata()?.len() < source.offset {
        source.offset = 0;
    }
    file.seek(SeekFrom::Start(source.offset))?;
    read_whole_lines(file, &mut source.offset)
}

/// The complete lines from here to the end; half a line waits for its end.
fn read_whole_lines(file: std::fs::File, offset: &mut u64) -> Result<Vec<String>> {
    let mut reader = BufReader::new(file.take(TAIL));
    let mut lines = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok(lines);
        }
        *offset += read as u64;
        line.pop();
        lines.push(String::from_utf8_lossy(&line).into_owned());
    }
}
