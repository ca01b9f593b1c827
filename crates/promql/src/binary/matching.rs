//! Arithmetic and comparison between vectors: series find each other by labels; that a match is unique is judged step by step.

use super::Apply;
use crate::ast::{Binary, Cardinality, Matching};
use crate::column::{Column, present};
use crate::error::{EvalError, same_labels};
use crate::grid::Grid;
use crate::num::go_labels;
use model::Labels;
use model::labels::METRIC_NAME;
use std::collections::HashMap;

/// The labels by which series match: those of `on`, or all but those of `ignoring` and the name.
pub(super) fn match_key(labels: &Labels, matching: &Matching) -> Labels {
    let named = |name: &str| matching.labels.iter().any(|label| label == name);
    let kept = labels.as_slice().iter().filter(|label| {
        if matching.on { named(&label.name) } else { &*label.name != METRIC_NAME && !named(&label.name) }
    });
    Labels::from_sorted(kept.cloned().collect())
}

/// The columns of both sides that have one key.
struct Group {
    key: Labels,
    many: Vec<usize>,
    one: Vec<usize>,
}

struct Join<'a> {
    binary: &'a Binary,
    apply: Apply,
    many: Vec<Column>,
    one: Vec<Column>,
    /// Whether the many side is the right operand.
    swapped: bool,
    grid: &'a Grid,
    answers: Vec<Column>,
    index: HashMap<(Labels, bool), usize>,
}

pub(super) fn eval(
    binary: &Binary,
    apply: Apply,
    left: Vec<Column>,
    right: Vec<Column>,
    grid: &Grid,
) -> Result<Vec<Column>, EvalError> {
    let swapped = binary.matching.card == Cardinality::OneToMany;
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let groups = group(&many, &one, &binary.matching);
    let mut join =
        Join { binary, apply, many, one, swapped, grid, answers: Vec::new(), index: HashMap::new() };
    for group in &groups {
        join.group(group)?;
    }
    let mut answers = join.answers;
    answers.retain(Column::any_present);
    Ok(answers)
}

fn group(many: &[Column], one: &[Column], matching: &Matching) -> Vec<Group> {
    let mut index: HashMap<Labels, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let sides = many.iter().enumerate().map(|(at, column)| (at, column, true));
    let sides = sides.chain(one.iter().enumerate().map(|(at, column)| (at, column, false)));
    for (at, column, is_many) in sides {
        let key = match_key(&column.labels, matching);
        let place = *index.entry(key.clone()).or_insert_with(|| {
            groups.push(Group { key, many: Vec::new(), one: Vec::new() });
            groups.len() - 1
        });
        if is_many { groups[place].many.push(at) } else { groups[place].one.push(at) }
    }
    groups
}

