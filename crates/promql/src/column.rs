//! The vectors of the evaluator: one column of values per series, one value per step.

use crate::error::{EvalError, same_labels};
use model::Labels;
use model::metrics::{STALE_NAN_BITS, is_stale};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Marks a step at which a series has no value. Stale markers never get this far, so their bits are free to use.
pub(crate) const ABSENT: f64 = f64::from_bits(STALE_NAN_BITS);

#[inline]
pub(crate) fn present(value: f64) -> bool {
    !is_stale(value)
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub labels: Labels,
    /// Whether the metric name goes at the end of the query: names are removed late, so that `label_replace` and `by`
    /// still see them.
    pub drop_name: bool,
    pub values: Vec<f64>,
}

impl Column {
    pub fn new(labels: Labels, drop_name: bool, values: Vec<f64>) -> Self {
        Self { labels, drop_name, values }
    }

    pub fn absent(labels: Labels, drop_name: bool, len: usize) -> Self {
        Self { labels, drop_name, values: vec![ABSENT; len] }
    }

    pub fn any_present(&self) -> bool {
        self.values.iter().any(|value| present(*value))
    }
}

/// Joins columns of the same labels whose values never meet. A name that is to go and one that stays are two things.
///
/// # Errors
/// When two of them have a value at the same step.
pub(crate) fn merge_same(columns: Vec<Column>) -> Result<Vec<Column>, EvalError> {
    let mut index: HashMap<(Labels, bool), usize> = HashMap::with_capacity(columns.len());
    let mut merged: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns {
        match index.entry((column.labels.clone(), column.drop_name)) {
            Entry::Vacant(slot) => {
                slot.insert(merged.len());
                merged.push(column);
            }
            Entry::Occupied(slot) => {
                let into = &mut merged[*slot.get()];
                for (old, new) in into.values.iter_mut().zip(column.values) {
                    if present(new) {
                        if present(*old) {
                            return Err(same_labels());
                        }
                        *old = new;
                    }
                }
            }
        }
    }
    Ok(merged)
}

/// Removes the names that are marked for removal, at the end of a query.
///
/// # Errors
/// When series that are told apart by their names only meet at a step.
pub(crate) fn remove_names(mut columns: Vec<Column>) -> Result<Vec<Column>, EvalError> {
    for column in &mut columns {
        if column.drop_name {
            column.labels = column.labels.without_name();
            column.drop_name = false;
        }
    }
    merge_same(columns)
}
