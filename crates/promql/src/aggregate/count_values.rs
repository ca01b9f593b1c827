//! `count_values`: how often each value occurs, the value as a label.

use super::Groups;
use crate::ast::Text;
use crate::column::{ABSENT, Column, present};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::functions::is_label_name;
use crate::grid::Grid;
use crate::num::{format_float, quote};
use std::collections::BTreeMap;

pub(super) fn count_values(
    evaluator: &mut Evaluator<'_>,
    columns: &[Column],
    groups: &Groups,
    label: &Text,
    grid: &Grid,
) -> Result<Vec<Column>, EvalError> {
    if !is_label_name(label) {
        let name = label.bad.clone().unwrap_or_else(|| quote(&label.value));
        return Err(EvalError::Execution(format!("invalid label name {name}")));
    }
    let mut answers = Vec::new();
    for (group, members) in groups.members().into_iter().enumerate() {
        let mut counts: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for at in members {
            for (step, value) in columns[at].values.iter().enumerate().filter(|(_, value)| present(**value)) {
                let text = format_float(*value);
                if !counts.contains_key(&text) {
                    // Every value that occurs makes a series of its own.
                    evaluator.charge(grid.len)?;
                    counts.insert(text.clone(), vec![ABSENT; grid.len]);
                }
                if let Some(counts) = counts.get_mut(&text) {
                    counts[step] = if present(counts[step]) { counts[step] + 1.0 } else { 1.0 };
                }
            }
        }
        for (text, values) in counts {
            let mut builder = groups.labels[group].to_builder();
            builder.set(&label.value, &text);
            answers.push(Column::new(builder.build(), groups.drop_name[group], values));
        }
    }
    crate::column::merge_same(answers)
}
