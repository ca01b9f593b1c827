//! `and`, `or`, `unless`: by the presence of matching series, judged step by step.

use super::matching::match_key;
use crate::ast::{Binary, BinaryOp};
use crate::column::{ABSENT, Column, merge_same, present};
use crate::error::EvalError;
use crate::grid::Grid;
use model::Labels;
use std::collections::HashMap;

/// Where any of the columns of each key has a value.
fn presence(columns: &[Column], binary: &Binary, grid: &Grid) -> HashMap<Labels, Vec<bool>> {
    let mut found: HashMap<Labels, Vec<bool>> = HashMap::new();
    for column in columns {
        let key = match_key(&column.labels, &binary.matching);
        let steps = found.entry(key).or_insert_with(|| vec![false; grid.len]);
        for (step, value) in steps.iter_mut().zip(&column.values) {
            *step |= present(*value);
        }
    }
    found
}

/// Removes the values at steps where the other side's presence is not `wanted`.
fn filter(columns: &mut Vec<Column>, binary: &Binary, other: &HashMap<Labels, Vec<bool>>, wanted: bool) {
    columns.retain_mut(|column| {
        match other.get(&match_key(&column.labels, &binary.matching)) {
            None => return !wanted,
            Some(steps) => {
                for (value, _) in column.values.iter_mut().zip(steps).filter(|(_, found)| **found != wanted) {
                    *value = ABSENT;
                }
            }
        }
        column.any_present()
    });
}

pub(super) fn eval(
    binary: &Binary,
    mut left: Vec<Column>,
    mut right: Vec<Column>,
    grid: &Grid,
) -> Result<Vec<Column>, EvalError> {
    match binary.op {
        BinaryOp::Or => {
            let found = presence(&left, binary, grid);
            filter(&mut right, binary, &found, false);
            left.append(&mut right);
            merge_same(left)
        }
        op => {
            let found = presence(&right, binary, grid);
            filter(&mut left, binary, &found, op == BinaryOp::And);
            Ok(left)
        }
    }
}
