//! `topk` and `bottomk`: the series with the largest or smallest values, chosen anew at every step.

use super::Groups;
use crate::column::{ABSENT, Column, present};
use crate::error::EvalError;
use std::cmp::Ordering;

/// How many series a step wants.
///
/// # Errors
/// When the number is NaN or does not fit an integer.
pub(super) fn counts(scalars: &[f64]) -> Result<Vec<usize>, EvalError> {
    let count = |k: &f64| {
        if k.is_nan() {
            return Err(EvalError::Execution("Parameter value is NaN".to_owned()));
        }
        // 2^63 as a float.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        if *k >= LIMIT || *k < -LIMIT {
            return Err(EvalError::Execution(format!(
                "Scalar value {} overflows int64",
                crate::num::format_float(*k)
            )));
        }
        Ok(if *k < 1.0 { 0 } else { *k as usize })
    };
    scalars.iter().map(count).collect()
}

/// Best value first, NaN last; of equal values the first series comes first, because the sort is stable.
fn better(a: f64, b: f64, largest: bool) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
            if largest { order.reverse() } else { order }
        }
    }
}

pub(super) fn rank(
    mut columns: Vec<Column>,
    groups: &Groups,
    scalars: &[f64],
    largest: bool,
) -> Result<Vec<Column>, EvalError> {
    let counts = counts(scalars)?;
    let mut order = Vec::with_capacity(columns.len());
    let mut found = Vec::new();
    for members in groups.members() {
        for (step, count) in counts.iter().enumerate() {
            found.clear();
            found.extend(members.iter().copied().filter(|at| present(columns[*at].values[step])));
            found.sort_by(|a, b| better(columns[*a].values[step], columns[*b].values[step], largest));
            let cut = (*count).min(found.len());
            for at in found.drain(cut..) {
                columns[at].values[step] = ABSENT;
            }
            if counts.len() == 1 {
                order.append(&mut found);
            }
        }
    }
    if counts.len() == 1 {
        // An instant answer is in the order of the ranks.
        let mut slots: Vec<Option<Column>> = columns.into_iter().map(Some).collect();
        return Ok(order.into_iter().filter_map(|at| slots[at].take()).collect());
    }
    columns.retain(Column::any_present);
    Ok(columns)
}
