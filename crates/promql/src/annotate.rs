//! Warnings and infos that travel with an answer, worded as upstream words them.

use crate::ast::Pos;
use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct Notes {
    warnings: BTreeSet<String>,
    infos: BTreeSet<String>,
}

impl Notes {
    fn warn(&mut self, text: &str, pos: Pos) {
        self.warnings.insert(format!("PromQL warning: {text} ({pos})"));
    }

    fn info(&mut self, text: &str, pos: Pos) {
        self.infos.insert(format!("PromQL info: {text} ({pos})"));
    }

    pub fn into_parts(self) -> (Vec<String>, Vec<String>) {
        (self.warnings.into_iter().collect(), self.infos.into_iter().collect())
    }

    pub fn quantile_out_of_range(&mut self, quantile: f64, pos: Pos) {
        let found = crate::num::format_float(quantile);
        self.warn(&format!("quantile value should be between 0 and 1, got {found}"), pos);
    }

    pub fn ratio_out_of_range(&mut self, found: f64, used: f64, pos: Pos) {
        let (found, used) = (crate::num::format_float(found), crate::num::format_float(used));
        self.warn(&format!("ratio value should be between -1 and 1, got {found}, capping to {used}"), pos);
    }

    pub fn bad_bucket(&mut self, metric: &str, found: &str, pos: Pos) {
        let (metric, found) = (crate::num::quote(metric), crate::num::quote(found));
        let text = format!(
            "bucket label \"le\" is missing or has a malformed value of {found} for metric name {metric}"
        );
        self.warn(&text, pos);
    }

    pub fn sort_in_range_query(&mut self, pos: Pos) {
        self.warn("sort is ineffective for range queries since results are always ordered by labels", pos);
    }

    pub fn not_a_counter(&mut self, metric: &str, pos: Pos) {
        let metric = crate::num::quote(metric);
        let text = format!(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {metric}"
        );
        self.info(&text, pos);
    }

    pub fn forced_monotonic(&mut self, metric: &str, pos: Pos) {
        let metric = crate::num::quote(metric);
        let see = "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile";
        let text = format!(
            "input to histogram_quantile needed to be fixed for monotonicity (see {see}) for metric name {metric}"
        );
        self.info(&text, pos);
    }
}
