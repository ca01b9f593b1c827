//! `drop`: drops lines for which all conditions hold.

use super::{Entry, Next, Stage, StageMetrics};
use model::clock::Nanos;
use stackconf::promtail::stages::DropStage;
use std::sync::Arc;

pub(super) struct Drop {
    config: DropStage,
    metrics: Arc<StageMetrics>,
}

impl Drop {
    pub(super) fn new(config: &DropStage, metrics: &Arc<StageMetrics>) -> Self {
        Self { config: config.clone(), metrics: metrics.clone() }
    }

    fn holds(&self, entry: &Entry, now: Nanos) -> bool {
        let config = &self.config;
        if config.longer_than.is_some_and(|longest| entry.line.len() as u64 <= longest) {
            return false;
        }
        if let Some(age) = config.older_than {
            let oldest = now.saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
            if entry.t >= oldest {
                return false;
            }
        }
        let value = if config.source.is_empty() {
            Some(entry.line.clone())
        } else {
            let values: Option<Vec<_>> = config.source.iter().map(|name| entry.text(name)).collect();
            values.map(|values| values.join(&config.separator))
        };
        // A source alone asks whether the value is there.
        let Some(value) = value else { return false };
        config.expression.as_ref().is_none_or(|expression| expression.is_match(&value))
            && config.value.as_ref().is_none_or(|wanted| *wanted == value)
    }
}

impl Stage for Drop {
    fn process(&mut self, entry: Entry, now: Nanos, next: Next<'_>) {
        if self.holds(&entry, now) {
            self.metrics.dropped(&self.config.drop_counter_reason);
        } else {
            next(entry);
        }
    }
}
