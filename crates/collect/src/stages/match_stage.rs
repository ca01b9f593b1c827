//! `match`: stages for those lines only that a LogQL selector chooses; or such lines are dropped.

use super::{Entry, Next, Pipeline, Stage, StageError, StageMetrics};
use logql::pipeline::fields::Fields;
use logql::pipeline::hints::Hints;
use logql::pipeline::{self, Line};
use model::Matcher;
use model::clock::Nanos;
use stackconf::promtail::stages::{MatchAction, MatchStage};
use std::borrow::Cow;
use std::sync::Arc;

pub(super) struct Match {
    matchers: Vec<Matcher>,
    filter: pipeline::Pipeline,
    fields: Fields,
    drops: bool,
    reason: String,
    stages: Pipeline,
    metrics: Arc<StageMetrics>,
}

impl Match {
    pub(super) fn new(config: &MatchStage, metrics: &Arc<StageMetrics>) -> Result<Self, StageError> {
        let failed = |error: logql::ParseError| StageError { stage: "match", reason: error.to_string() };
        let log = logql::parse_log(&config.selector).map_err(failed)?;
        Ok(Self {
            filter: pipeline::Pipeline::compile(&log.stages).map_err(failed)?,
            matchers: log.matchers,
            fields: Fields::default(),
            drops: config.action == MatchAction::Drop,
            reason: config.drop_counter_reason.clone(),
            stages: Pipeline::new(&config.stages, metrics)?,
            metrics: metrics.clone(),
        })
    }

    fn chooses(&mut self, entry: &Entry) -> bool {
        let labels = entry.labels.clone().build();
        if !model::matcher::all_match(&self.matchers, &labels) {
            return false;
        }
        self.fields.reset(&labels, &[]);
        let hints = Hints::everything();
        let mut line =
            Line { t: entry.t, text: Cow::Borrowed(&entry.line), fields: &mut self.fields, hints: &hints };
        self.filter.run(&mut line)
    }
}

impl Stage for Match {
    fn process(&mut self, entry: Entry, now: Nanos, next: Next<'_>) {
        if !self.chooses(&entry) {
            next(entry);
        } else if self.drops {
            self.metrics.dropped(&self.reason);
        } else {
            self.stages.process(entry, now, next);
        }
    }

    fn flush(&mut self, now: Nanos, next: Next<'_>) {
        self.stages.flush(now, next);
    }
}
