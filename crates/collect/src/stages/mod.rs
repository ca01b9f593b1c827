//! Promtail's pipeline stages: what happens to a line between its reading and its sending. One stage, one file; the
//! dispatch is [`build`]. Source: Promtail's documentation, "Stages".
//!
//! A stage may drop a line, change it, hold it back ([`Stage::flush`] gives it out) or join several. There is no clock:
//! the caller says what time it is.

mod cri;
mod docker;
mod drop;
mod json;
mod labels;
mod limit;
mod logfmt;
mod match_stage;
mod metrics;
mod multiline;
mod output;
mod pack;
mod regex;
mod replace;
mod sampling;
mod template;
mod timestamp;

use model::LabelsBuilder;
use model::clock::Nanos;
use serde_json::Value;
use stackconf::promtail;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use metrics::StageMetrics;

/// A line on its way.
#[derive(Clone, Debug)]
pub struct Entry {
    pub t: Nanos,
    pub line: String,
    pub labels: LabelsBuilder,
    pub metadata: Vec<(String, String)>,
    /// What stages found: values by name. Starts with the labels.
    pub extracted: BTreeMap<String, Value>,
}

impl Entry {
    pub fn new(t: Nanos, line: String, labels: LabelsBuilder) -> Self {
        let pairs = labels.clone().build();
        let extracted = pairs.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        Self { t, line, labels, metadata: Vec::new(), extracted }
    }

    /// An extracted value as text; `None` when it is not there or is no scalar.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.extracted.get(name)? {
            Value::Null | Value::Array(_) | Value::Object(_) => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.extracted.insert(name.to_owned(), value.into());
    }

    /// The value of `source`, or the line when there is none.
    fn input(&self, source: Option<&str>) -> Option<String> {
        match source {
            None => Some(self.line.clone()),
            Some(source) => self.text(source),
        }
    }
}

/// Where a stage puts lines that go on.
pub type Next<'a> = &'a mut dyn FnMut(Entry);

pub trait Stage: Send {
    fn process(&mut self, entry: Entry, now: Nanos, next: Next<'_>);

    /// Gives out what was held back and is due; everything when `now` is the end of time.
    fn flush(&mut self, _now: Nanos, _next: Next<'_>) {}
}

/// A pipeline that cannot be built: a selector or a template of the configuration is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stage {stage}: {reason}")]
pub struct StageError {
    pub stage: &'static str,
    pub reason: String,
}

/// Stages in their order.
pub struct Pipeline {
    stages: Vec<Box<dyn Stage>>,
}

impl Pipeline {
    /// # Errors
    /// [`StageError`] for a selector, a template or a time format that is broken.
    pub fn new(stages: &[promtail::Stage], metrics: &Arc<StageMetrics>) -> Result<Self, StageError> {
        stages
            .iter()
            .map(|stage| build(stage, metrics))
            .collect::<Result<_, _>>()
            .map(|stages| Self { stages })
    }

    pub fn process(&mut self, entry: Entry, now: Nanos, out: Next<'_>) {
        run(&mut self.stages, entry, now, out);
    }

    /// Gives out what stages hold back and is due at `now`.
    pub fn flush(&mut self, now: Nanos, out: Next<'_>) {
        for at in 0..self.stages.len() {
            let mut due = Vec::new();
            self.stages[at].flush(now, &mut |entry| due.push(entry));
            for entry in due {
                run(&mut self.stages[at + 1..], entry, now, out);
            }
        }
    }
}

fn run(stages: &mut [Box<dyn Stage>], entry: Entry, now: Nanos, out: Next<'_>) {
    match stages.split_first_mut() {
        None => out(entry),
        Some((first, rest)) => first.process(entry, now, &mut |entry| run(rest, entry, now, out)),
    }
}

/// A stage that makes one line of one line.
struct Change<F>(F);

impl<F: FnMut(&mut Entry, Nanos) + Send> Stage for Change<F> {
    fn process(&mut self, mut entry: Entry, now: Nanos, next: Next<'_>) {
        (self.0)(&mut entry, now);
        next(entry);
    }
}

fn build(stage: &promtail::Stage, metrics: &Arc<StageMetrics>) -> Result<Box<dyn Stage>, StageError> {
    Ok(match stage {
        promtail::Stage::Json(config) => Box::new(json::Json::new(config)?),
        promtail::Stage::Logfmt(config) => logfmt::logfmt(config),
        promtail::Stage::Regex(config) => regex::regex(config),
        promtail::Stage::Timestamp(config) => Box::new(timestamp::Timestamp::new(config)?),
        promtail::Stage::Labels(pairs) => labels::labels(pairs),
        promtail::Stage::StructuredMetadata(pairs) => labels::structured_metadata(pairs),
        promtail::Stage::StaticLabels(pairs) => labels::static_labels(pairs),
        promtail::Stage::LabelDrop(names) => labels::label_drop(names),
        promtail::Stage::LabelAllow(names) => labels::label_allow(names),
        promtail::Stage::Template(config) => template::template(config)?,
        promtail::Stage::Match(config) => Box::new(match_stage::Match::new(config, metrics)?),
        promtail::Stage::Drop(config) => Box::new(drop::Drop::new(config, metrics)),
        promtail::Stage::Multiline(config) => Box::new(multiline::Multiline::new(config)),
        promtail::Stage::Output(source) => output::output(source),
        promtail::Stage::Metrics(configs) => Box::new(metrics::MetricsStage::new(configs, metrics)),
        promtail::Stage::Replace(config) => replace::replace(config)?,
        promtail::Stage::Limit(config) => Box::new(limit::Limit::new(config, metrics)),
        promtail::Stage::Sampling(config) => Box::new(sampling::Sampling::new(*config)),
        promtail::Stage::Pack(config) => pack::pack(config),
        promtail::Stage::Decolorize => output::decolorize(),
        promtail::Stage::Docker => docker::docker(),
        promtail::Stage::Cri(config) => Box::new(cri::Cri::new(*config)),
        // The lab has one tenant: a line keeps going to it.
        promtail::Stage::Tenant(_) => Box::new(Change(|_: &mut Entry, _| {})),
    })
}

#[cfg(test)]
mod tests;
