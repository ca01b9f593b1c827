//! What the metrics store costs: a day of 3,000 series scraped every 5 s.
//!
//! The program `crates/tsdb/examples/store_cost.rs` writes the day, then a second process opens what the first left without a
//! shutdown. The same kind of samples go through promtool, if it is there, to compare bytes.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

const SERIES: &str = "3000";
const HOURS: &str = "24";
/// Less for the comparison, because text is large: 1.4 million samples are 180 MB.
const PEER_SERIES: &str = "500";
const PEER_HOURS: &str = "4";
/// Targets of the issue.
const MOST_RESIDENT: f64 = 250e6;
const MOST_OPEN_SECONDS: f64 = 2.0;

pub fn run(root: &Path) -> Result<()> {
    let build = ["build", "--release", "--quiet", "-p", "tsdb", "--example", "store_cost"];
    let built =
        Command::new(env!("CARGO")).args(build).current_dir(root).status().context("cannot run cargo")?;
    ensure!(built.success(), "the build failed");
    let program = super::release_folder()?.join("examples/store_cost");
    let dir = tempfile::tempdir()?;
    let day = dir.path().join("day");
    let day = day.to_str().context("a folder whose name is text")?;

    let ingest = measure(&program, &["ingest", day, SERIES, HOURS])?;
    let open = measure(&program, &["open", day])?;
    let of = |figures: &Figures, name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
    let per_sample =
        |figures: &Figures, bytes: &str, samples: &str| of(figures, bytes) / of(figures, samples);
    println!("{SERIES} series, {HOURS} h at 5 s: {:.1} M samples", of(&ingest, "samples") / 1e6);
    let row = |what: &str, figure: String, target: &str| println!("{what:44} {figure:>14}  {target}");
    row("ingest, log included, samples/s", format!("{:.0}", of(&ingest, "ingest_per_second")), "");
    row("longest upkeep (a window to disk), s", format!("{:.2}", of(&ingest, "slowest_upkeep_seconds")), "");
    let resident = of(&ingest, "resident_bytes").max(of(&open, "resident_bytes"));
    row("RSS, MB", format!("{:.0}", resident / 1e6), &format!("(target: {:.0})", MOST_RESIDENT / 1e6));
    row("head, bytes/sample", format!("{:.2}", per_sample(&ingest, "head_bytes", "head_samples")), "");
    let on_disk = per_sample(&ingest, "segment_bytes", "segment_samples");
    row("segments, bytes/sample", format!("{on_disk:.2}"), "");
    row("log and checkpoint, MB", format!("{:.1}", of(&ingest, "log_bytes") / 1e6), "");
    let target = format!("(target: {MOST_OPEN_SECONDS:.0})");
    row("open after a crash, s", format!("{:.2}", of(&open, "open_seconds")), &target);
    for place in ["head", "disk"] {
        let figure = of(&open, &format!("read_{place}_samples_per_second")) / 1e6;
        row(&format!("read an hour from {place}, M samples/s"), format!("{figure:.0}"), "");
    }
    peer(&program, dir.path())
}

type Figures = BTreeMap<String, f64>;

/// Runs the program and reads its `name value` lines.
fn measure(program: &Path, arguments: &[&str]) -> Result<Figures> {
    let output = Command::new(program).args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{} {arguments:?} failed", program.display());
    let text = String::from_utf8(output.stdout)?;
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect())
}

/// Bytes of the same samples in Prometheus's blocks and in our segments.
fn peer(program: &Path, dir: &Path) -> Result<()> {
    if Command::new("promtool").arg("--version").output().is_err() {
        println!("SKIPPED: promtool not found, no comparison of bytes");
        return Ok(());
    }
    let (text, blocks, ours) = (dir.join("samples.txt"), dir.join("blocks"), dir.join("ours"));
    let page = Command::new(program)
        .args(["openmetrics", PEER_SERIES, PEER_HOURS])
        .stdout(File::create(&text)?)
        .status()?;
    ensure!(page.success(), "the samples were not written");
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&text, &blocks])
        .stdout(Stdio::null())
        .status()?;
    ensure!(made.success(), "promtool failed");
    let ours = ours.to_str().context("a folder whose name is text")?;
    let figures = measure(program, &["ingest", ours, PEER_SERIES, PEER_HOURS])?;
    // All windows are in blocks; ours leaves the newest in memory.
    let samples = figures.get("samples").copied().unwrap_or(f64::NAN);
    let of = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
    let (theirs, ours) =
        (bytes_below(&blocks)? as f64 / samples, of("segment_bytes") / of("segment_samples"));
    println!("{:44} {ours:>14.2}  (Prometheus: {theirs:.2})", "bytes/sample on disk, the same samples");
    Ok(())
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
