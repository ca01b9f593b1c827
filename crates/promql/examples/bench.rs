//! CPU time of the four kinds of queries that dashboards are made of, over 3,000 series of one hour at 5 s.
//!
//!     cargo run --release -p promql --example bench
//!
//! Samples come from memory, already decoded, so this is the evaluator alone. Times are wall-clock times of the best of
//! several runs on one thread: on an idle machine that is the CPU time.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prints, and a panic is its error report"
)]

use model::metrics::{
    Metadata, MetricQuerier, MetricStats, MillisRange, Sample, SeriesExemplars, SeriesReader,
};
use model::{Labels, Matcher, StoreError, matcher::all_match};
use promql::{Engine, Limits, Never, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

const STEP: i64 = 5_000;
const SAMPLES: i64 = 65 * 12;
const BUCKETS: [&str; 12] =
    ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
const RUNS: usize = 15;

struct Series {
    labels: Labels,
    samples: Vec<Sample>,
}

impl SeriesReader for Series {
    fn labels(&self) -> &Labels {
        &self.labels
    }

    fn read(&self, range: MillisRange, out: &mut Vec<Sample>) -> Result<(), StoreError> {
        let start = self.samples.partition_point(|sample| sample.t < range.start);
        let end = self.samples.partition_point(|sample| sample.t <= range.end);
        out.extend_from_slice(&self.samples[start..end]);
        Ok(())
    }
}

struct Store(BTreeMap<Labels, Arc<Series>>);

impl MetricQuerier for Store {
    fn select(&self, _: MillisRange, matchers: &[Matcher]) -> Result<Vec<Arc<dyn SeriesReader>>, StoreError> {
        let found = self.0.iter().filter(|(labels, _)| all_match(matchers, labels));
        Ok(found.map(|(_, series)| series.clone() as Arc<dyn SeriesReader>).collect())
    }

    fn series(&self, _: MillisRange, _: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError> {
        Ok(Vec::new())
    }

    fn label_names(&self, _: MillisRange, _: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn label_values(&self, _: &str, _: MillisRange, _: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn exemplars(&self, _: MillisRange, _: &[Vec<Matcher>]) -> Result<Vec<SeriesExemplars>, StoreError> {
        Ok(Vec::new())
    }

    fn metadata(&self) -> BTreeMap<String, Vec<Metadata>> {
        BTreeMap::new()
    }

    fn stats(&self) -> MetricStats {
        MetricStats::default()
    }
}

/// 210 services and routes: 210 counters, 12 buckets each, and gauges up to 3,000 series.
fn store() -> Store {
    let mut series = BTreeMap::new();
    let mut add = |labels: Labels, speed: f64| {
        let samples =
            (0..SAMPLES).map(|at| Sample { t: at * STEP, v: (at as f64 * speed).floor() }).collect();
        series.insert(labels.clone(), Arc::new(Series { labels, samples }));
    };
    for route in 0..210 {
        let (route_name, instance) = (format!("/route/{}", route / 7), format!("host-{}:8000", route % 7));
        let status = if route % 10 == 0 { "500" } else { "200" };
        let base = [
            ("route", route_name.as_str()),
            ("instance", &instance),
            ("status", status),
            ("job", "services"),
        ];
        let named = |name: &str, more: &[(&str, &str)]| {
            Labels::from_pairs(base.iter().copied().chain([("__name__", name)]).chain(more.iter().copied()))
        };
        add(named("http_requests_total", &[]), 7.3 + route as f64);
        for (at, le) in BUCKETS.iter().enumerate() {
            add(named("http_request_duration_seconds_bucket", &[("le", le)]), (at + 1) as f64 * 0.61);
        }
        add(named(&format!("process_gauge_{}", route % 5), &[]), 0.37);
    }
    Store(series)
}

fn main() {
    let store = store();
    println!("{} series, {} samples each", store.0.len(), SAMPLES);
    let engine = Engine::new(Limits::default());
    let (start, end, step) = (300_000, 300_000 + 3_600_000, 15_000);
    for query in [
        "sum by (route) (rate(http_requests_total[5m]))",
        "histogram_quantile(0.95, sum by (le, route) (rate(http_request_duration_seconds_bucket[5m])))",
        "sum(rate(http_requests_total{status=\"500\"}[5m])) / sum(rate(http_requests_total[5m]))",
        "avg by (job) ({__name__=~\"process_gauge_.*\"})",
    ] {
        let expr = promql::parse(query).unwrap();
        let mut times = Vec::new();
        let mut points = 0;
        for _ in 0..RUNS {
            let began = Instant::now();
            let answer = engine.range(&store, &expr, start, end, step, &Never).unwrap();
            times.push(began.elapsed().as_secs_f64() * 1e3);
            if let Value::Matrix(series) = answer.value {
                points = series.iter().map(|series| series.samples.len()).sum();
            }
        }
        times.sort_by(f64::total_cmp);
        println!("{:8.2} ms best, {:8.2} ms median, {points} points: {query}", times[0], times[RUNS / 2]);
    }
}
