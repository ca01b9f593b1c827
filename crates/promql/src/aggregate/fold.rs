//! Aggregations that take one value after the other: sum, avg, min, max, count, group, stddev, stdvar.

use super::Groups;
use crate::ast::AggregateOp;
use crate::column::{ABSENT, Column, present};
use crate::grid::Grid;
use crate::num::{Mean, add};

/// Folds each group's columns step by step with one accumulator per group and step.
fn each<A: Clone + Default>(
    columns: &[Column],
    groups: &Groups,
    grid: &Grid,
    push: impl Fn(&mut A, f64),
    get: impl Fn(&A) -> f64,
) -> Vec<Column> {
    // The flag tells a group without a value at a step from one whose value is zero.
    let mut cells: Vec<Vec<(A, bool)>> = vec![vec![(A::default(), false); grid.len]; groups.len()];
    for (column, group) in columns.iter().zip(&groups.of_column) {
        for (cell, value) in cells[*group].iter_mut().zip(&column.values) {
            if present(*value) {
                push(&mut cell.0, *value);
                cell.1 = true;
            }
        }
    }
    let value = |(state, seen): &(A, bool)| if *seen { get(state) } else { ABSENT };
    let values = cells.iter().map(|cells| cells.iter().map(value).collect());
    values
        .enumerate()
        .map(|(group, values)| groups.column(group, values))
        .filter(Column::any_present)
        .collect()
}

/// Mean and summed squares of the distance from it. Source: Welford's method.
#[derive(Clone, Copy, Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn push(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn variance(&self) -> f64 {
        self.squares / self.count
    }
}

/// The best value so far; NaN gives way to anything.
fn extreme(slot: &mut Option<f64>, value: f64, better: fn(f64, f64) -> bool) {
    match *slot {
        Some(old) if !better(value, old) && !old.is_nan() => {}
        _ => *slot = Some(value),
    }
}

pub(super) fn fold(columns: &[Column], groups: &Groups, op: AggregateOp, grid: &Grid) -> Vec<Column> {
    let best = |better: fn(f64, f64) -> bool| {
        let push = move |slot: &mut Option<f64>, value: f64| extreme(slot, value, better);
        each(columns, groups, grid, push, |slot| slot.unwrap_or(ABSENT))
    };
    match op {
        AggregateOp::Sum => each(
            columns,
            groups,
            grid,
            |state: &mut (f64, f64), value| *state = add(value, state.0, state.1),
            |(sum, lost)| sum + lost,
        ),
        AggregateOp::Avg => each(columns, groups, grid, Mean::push, Mean::get),
        AggregateOp::Max => best(|new, old| new > old),
        AggregateOp::Min => best(|new, old| new < old),
        AggregateOp::Count => each(columns, groups, grid, |count: &mut f64, _| *count += 1.0, |count| *count),
        AggregateOp::Stddev => each(columns, groups, grid, Spread::push, |spread| spread.variance().sqrt()),
        AggregateOp::Stdvar => each(columns, groups, grid, Spread::push, Spread::variance),
        _ => each(columns, groups, grid, |_: &mut (), _| {}, |()| 1.0),
    }
}
