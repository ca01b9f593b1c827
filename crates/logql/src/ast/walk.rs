//! Questions about a tree that several readers ask.

use super::{Expr, LogExpr, LogRange, MetricExpr};
use model::Matcher;

impl Expr {
    /// The stream selectors of the query, left to right.
    pub fn selectors(&self) -> Vec<Vec<Matcher>> {
        match self {
            Self::Log(log) => vec![log.matchers.clone()],
            Self::Metric(metric) => metric.ranges().iter().map(|range| range.log.matchers.clone()).collect(),
        }
    }

    /// The log part of a log query; of a metric query the first one.
    pub fn first_log(&self) -> Option<&LogExpr> {
        match self {
            Self::Log(log) => Some(log),
            Self::Metric(metric) => metric.ranges().first().map(|range| &range.log),
        }
    }
}

impl MetricExpr {
    /// All range selectors, left to right.
    pub fn ranges(&self) -> Vec<&LogRange> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a LogRange>) {
        match self {
            Self::Range(aggregation) => found.push(&aggregation.range),
            Self::Vector(aggregation) => aggregation.inner.collect(found),
            Self::LabelReplace(replace) => replace.inner.collect(found),
            Self::Binary(binary) => {
                binary.left.collect(found);
                binary.right.collect(found);
            }
            Self::Literal(_) | Self::Constant(_) => {}
        }
    }
}
