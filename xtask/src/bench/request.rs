//! CPU time a request costs, by what is switched on.
//!
//! A small service runs in each mode in turn, under the load of 16 connections that ask as fast as they are answered; its
//! CPU time is read from the kernel. CPU, not wall time: on a shared machine the latter says little. Rounds are
//! interleaved, so that a disturbance hits all modes, and the median is shown.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// In the order of the table; the first is the measure of the others.
const MODES: [&str; 6] = ["bare", "metrics", "logs", "traces", "metrics+logs", "all"];
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;
const CONNECTIONS: usize = 16;
/// `all` ÷ `bare` at most.
const TARGET: f64 = 2.0;
/// `USER_HZ`: the kernel counts CPU time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

pub fn run(root: &Path) -> Result<()> {
    ensure!(Path::new("/proc/self/stat").exists(), "CPU time is read from /proc, which only Linux has");
    let build = ["build", "--release", "--quiet", "-p", "telemetry", "--example", "cost"];
    let built =
        Command::new(env!("CARGO")).args(build).current_dir(root).status().context("cannot run cargo")?;
    ensure!(built.success(), "the build failed");
    let program = super::release_folder()?.join("examples/cost");
    let sink = Service::start(&program, &["sink"])?;
    let collector = format!("http://{}", sink.address);
    let wrk = Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    println!(
        "load: {CONNECTIONS} connections from {}, {ROUNDS} rounds of {SECONDS} s",
        if wrk { "wrk" } else { "xtask" }
    );
    let mut costs: Vec<Vec<f64>> = vec![Vec::new(); MODES.len()];
    let mut exported: Vec<Vec<f64>> = costs.clone();
    for _ in 0..ROUNDS {
        for ((mode, costs), exported) in MODES.iter().zip(&mut costs).zip(&mut exported) {
            let service = Service::start(&program, &[mode, &collector])?;
            // Caches, connections and the branch predictor warm up first.
            load(&service.address, wrk, 1)?;
            let before = service.cpu_seconds()?;
            let requests = load(&service.address, wrk, SECONDS)?;
            costs.push((service.cpu_seconds()? - before) * 1e6 / requests as f64);
            exported.extend(service.exported_spans()?);
        }
    }
    let medians: Vec<f64> = costs.iter_mut().map(|costs| super::median(costs)).collect();
    println!("{:16} {:>12} {:>8} {:>16}", "mode", "CPU/request", "ratio", "spans exported");
    for ((mode, median), exported) in MODES.iter().zip(&medians).zip(&mut exported) {
        // A span that was dropped was not paid for: the ratio means something only while this share is high.
        let share = match super::median(exported) {
            share if share.is_nan() => "-".to_owned(),
            share => format!("{:.1} %", share * 100.0),
        };
        let target = if *mode == "all" { format!("   (target: {TARGET:.1})") } else { String::new() };
        println!("{mode:16} {median:9.2} µs {:8.2} {share:>16}{target}", median / medians[0]);
    }
    Ok(())
}

/// A process that tells its address on standard error; killed when dropped.
pub(super) struct Service {
    pub(super) child: Child,
    pub(super) address: String,
}

impl Service {
    pub(super) fn start(program: &Path, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let mut address = String::new();
        let errors = child.stderr.take().context("standard error was asked for")?;
        let mut errors = BufReader::new(errors);
        errors.read_line(&mut address)?;
        let service = Self { child, address: address.trim().to_owned() };
        if service.address.parse::<std::net::SocketAddr>().is_err() {
            let mut rest = String::new();
            let _ = errors.read_to_string(&mut rest);
            bail!("{} does not listen: {}{rest}", program.display(), service.address);
        }
        Ok(service)
    }

    /// Fields 14 and 15 of proc(5) `stat`, counted from behind the program's name.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("stat has no program name")?;
        let mut ticks = 0.0;
        for field in fields.split_ascii_whitespace().skip(11).take(2) {
            ticks += field.parse::<f64>()?;
        }
        Ok(ticks / TICKS_PER_SECOND)
    }
}

impl Service {
    /// The share of ended spans that reached the collector; `None` for a mode without traces or metrics.
    fn exported_spans(&self) -> Result<Option<f64>> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let sum = |name: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
        };
        let (exported, dropped) =
            (sum("telemetry_spans_exported_total"), sum("telemetry_spans_dropped_total"));
        Ok((exported > 0.0).then(|| exported / (exported + dropped)))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends requests for some seconds and returns how many were answered.
fn load(address: &str, wrk: bool, seconds: u64) -> Result<u64> {
    if !wrk {
        return own_load(address, seconds);
    }
    let (connections, duration) = (format!("-c{CONNECTIONS}"), format!("-d{seconds}s"));
    let url = format!("http://{address}/work");
    let output = Command::new("wrk").args(["-t1", &connections, &duration, &url]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // "  123456 requests in 4.00s, 17.54MB read"
    let line = text.lines().find(|line| line.contains(" requests in ")).with_context(|| text.to_string())?;
    ensure!(!text.contains("Non-2xx"), "the service answered with errors:\n{text}");
    Ok(line.split_ascii_whitespace().next().unwrap_or_default().parse()?)
}

fn own_load(address: &str, seconds: u64) -> Result<u64> {
    let end = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        let users: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(move || ask_until(address, end))).collect();
        users.into_iter().map(|user| user.join().unwrap_or_else(|_| bail!("a connection panicked"))).sum()
    })
}

/// One connection that asks again as soon as it is answered.
fn ask_until(address: &str, end: Instant) -> Result<u64> {
    let mut stream = TcpStream::connect(address)?;
    let mut answer = [0; 4096];
    let mut answered = 0;
    while Instant::now() < end {
        write!(stream, "GET /work HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
        // The answer is far smaller than the buffer and comes in one piece.
        let length = stream.read(&mut answer)?;
        ensure!(answer[..length].starts_with(b"HTTP/1.1 200"), "the service answered with an error");
        answered += 1;
    }
    Ok(answered)
}