impl Join<'_> {
    fn fills(&self) -> (Option<f64>, Option<f64>) {
        // As upstream has it, "left" is the many side of a grouped operation, on whichever side of the operator it stands.
        let Matching { fill_left, fill_right, .. } = self.binary.matching;
        (fill_left, fill_right)
    }

    fn group(&mut self, group: &Group) -> Result<(), EvalError> {
        let (fill_many, fill_one) = self.fills();
        let unmatched =
            (group.one.is_empty() && fill_one.is_none()) || (group.many.is_empty() && fill_many.is_none());
        // Series of the one side that nobody asks for must be unique all the same.
        if unmatched && group.one.len() < 2 {
            return Ok(());
        }
        let ones = self.unique_ones(group)?;
        if unmatched {
            return Ok(());
        }
        let one_to_one = self.binary.matching.card == Cardinality::OneToOne;
        let mut taken = vec![false; self.grid.len];
        for many in &group.many {
            let mut outputs: HashMap<Option<usize>, usize> = HashMap::new();
            for step in 0..self.grid.len {
                let value = self.many[*many].values[step];
                if !present(value) {
                    continue;
                }
                let partner = match (ones[step], fill_one) {
                    (Some(one), _) => self.one[one].values[step],
                    (None, Some(fill)) => fill,
                    (None, None) => continue,
                };
                // Ambiguity is an error whether a comparison keeps the values or not.
                if one_to_one && taken[step] && ones[step].is_some() {
                    return Err(EvalError::Execution(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                            .to_owned(),
                    ));
                }
                taken[step] = true;
                let result = self.value(value, partner);
                if !present(result) {
                    continue;
                }
                let output = match outputs.get(&ones[step]) {
                    Some(output) => *output,
                    None => {
                        let one_labels = ones[step].map_or(&group.key, |one| &self.one[one].labels);
                        let labels = self.result_labels(&self.many[*many].labels, one_labels);
                        let drop_name = self.many[*many].drop_name || self.binary.return_bool;
                        let output = self.output(labels, drop_name);
                        outputs.insert(ones[step], output);
                        output
                    }
                };
                self.write(output, step, result)?;
            }
        }
        match fill_many {
            Some(fill) => self.fill(group, &ones, &taken, fill),
            None => Ok(()),
        }
    }

    /// Values for those of the one side that found no partner.
    fn fill(
        &mut self,
        group: &Group,
        ones: &[Option<usize>],
        taken: &[bool],
        fill: f64,
    ) -> Result<(), EvalError> {
        for step in 0..self.grid.len {
            let Some(one) = ones[step].filter(|_| !taken[step]) else { continue };
            let result = self.value(fill, self.one[one].values[step]);
            if present(result) {
                let labels = self.result_labels(&group.key, &self.one[one].labels);
                let output = self.output(labels, self.binary.return_bool);
                self.write(output, step, result)?;
            }
        }
        Ok(())
    }

    /// The one side's column of a group at each step.
    fn unique_ones(&self, group: &Group) -> Result<Vec<Option<usize>>, EvalError> {
        let mut ones: Vec<Option<usize>> = vec![None; self.grid.len];
        for at in &group.one {
            for (step, slot) in ones.iter_mut().enumerate() {
                if !present(self.one[*at].values[step]) {
                    continue;
                }
                // With nothing on the other side, not even a value to fill in, there is no matching that could be ambiguous.
                let filled = self.fills().0.is_some();
                let met = || filled || self.many.iter().any(|column| present(column.values[step]));
                match slot.replace(*at) {
                    Some(before) if met() => return Err(self.duplicate(group, before, *at)),
                    _ => {}
                }
            }
        }
        Ok(ones)
    }

    fn duplicate(&self, group: &Group, first: usize, second: usize) -> EvalError {
        let side = if self.swapped { "left" } else { "right" };
        let mut pair = [&self.one[first].labels, &self.one[second].labels];
        pair.sort();
        EvalError::Execution(format!(
            "found duplicate series for the match group {} on the {side} hand-side of the operation: [{}, {}];many-to-many \
             matching not allowed: matching labels must be unique on one side",
            go_labels(&group.key),
            go_labels(pair[0]),
            go_labels(pair[1]),
        ))
    }

    fn value(&self, many: f64, one: f64) -> f64 {
        let (left, right) = if self.swapped { (one, many) } else { (many, one) };
        self.apply.value(left, right, left, self.binary.return_bool)
    }

    fn output(&mut self, labels: Labels, drop_name: bool) -> usize {
        let answers = &mut self.answers;
        let len = self.grid.len;
        *self.index.entry((labels, drop_name)).or_insert_with_key(|(labels, drop_name)| {
            answers.push(Column::absent(labels.clone(), *drop_name, len));
            answers.len() - 1
        })
    }

    fn write(&mut self, output: usize, step: usize, value: f64) -> Result<(), EvalError> {
        let slot = &mut self.answers[output].values[step];
        if present(*slot) {
            return Err(match self.binary.matching.card {
                Cardinality::OneToOne => same_labels(),
                _ => EvalError::Execution(
                    "multiple matches for labels: grouping labels must ensure unique matches".to_owned(),
                ),
            });
        }
        *slot = value;
        Ok(())
    }

    fn result_labels(&self, many: &Labels, one: &Labels) -> Labels {
        let matching = &self.binary.matching;
        let mut builder = many.to_builder();
        if matches!(self.apply, Apply::Number(_)) {
            builder.remove(METRIC_NAME);
        }
        if matching.card == Cardinality::OneToOne {
            builder.retain(|name, _| matching.labels.iter().any(|label| label == name) == matching.on);
        }
        for label in &matching.include {
            builder.set(label, one.value(label));
        }
        builder.build()
    }
}
