//! `label_replace` and `label_join`.

use crate::ast::{Call, Text};
use crate::column::{Column, merge_same};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use crate::num::quote;
use model::Labels;
use model::labels::METRIC_NAME;

/// A label name: any text of UTF-8 but the empty one.
pub(crate) fn is_label_name(text: &Text) -> bool {
    text.bad.is_none() && !text.value.is_empty()
}

fn quoted(text: &Text) -> String {
    text.bad.clone().unwrap_or_else(|| quote(&text.value))
}

fn set(column: &mut Column, label: &str, value: &str) {
    let mut builder = column.labels.to_builder();
    builder.set(label, value);
    column.labels = builder.build();
    if label == METRIC_NAME {
        // A name that was given on purpose stays.
        column.drop_name = false;
    }
}

pub(super) fn replace(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let target = evaluator.text(&call.args[1])?;
    let template = evaluator.text(&call.args[2])?.value;
    let source = evaluator.text(&call.args[3])?.value;
    let pattern = evaluator.text(&call.args[4])?.value;
    let regex = model::matcher::anchored(&pattern).map_err(|_| {
        EvalError::Execution(format!("invalid regular expression in label_replace(): {pattern}"))
    })?;
    if !is_label_name(&target) {
        let name = target.bad.unwrap_or(target.value);
        return Err(EvalError::Execution(format!(
            "invalid destination label name in label_replace(): {name}"
        )));
    }
    let mut columns = evaluator.vector(&call.args[0], grid)?;
    let mut value = String::new();
    for column in &mut columns {
        let Some(captures) = regex.captures(column.labels.value(&source)) else { continue };
        value.clear();
        captures.expand(&template, &mut value);
        set(column, &target.value, &value);
    }
    merge_same(columns).map(Out::Vector)
}

pub(super) fn join(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let target = evaluator.text(&call.args[1])?;
    let separator = evaluator.text(&call.args[2])?.value;
    let mut sources = Vec::new();
    for arg in &call.args[3..] {
        let source = evaluator.text(arg)?;
        if !is_label_name(&source) {
            let name = quoted(&source);
            return Err(EvalError::Execution(format!("invalid source label name in label_join(): {name}")));
        }
        sources.push(source.value);
    }
    if !is_label_name(&target) {
        let name = quoted(&target);
        return Err(EvalError::Execution(format!("invalid destination label name in label_join(): {name}")));
    }
    let mut columns = evaluator.vector(&call.args[0], grid)?;
    for column in &mut columns {
        let value = joined(&column.labels, &sources, &separator);
        set(column, &target.value, &value);
    }
    merge_same(columns).map(Out::Vector)
}

fn joined(labels: &Labels, sources: &[String], separator: &str) -> String {
    sources.iter().map(|source| labels.value(source)).collect::<Vec<_>>().join(separator)
}
