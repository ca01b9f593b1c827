//! The metrics stage: counters, gauges and histograms made from lines.

use super::Stage;
use super::shape::{METRIC, METRIC_CONFIG};
use crate::error::ConfigError;
use crate::yaml::{Context, GoDuration, Node, Section, Value};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct MetricStage {
    pub name: String,
    pub description: String,
    /// The extracted value that is counted; the metric's own name if absent.
    pub source: String,
    pub prefix: String,
    /// After this time without an update a series goes away.
    pub max_idle: Duration,
    /// Only lines with this extracted value count.
    pub value: Option<String>,
    pub kind: MetricKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MetricKind {
    Counter { match_all: bool, count_entry_bytes: bool, add: bool },
    Gauge { action: GaugeAction },
    Histogram { buckets: Vec<f64> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaugeAction {
    Set,
    Inc,
    Dec,
    Add,
    Sub,
}

const DEFAULT_PREFIX: &str = "promtail_custom_";
const DEFAULT_IDLE: Duration = Duration::from_secs(300);
const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

pub(super) fn metrics(node: &Node, ctx: &Context) -> Result<Stage, ConfigError> {
    let Value::Map(entries) = &node.value else {
        return Err(ctx.wrong_type(node, "a mapping of metric names to definitions"));
    };
    entries
        .iter()
        .map(|entry| metric(&entry.key, &entry.value, ctx))
        .collect::<Result<_, _>>()
        .map(Stage::Metrics)
}

fn metric(name: &str, node: &Node, ctx: &Context) -> Result<MetricStage, ConfigError> {
    let s = Section::open(node, &METRIC, ctx)?;
    let kinds = [
        ("counter", Kind::Counter),
        ("Counter", Kind::Counter),
        ("gauge", Kind::Gauge),
        ("Gauge", Kind::Gauge),
        ("histogram", Kind::Histogram),
        ("Histogram", Kind::Histogram),
    ];
    let kind = s.node("type").ok_or_else(|| s.missing("type")).and_then(|node| ctx.word(node, &kinds))?;
    let (kind, value) = s.sub("config", &METRIC_CONFIG, |c| Ok((read_kind(kind, c)?, c.opt("value")?)))?;
    Ok(MetricStage {
        name: name.to_owned(),
        description: s.or_default("description")?,
        source: s.or("source", name.to_owned())?,
        prefix: s.or("prefix", DEFAULT_PREFIX.to_owned())?,
        max_idle: s.or("max_idle_duration", GoDuration(DEFAULT_IDLE))?.0,
        value,
        kind,
    })
}

fn read_kind(kind: Kind, c: &Section) -> Result<MetricKind, ConfigError> {
    Ok(match kind {
        Kind::Counter => {
            let actions = [("inc", false), ("add", true)];
            let node = c.node("action").ok_or_else(|| c.missing("action"))?;
            let counter = MetricKind::Counter {
                match_all: c.or("match_all", false)?,
                count_entry_bytes: c.or("count_entry_bytes", false)?,
                add: c.ctx.word(node, &actions)?,
            };
            if matches!(counter, MetricKind::Counter { count_entry_bytes: true, match_all, add, .. } if !match_all || !add)
            {
                return Err(
                    c.bad("count_entry_bytes", "count_entry_bytes needs match_all true and action add")
                );
            }
            counter
        }
        Kind::Gauge => {
            let actions = [
                ("set", GaugeAction::Set),
                ("inc", GaugeAction::Inc),
                ("dec", GaugeAction::Dec),
                ("add", GaugeAction::Add),
                ("sub", GaugeAction::Sub),
            ];
            let node = c.node("action").ok_or_else(|| c.missing("action"))?;
            MetricKind::Gauge { action: c.ctx.word(node, &actions)? }
        }
        Kind::Histogram => {
            let buckets: Vec<f64> = c.or("buckets", DEFAULT_BUCKETS.to_vec())?;
            if !buckets.windows(2).all(|pair| pair[0] < pair[1]) {
                return Err(c.bad("buckets", "buckets must rise"));
            }
            MetricKind::Histogram { buckets }
        }
    })
}
