//! Recording rules: the result of an expression under a name of its own.

use crate::rule::{Asker, Written};
use model::Labels;
use model::clock::Millis;
use model::labels::METRIC_NAME;
use promql::Expr;
use std::collections::{BTreeMap, HashSet};

pub(crate) struct RecordingRule {
    pub metric: String,
    pub expr: Expr,
    pub labels: BTreeMap<String, String>,
}

impl RecordingRule {
    pub fn new(metric: &str, expr: Expr, labels: &BTreeMap<String, String>) -> Self {
        Self { metric: metric.to_owned(), expr, labels: labels.clone() }
    }

    /// The samples to write. `at` is the time the expression is asked for.
    pub fn evaluate(&self, asker: &Asker, at: Millis, limit: u64) -> Result<Vec<Written>, String> {
        let found = asker.ask(&self.expr, at)?;
        let mut seen: HashSet<Labels> = HashSet::with_capacity(found.len());
        let mut written = Vec::with_capacity(found.len());
        for (labels, value) in found {
            let mut builder = labels.to_builder();
            builder.set(METRIC_NAME, &self.metric);
            for (name, value) in &self.labels {
                builder.set(name, value);
            }
            let labels = builder.build();
            if !seen.insert(labels.clone()) {
                return Err(
                    "vector contains metrics with the same labelset after applying rule labels".to_owned()
                );
            }
            written.push((labels, value));
        }
        if limit > 0 && written.len() as u64 > limit {
            return Err(format!("exceeded limit of {limit} with {} series", written.len()));
        }
        Ok(written)
    }
}
