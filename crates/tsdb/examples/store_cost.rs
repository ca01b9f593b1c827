//! What the store costs: a program for `cargo xtask bench tsdb`, one measurement a process so that memory is its own.
//!
//! `store_cost ingest DIR SERIES HOURS`, `store_cost open DIR`, `store_cost openmetrics SERIES HOURS` (the same samples as text, for a peer to
//! take in). Each prints `name value` lines.

use model::clock::{Millis, Nanos};
use model::metrics::{
    AppendOutcome, AppendRow, MetricAppender, MetricQuerier, MillisRange, Sample, SeriesKey,
};
use model::{Clock, Labels, Matcher};
use std::io::Write;
use std::path::Path;
use std::time::Instant;
use tsdb::{Options, Store};

/// Milliseconds between scrapes.
const STEP: Millis = 5_000;
/// The start of a window of two hours.
const START: Millis = 7_200_000 * 236_000;
/// Series that a target exposes.
const PER_TARGET: usize = 500;

/// A clock for opening stores only.
struct Monotonic(Instant);

impl Clock for Monotonic {
    fn now_nanos(&self) -> Nanos {
        i64::try_from(self.0.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }
}

/// The kinds of series of a service: mostly buckets of histograms, which grow by whole numbers.
#[derive(Clone, Copy)]
enum Kind {
    Bucket,
    Sum,
    Gauge,
    Constant,
}

struct Generator {
    kinds: Vec<Kind>,
    values: Vec<f64>,
    random: u64,
}

impl Generator {
    fn new(series: usize) -> Self {
        let kind = |i: usize| match i % 10 {
            0..6 => Kind::Bucket,
            6 | 7 => Kind::Sum,
            8 => Kind::Gauge,
            _ => Kind::Constant,
        };
        Self {
            kinds: (0..series).map(kind).collect(),
            values: vec![0.0; series],
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Source: Marsaglia, "Xorshift RNGs".
    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// A number from 0 to 1.
    fn fraction(&mut self) -> f64 {
        (self.random() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The next value of a series.
    fn next(&mut self, series: usize) -> f64 {
        match self.kinds[series] {
            Kind::Bucket => self.values[series] += (self.random() % 8) as f64,
            Kind::Sum => self.values[series] += self.fraction() * 3.0,
            Kind::Gauge => self.values[series] = (self.fraction() * 1e6).round() / 1e3,
            Kind::Constant => self.values[series] = 1.0,
        }
        self.values[series]
    }

    /// When a target's scrape is: some milliseconds late, as on a busy machine.
    fn scrape_time(&mut self, round: Millis) -> Millis {
        START + round * STEP + (self.random() % 3) as Millis
    }
}

fn labels(series: usize) -> Labels {
    let (target, rest) = (series / PER_TARGET, series % PER_TARGET);
    Labels::from_pairs([
        ("__name__", format!("http_request_duration_seconds_{}", rest % 10)),
        ("instance", format!("service-{target}:8000")),
        ("job", "services".to_owned()),
        ("route", format!("/route/{}", rest / 50)),
        ("le", format!("{}.0", rest % 50)),
    ])
}

/// Memory of this process in bytes; 0 where there is no /proc.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn open(dir: &Path) -> Store {
    Store::open(dir, Options::default(), &Monotonic(Instant::now())).expect("the store opens")
}

fn ingest(dir: &Path, series: usize, hours: usize) {
    let store = open(dir);
    let mut generator = Generator::new(series);
    let mut keys: Vec<SeriesKey> = (0..series).map(|i| SeriesKey::Labels(labels(i))).collect();
    let rounds = hours as Millis * 3_600_000 / STEP;
    let began = Instant::now();
    let mut slowest = 0.0_f64;
    for round in 0..rounds {
        for first in (0..series).step_by(PER_TARGET) {
            let t = generator.scrape_time(round);
            let range = first..(first + PER_TARGET).min(series);
            let rows: Vec<AppendRow> = range
                .clone()
                .map(|i| AppendRow {
                    series: keys[i].clone(),
                    sample: Sample { t, v: generator.next(i) },
                    exemplar: None,
                })
                .collect();
            let report = store.append(&rows).expect("the batch is written");
            for (i, outcome) in range.zip(report.outcomes) {
                let AppendOutcome::Appended(number) = outcome else { panic!("{outcome:?}") };
                keys[i] = SeriesKey::Ref(number);
            }
        }
        let upkeep = Instant::now();
        store.maintain(START + round * STEP).expect("upkeep works");
        slowest = slowest.max(upkeep.elapsed().as_secs_f64());
    }
    let seconds = began.elapsed().as_secs_f64();
    let stats = store.stats();
    println!("samples {}", stats.samples);
    println!("ingest_per_second {:.0}", stats.samples as f64 / seconds);
    println!("slowest_upkeep_seconds {slowest:.3}");
    println!("resident_bytes {}", resident());
    let segments: u64 = std::fs::read_dir(dir.join("segments"))
        .map(|entries| entries.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum())
        .unwrap_or(0);
    let on_disk = stats.samples - head_samples(&store);
    println!("segment_bytes {segments}");
    println!("segment_samples {on_disk}");
    println!("head_bytes {}", stats.bytes_in_memory);
    println!("head_samples {}", head_samples(&store));
    println!("log_bytes {}", stats.bytes_on_disk - segments);
}

/// Samples after the last cut.
fn head_samples(store: &Store) -> u64 {
    let newest = store.newest().unwrap_or(START);
    let boundary = (newest - tsdb::CUT_DELAY).div_euclid(tsdb::WINDOW) * tsdb::WINDOW;
    let range = MillisRange { start: boundary, end: Millis::MAX };
    let mut samples = Vec::new();
    let mut count = 0;
    for reader in store.select(range, &[]).expect("a selection") {
        samples.clear();
        reader.read(range, &mut samples).expect("samples");
        count += samples.len() as u64;
    }
    count
}

/// Opens what `ingest` left, without a shutdown in between, and reads an hour of a tenth of the series.
fn reopen(dir: &Path) {
    let began = Instant::now();
    let store = open(dir);
    println!("open_seconds {:.3}", began.elapsed().as_secs_f64());
    println!("replayed_samples {}", store.recovery().samples);
    println!("segments {}", store.recovery().segments);
    println!("resident_bytes {}", resident());
    let newest = store.newest().expect("samples");
    for (name, end) in [("head", newest), ("disk", newest - 12 * 3_600_000)] {
        let range = MillisRange { start: end - 3_600_000, end };
        let matcher = Matcher::equal("__name__", "http_request_duration_seconds_3");
        let (mut count, mut best) = (0, f64::INFINITY);
        for _ in 0..5 {
            let began = Instant::now();
            let mut samples = Vec::new();
            for reader in store.select(range, std::slice::from_ref(&matcher)).expect("a selection") {
                reader.read(range, &mut samples).expect("samples");
            }
            best = best.min(began.elapsed().as_secs_f64());
            count = samples.len();
        }
        println!("read_{name}_samples_per_second {:.0}", count as f64 / best);
    }
}

/// The samples of `ingest` on standard output, one series after the other, as promtool takes them.
fn openmetrics(series: usize, hours: usize) -> std::io::Result<()> {
    let mut generator = Generator::new(series);
    let rounds = hours as Millis * 3_600_000 / STEP;
    let mut columns: Vec<Vec<(Millis, f64)>> = vec![Vec::new(); series];
    for round in 0..rounds {
        for first in (0..series).step_by(PER_TARGET) {
            let t = generator.scrape_time(round);
            for (i, column) in columns.iter_mut().enumerate().skip(first).take(PER_TARGET) {
                column.push((t, generator.next(i)));
            }
        }
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (i, column) in columns.iter().enumerate() {
        let labels = labels(i).to_string().replace(", ", ",");
        for (t, v) in column {
            writeln!(out, "{labels} {v} {}.{:03}", t / 1000, t % 1000)?;
        }
    }
    writeln!(out, "# EOF")?;
    out.flush()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse().expect("a number");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ingest", dir, _, _] => ingest(Path::new(dir), number(2), number(3)),
        ["open", dir] => reopen(Path::new(dir)),
        ["openmetrics", _, _] => openmetrics(number(1), number(2)).expect("standard output takes it"),
        _ => eprintln!("usage: store_cost ingest DIR SERIES HOURS | open DIR | openmetrics SERIES HOURS"),
    }
}
