//! The quantile of each group.

use super::Groups;
use crate::ast::Pos;
use crate::column::{ABSENT, Column, present};
use crate::eval::Evaluator;
use crate::num;

pub(super) fn quantile(
    evaluator: &mut Evaluator<'_>,
    columns: &[Column],
    groups: &Groups,
    quantiles: &[f64],
    pos: Pos,
) -> Vec<Column> {
    for q in quantiles.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
        evaluator.notes.quantile_out_of_range(*q, pos);
    }
    let mut sorted = Vec::new();
    let members = groups.members();
    let answers = members.iter().enumerate().map(|(group, members)| {
        let values = quantiles.iter().enumerate().map(|(step, q)| {
            sorted.clear();
            sorted.extend(members.iter().map(|at| columns[*at].values[step]).filter(|value| present(*value)));
            if sorted.is_empty() { ABSENT } else { num::quantile(*q, &mut sorted) }
        });
        groups.column(group, values.collect())
    });
    answers.filter(Column::any_present).collect()
}
