//! Reads series from the store: instant selectors, and the windows of range selectors.

use crate::ast::{Expr, Node, Selector};
use crate::column::{ABSENT, Column};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::grid::{Grid, Windows};
use model::Labels;
use model::metrics::{Sample, is_stale};

/// What is known of the series whose windows are shown.
pub(crate) struct Source<'a> {
    pub labels: &'a Labels,
    pub drop_name: bool,
}

pub(crate) type SeeWindows<'f> =
    &'f mut dyn FnMut(&mut Evaluator<'_>, &Source<'_>, &[Sample], &Windows) -> Result<(), EvalError>;

impl Evaluator<'_> {
    /// The newest sample of each series within the lookback of each step; with `times` its time in seconds in its place.
    pub fn select_instant(
        &mut self,
        selector: &Selector,
        grid: &Grid,
        times: bool,
    ) -> Result<Vec<Column>, EvalError> {
        let windows = Windows::new(*grid, self.resolve(selector.at), selector.offset, self.limits.lookback);
        let readers = self.store.select(windows.hull(), &selector.matchers)?;
        let mut columns = Vec::with_capacity(readers.len());
        let mut samples = Vec::new();
        for reader in readers {
            samples.clear();
            reader.read(windows.hull(), &mut samples)?;
            self.charge(samples.len() + grid.len)?;
            let mut values = vec![ABSENT; grid.len];
            let mut any = false;
            let mut next = 0;
            for (step, value) in values.iter_mut().enumerate() {
                let end = windows.end(step);
                while next < samples.len() && samples[next].t <= end {
                    next += 1;
                }
                let Some(last) = next.checked_sub(1).map(|at| samples[at]) else { continue };
                if last.t > end.saturating_sub(windows.length) && !is_stale(last.v) {
                    *value = if times { last.t as f64 / 1e3 } else { last.v };
                    any = true;
                }
            }
            if any {
                columns.push(Column::new(reader.labels().clone(), false, values));
            }
        }
        Ok(columns)
    }

    /// Shows the samples of each series of a range selector or subquery, once, with the windows over them.
    pub fn each_window(&mut self, expr: &Expr, grid: &Grid, see: SeeWindows<'_>) -> Result<(), EvalError> {
        match &expr.unwrapped().node {
            Node::Matrix(selector, range) => self.each_selected(selector, *range, grid, see),
            Node::Subquery(subquery) => self.each_of_subquery(subquery, grid, see),
            _ => Err(EvalError::Execution(format!("expected a range vector: {expr}"))),
        }
    }

    fn each_selected(
        &mut self,
        selector: &Selector,
        range: i64,
        grid: &Grid,
        see: SeeWindows<'_>,
    ) -> Result<(), EvalError> {
        let windows = Windows::new(*grid, self.resolve(selector.at), selector.offset, range);
        let readers = self.store.select(windows.hull(), &selector.matchers)?;
        let mut samples = Vec::new();
        for reader in readers {
            samples.clear();
            reader.read(windows.hull(), &mut samples)?;
            self.charge(samples.len())?;
            if samples.iter().any(|sample| is_stale(sample.v)) {
                samples.retain(|sample| !is_stale(sample.v));
            }
            let source = Source { labels: reader.labels(), drop_name: false };
            see(self, &source, &samples, &windows)?;
        }
        Ok(())
    }
}
