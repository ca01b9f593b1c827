//! `limit`: so many lines per second. What is over it is dropped, or waits.

use super::{Entry, Next, Stage, StageMetrics};
use model::clock::Nanos;
use stackconf::promtail::stages::LimitStage;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Lines that wait at a time; further ones are dropped and counted.
const MAX_WAITING: usize = 10_000;
const REASON: &str = "ratelimit_drop_stage";

struct Bucket {
    tokens: f64,
    last: Nanos,
}

pub(super) struct Limit {
    config: LimitStage,
    /// By the value of the label; one for all without a label.
    buckets: HashMap<String, Bucket>,
    waiting: VecDeque<Entry>,
    metrics: Arc<StageMetrics>,
}

impl Limit {
    pub(super) fn new(config: &LimitStage, metrics: &Arc<StageMetrics>) -> Self {
        Self {
            config: config.clone(),
            buckets: HashMap::new(),
            waiting: VecDeque::new(),
            metrics: metrics.clone(),
        }
    }

    fn allows(&mut self, entry: &Entry, now: Nanos) -> bool {
        let key = match &self.config.by_label_name {
            Some(name) => match entry.labels.get(name) {
                Some(value) => value.to_owned(),
                // Only lines that have the label are limited by it.
                None => return true,
            },
            None => String::new(),
        };
        let most = usize::try_from(self.config.max_distinct_labels).unwrap_or(usize::MAX);
        if self.buckets.len() >= most.max(1) && !self.buckets.contains_key(&key) {
            self.buckets.clear();
        }
        let burst = self.config.burst as f64;
        let bucket = self.buckets.entry(key).or_insert(Bucket { tokens: burst, last: now });
        let seconds = now.saturating_sub(bucket.last).max(0) as f64 / 1e9;
        bucket.last = now;
        bucket.tokens = (bucket.tokens + seconds * self.config.rate).min(burst);
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        allowed
    }
}

impl Stage for Limit {
    fn process(&mut self, entry: Entry, now: Nanos, next: Next<'_>) {
        // Who waits is first, or lines would overtake each other.
        if self.waiting.is_empty() && self.allows(&entry, now) {
            next(entry);
        } else if self.config.drop || self.waiting.len() >= MAX_WAITING {
            self.metrics.dropped(REASON);
        } else {
            self.waiting.push_back(entry);
            self.flush(now, next);
        }
    }

    fn flush(&mut self, now: Nanos, next: Next<'_>) {
        while let Some(entry) = self.waiting.pop_front() {
            if now != Nanos::MAX && !self.allows(&entry, now) {
                self.waiting.push_front(entry);
                return;
            }
            next(entry);
        }
    }
}
