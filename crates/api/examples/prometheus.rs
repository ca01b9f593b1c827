//! An hour of a shop's metrics, and a server over them: a program for `cargo xtask bench queries`.
//!
//! `prometheus generate DIR` fills a store in `DIR/store` and writes the same samples to `DIR/samples.txt` as OpenMetrics;
//! `prometheus serve DIR` tells its address on standard error and answers queries over the store.

use api::prometheus::{PrometheusApi, StatusInfo, router};
use model::clock::Millis;
use model::metrics::{AppendOutcome, AppendRow, MetricAppender, Sample, SeriesKey};
use model::{Labels, ManualClock};
use promql::Engine;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tsdb::{Options, Store};

/// Milliseconds between scrapes, and how many there are: 65 minutes.
const STEP: Millis = 5_000;
const ROUNDS: Millis = 65 * 12;
/// The start of a window of two hours.
const START: Millis = 7_200_000 * 236_000;

const BUCKETS: [&str; 13] =
    ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.3", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"];
const SERVICES: [&str; 3] = ["gateway", "catalog", "checkout"];
const ROUTES: [&str; 5] = ["/", "/browse", "/items", "/items/{id}", "/purchase"];
const METHODS: [&str; 2] = ["GET", "POST"];
const STATUSES: [&str; 5] = ["200", "201", "404", "500", "502"];
/// Gauges of a process, so many a service.
const GAUGES: usize = 200;

struct Series {
    labels: Labels,
    value: f64,
    /// Grows by up to this at every scrape; None for a gauge.
    growth: Option<f64>,
}

/// 3,000 series: 150 histograms of 15 series and as many counters, and gauges.
fn series() -> Vec<Series> {
    let mut all = Vec::new();
    let mut add = |pairs: &[(&str, &str)], growth: Option<f64>| {
        all.push(Series { labels: Labels::from_pairs(pairs.iter().copied()), value: 0.0, growth });
    };
    for service in SERVICES {
        for (route, method, status) in combinations() {
            let of = |name: &'static str| {
                [
                    ("__name__", name),
                    ("service", service),
                    ("route", route),
                    ("method", method),
                    ("status", status),
                ]
            };
            for (index, le) in BUCKETS.iter().enumerate() {
                let mut pairs = of("http_request_duration_seconds_bucket").to_vec();
                pairs.push(("le", le));
                add(&pairs, Some(2.0 + index as f64));
            }
            add(&of("http_request_duration_seconds_count"), Some(15.0));
            add(&of("http_request_duration_seconds_sum"), Some(0.7));
            add(&of("http_requests_total"), Some(15.0));
        }
        for gauge in 0..GAUGES {
            add(&[("__name__", &format!("process_figure_{gauge}")), ("service", service)], None);
        }
    }
    all
}

fn combinations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let pairs = ROUTES.into_iter().flat_map(|route| METHODS.into_iter().map(move |method| (route, method)));
    pairs.flat_map(|(route, method)| STATUSES.into_iter().map(move |status| (route, method, status)))
}

fn generate(dir: &Path) -> std::io::Result<()> {
    let store = Store::open(&dir.join("store"), Options::default(), &ManualClock::default())
        .expect("the store opens");
    let mut all = series();
    let mut keys: Vec<SeriesKey> =
        all.iter().map(|series| SeriesKey::Labels(series.labels.clone())).collect();
    let mut columns: Vec<Vec<(Millis, f64)>> = vec![Vec::new(); all.len()];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..ROUNDS {
        let t = START + round * STEP;
        let mut rows = Vec::with_capacity(all.len());
        for (series, (key, column)) in all.iter_mut().zip(keys.iter().zip(&mut columns)) {
            // Source: Marsaglia, "Xorshift RNGs".
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let fraction = (random >> 11) as f64 / (1_u64 << 53) as f64;
            series.value = match series.growth {
                Some(most) if most < 1.0 => series.value + fraction * most,
                Some(most) => series.value + (fraction * most).floor(),
                None => (fraction * 1e6).round() / 1e3,
            };
            column.push((t, series.value));
            rows.push(AppendRow {
                series: key.clone(),
                sample: Sample { t, v: series.value },
                exemplar: None,
            });
        }
        let report = store.append(&rows).expect("the batch is written");
        for (key, outcome) in keys.iter_mut().zip(report.outcomes) {
            let AppendOutcome::Appended(number) = outcome else { panic!("{outcome:?}") };
            *key = SeriesKey::Ref(number);
        }
    }
    let mut out = std::io::BufWriter::new(std::fs::File::create(dir.join("samples.txt"))?);
    for (series, column) in all.iter().zip(&columns) {
        let labels = series.labels.to_string().replace(", ", ",");
        for (t, v) in column {
            writeln!(out, "{labels} {v} {}.{:03}", t / 1000, t % 1000)?;
        }
    }
    writeln!(out, "# EOF")?;
    out.flush()
}

async fn serve(dir: &Path) -> std::io::Result<()> {
    let clock = ManualClock::at_millis(START + ROUNDS * STEP);
    let store = Store::open(&dir.join("store"), Options::default(), &clock).expect("the store opens");
    let api = PrometheusApi::new(Arc::new(store), Engine::default(), Arc::new(clock), StatusInfo::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("{}", listener.local_addr()?);
    axum::serve(listener, router(api)).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate", dir] => generate(Path::new(dir)),
        ["serve", dir] => serve(Path::new(dir)).await,
        _ => {
            eprintln!("usage: prometheus generate DIR | serve DIR");
            Ok(())
        }
    }
}
