//! Subqueries: an expression evaluated on a finer grid of its own, whose values become samples.

use crate::ast::Subquery;
use crate::column::{merge_same, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::{Grid, Windows};
use crate::select::{SeeWindows, Source};
use model::Labels;
use model::metrics::Sample;

impl Evaluator<'_> {
    pub fn each_of_subquery(
        &mut self,
        subquery: &Subquery,
        grid: &Grid,
        see: SeeWindows<'_>,
    ) -> Result<(), EvalError> {
        let windows = Windows::new(*grid, self.resolve(subquery.at), subquery.offset, subquery.range);
        let inner = inner_grid(&windows, subquery.step.unwrap_or(self.limits.default_step));
        // Before anything of that size is allocated.
        if inner.len > self.limits.max_samples {
            return Err(EvalError::TooManySamples { limit: self.limits.max_samples });
        }
        let columns = match self.eval(&subquery.expr, &inner)? {
            Out::Vector(columns) => merge_same(columns)?,
            Out::Scalar(values) => vec![crate::column::Column::new(Labels::empty(), false, values)],
            Out::Text(_) => Vec::new(),
        };
        let mut samples: Vec<Sample> = Vec::new();
        for column in columns {
            samples.clear();
            let values = inner.times().zip(&column.values).filter(|(_, value)| present(**value));
            samples.extend(values.map(|(t, v)| Sample { t, v: *v }));
            self.charge(samples.len())?;
            let source = Source { labels: &column.labels, drop_name: column.drop_name };
            see(self, &source, &samples, &windows)?;
        }
        Ok(())
    }
}

/// The multiples of `step` within the windows. They do not depend on when the query runs, so that a panel that moves on
/// shows the same points.
fn inner_grid(windows: &Windows, step: i64) -> Grid {
    let before = windows.before();
    let start = before.div_euclid(step).saturating_add(1).saturating_mul(step);
    Grid::between(start, windows.last(), step)
}
