//! `metrics`: counters, gauges and histograms out of lines, and the count of lines that stages dropped.

use super::{Entry, Next, Stage};
use model::Labels;
use model::clock::Nanos;
use stackconf::promtail::stages::{GaugeAction, MetricKind, MetricStage};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Series of all metrics of a pipeline; lines of further ones are not counted.
const MAX_SERIES: usize = 10_000;

#[derive(Clone)]
enum Value {
    Number(f64),
    Histogram { buckets: Vec<(f64, u64)>, count: u64, sum: f64 },
}

struct Series {
    value: Value,
    updated: Nanos,
    /// Nanoseconds without an update after which it goes away.
    idle: i64,
}

struct Family {
    help: String,
    kind: &'static str,
    series: BTreeMap<Labels, Series>,
}

/// What pipelines count. One for a collector; shown on its `/metrics`.
#[derive(Default)]
pub struct StageMetrics {
    families: Mutex<BTreeMap<String, Family>>,
    dropped: Mutex<BTreeMap<String, u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StageMetrics {
    pub(super) fn dropped(&self, reason: &str) {
        *lock(&self.dropped).entry(reason.to_owned()).or_default() += 1;
    }

    /// All of it in Prometheus' text format. Series that were idle for too long at `now` go away.
    pub fn render(&self, now: Nanos) -> String {
        let mut out = String::new();
        let dropped = lock(&self.dropped);
        if !dropped.is_empty() {
            let name = "logentry_dropped_lines_total";
            let _ = write!(out, "# HELP {name} Lines that a stage dropped.\n# TYPE {name} counter\n");
            for (reason, count) in dropped.iter() {
                let _ = writeln!(out, "{name}{{reason={reason:?}}} {count}");
            }
        }
        for (name, family) in lock(&self.families).iter_mut() {
            family.series.retain(|_, series| now.saturating_sub(series.updated) <= series.idle);
            let _ = write!(out, "# HELP {name} {}\n# TYPE {name} {}\n", family.help, family.kind);
            for (labels, series) in &family.series {
                write_series(&mut out, name, labels, &series.value);
            }
        }
        out
    }

    fn update(&self, config: &MetricStage, labels: Labels, now: Nanos, change: impl FnOnce(&mut Value)) {
        let mut families = lock(&self.families);
        let total: usize = families.values().map(|family| family.series.len()).sum();
        let kind = match &config.kind {
            MetricKind::Counter { .. } => "counter",
            MetricKind::Gauge { .. } => "gauge",
            MetricKind::Histogram { .. } => "histogram",
        };
        let family = families.entry(format!("{}{}", config.prefix, config.name)).or_insert_with(|| Family {
            help: config.description.replace('\n', " "),
            kind,
            series: BTreeMap::new(),
        });
        if total >= MAX_SERIES && !family.series.contains_key(&labels) {
            return;
        }
        let series = family.series.entry(labels).or_insert_with(|| Series {
            value: match &config.kind {
                MetricKind::Histogram { buckets } => Value::Histogram {
                    buckets: buckets.iter().map(|bound| (*bound, 0)).collect(),
                    count: 0,
                    sum: 0.0,
                },
                _ => Value::Number(0.0),
            },
            updated: now,
            idle: i64::try_from(config.max_idle.as_nanos()).unwrap_or(i64::MAX),
        });
        series.updated = now;
        change(&mut series.value);
    }
}

fn write_series(out: &mut String, name: &str, labels: &Labels, value: &Value) {
    let with = |extra: Option<(&str, String)>| {
        let mut builder = labels.to_builder();
        if let Some((label, value)) = extra {
            builder.set(label, &value);
        }
        let labels = builder.build();
        if labels.is_empty() { String::new() } else { labels.to_string() }
    };
    match value {
        Value::Number(number) => {
            let _ = writeln!(out, "{name}{} {number}", with(None));
        }
        Value::Histogram { buckets, count, sum } => {
            for (bound, count) in buckets {
                let _ = writeln!(out, "{name}_bucket{} {count}", with(Some(("le", bound.to_string()))));
            }
            let _ = writeln!(out, "{name}_bucket{} {count}", with(Some(("le", "+Inf".to_owned()))));
            let _ = writeln!(out, "{name}_sum{} {sum}\n{name}_count{} {count}", with(None), with(None));
        }
    }
}

pub(super) struct MetricsStage {
    configs: Vec<MetricStage>,
    metrics: Arc<StageMetrics>,
}

impl MetricsStage {
    pub(super) fn new(configs: &[MetricStage], metrics: &Arc<StageMetrics>) -> Self {
        Self { configs: configs.to_vec(), metrics: metrics.clone() }
    }

    fn record(&self, config: &MetricStage, entry: &Entry, now: Nanos) {
        let counts_all = matches!(config.kind, MetricKind::Counter { match_all: true, .. });
        let found = entry.text(&config.source);
        if !counts_all && found.is_none() {
            return;
        }
        if config.value.as_ref().is_some_and(|wanted| found.as_ref() != Some(wanted)) {
            return;
        }
        let number = found.as_deref().and_then(number);
        let amount = match &config.kind {
            MetricKind::Counter { count_entry_bytes: true, .. } => Some(entry.line.len() as f64),
            MetricKind::Counter { add: false, .. } => Some(1.0),
            MetricKind::Gauge { action: GaugeAction::Inc | GaugeAction::Dec } => Some(1.0),
            _ => number,
        };
        let Some(amount) = amount else { return };
        self.metrics.update(config, entry.labels.clone().build(), now, |value| {
            match (value, &config.kind) {
                (Value::Histogram { buckets, count, sum }, _) => {
                    buckets
                        .iter_mut()
                        .filter(|(bound, _)| amount <= *bound)
                        .for_each(|(_, count)| *count += 1);
                    *count += 1;
                    *sum += amount;
                }
                (Value::Number(total), MetricKind::Gauge { action }) => match action {
                    GaugeAction::Set => *total = amount,
                    GaugeAction::Inc | GaugeAction::Add => *total += amount,
                    GaugeAction::Dec | GaugeAction::Sub => *total -= amount,
                },
                // A counter never goes down.
                (Value::Number(total), _) => *total += amount.max(0.0),
            }
        });
    }
}

/// A number, or a duration as seconds.
fn number(text: &str) -> Option<f64> {
    let plain = text.parse::<f64>().ok().filter(|number| number.is_finite());
    plain.or_else(|| logql::units::parse_go_duration(text).map(|nanos| nanos as f64 / 1e9))
}

impl Stage for MetricsStage {
    fn process(&mut self, entry: Entry, now: Nanos, next: Next<'_>) {
        for config in &self.configs {
            self.record(config, &entry, now);
        }
        next(entry);
    }
}
