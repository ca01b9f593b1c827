//! `info`: adds the labels of info metrics (`target_info`) to the series of the same instance and job.

use crate::ast::{Call, Expr, Node, Selector};
use crate::column::{Column, present};
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use crate::num::go_labels;
use model::labels::METRIC_NAME;
use model::{Labels, Matcher};
use std::collections::HashMap;

const DEFAULT_INFO_METRIC: &str = "target_info";
/// The labels that say which info series belongs to a series.
const IDENTIFYING: [&str; 2] = ["instance", "job"];

/// The info series that may be joined, and the times of their samples (the newest wins).
struct InfoSeries {
    columns: Vec<Column>,
    times: Vec<Column>,
    /// By metric name and identifying labels.
    index: HashMap<Labels, Vec<usize>>,
    names: Vec<String>,
}

impl InfoSeries {
    fn key(labels: &Labels, name: &str) -> Labels {
        let mut builder = labels.to_builder();
        builder.retain(|label, _| IDENTIFYING.contains(&label));
        builder.set(METRIC_NAME, name);
        builder.build()
    }

    /// Reads at the time of the base series: the `@` and offset of its (first) selector.
    fn read(
        evaluator: &mut Evaluator<'_>,
        matchers: Vec<Matcher>,
        base: &Expr,
        grid: &Grid,
    ) -> Result<Self, EvalError> {
        let (offset, at) = base.first_selector().map_or((0, None), |selector| (selector.offset, selector.at));
        let selector = Selector { name: None, matchers, offset, at };
        let columns = evaluator.select_instant(&selector, grid, false)?;
        let times = evaluator.select_instant(&selector, grid, true)?;
        let mut index: HashMap<Labels, Vec<usize>> = HashMap::new();
        let mut names: Vec<String> = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let name = column.labels.value(METRIC_NAME);
            index.entry(Self::key(&column.labels, name)).or_default().push(at);
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Ok(Self { columns, times, index, names })
    }

    /// The series of one metric that belong to `labels` at a step: the one with the newest sample.
    fn newest(&self, key: &Labels, step: usize) -> Result<Option<usize>, EvalError> {
        let mut best: Option<usize> = None;
        for at in self.index.get(key).into_iter().flatten().copied() {
            let time = self.times[at].values[step];
            if !present(time) {
                continue;
            }
            match best {
                Some(old) if self.times[old].values[step] == time => {
                    let (old, new) =
                        (go_labels(&self.columns[old].labels), go_labels(&self.columns[at].labels));
                    let text = format!("found duplicate series for info metric: existing {old}, new {new}");
                    return Err(EvalError::Execution(text));
                }
                Some(old) if self.times[old].values[step] > time => {}
                _ => best = Some(at),
            }
        }
        Ok(best)
    }
}

pub(super) fn info(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let base = evaluator.vector(&call.args[0], grid)?;
    let given: &[Matcher] = match call.args.get(1).map(|arg| &arg.node) {
        Some(Node::Vector(selector)) => &selector.matchers,
        _ => &[],
    };
    let (mut named, data): (Vec<Matcher>, Vec<Matcher>) =
        given.iter().cloned().partition(|matcher| matcher.name == METRIC_NAME);
    if named.is_empty() {
        named.push(Matcher::equal(METRIC_NAME, DEFAULT_INFO_METRIC));
    }
    let info =
        InfoSeries::read(evaluator, named.iter().chain(&data).cloned().collect(), &call.args[0], grid)?;
    let required = data.iter().any(|matcher| !matcher.matches_empty());
    let mut answers: Vec<Column> = Vec::new();
    for column in base {
        let is_info = named.iter().all(|matcher| matcher.matches(column.labels.value(METRIC_NAME)));
        if is_info {
            answers.push(column);
            continue;
        }
        evaluator.charge(grid.len)?;
        let keys: Vec<Labels> = info.names.iter().map(|name| InfoSeries::key(&column.labels, name)).collect();
        let mut outputs: HashMap<Vec<usize>, usize> = HashMap::new();
        for (step, value) in column.values.iter().enumerate().filter(|(_, value)| present(**value)) {
            let mut matched = Vec::new();
            for key in &keys {
                matched.extend(info.newest(key, step)?);
            }
            if matched.is_empty() && required {
                continue;
            }
            let at = match outputs.get(&matched) {
                Some(at) => *at,
                None => {
                    let labels = joined(&column.labels, &info, &matched, &data)?;
                    answers.push(Column::absent(labels, column.drop_name, grid.len));
                    outputs.insert(matched, answers.len() - 1);
                    answers.len() - 1
                }
            };
            answers[at].values[step] = *value;
        }
    }
    crate::column::merge_same(answers).map(Out::Vector)
}

/// The labels of a series with those of its info series added; its own labels win.
fn joined(
    base: &Labels,
    info: &InfoSeries,
    matched: &[usize],
    data: &[Matcher],
) -> Result<Labels, EvalError> {
    let mut builder = base.to_builder();
    let mut added: HashMap<&str, &str> = HashMap::new();
    for at in matched {
        for (name, value) in info.columns[*at].labels.iter() {
            let wanted = data.is_empty() || data.iter().any(|matcher| matcher.name == name);
            if name == METRIC_NAME || !wanted || base.get(name).is_some() {
                continue;
            }
            if added.insert(name, value).is_some_and(|before| before != value) {
                return Err(EvalError::Execution(format!("conflicting label: {name}")));
            }
            builder.set(name, value);
        }
    }
    Ok(builder.build())
}
