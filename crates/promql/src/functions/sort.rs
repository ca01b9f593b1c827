//! Orders for instant queries. Range queries are always ordered by labels.

use crate::ast::Call;
use crate::column::Column;
use crate::error::EvalError;
use crate::eval::{Evaluator, Out};
use crate::grid::Grid;
use std::cmp::Ordering;

/// Evaluates the argument and sorts it by `order` where that has an effect.
fn sorted(
    evaluator: &mut Evaluator<'_>,
    call: &Call,
    grid: &Grid,
    order: impl Fn(&Column, &Column) -> Ordering,
) -> Result<Out, EvalError> {
    if evaluator.is_range() {
        evaluator.notes.sort_in_range_query(call.pos);
    }
    let mut columns = evaluator.vector(&call.args[0], grid)?;
    if grid.len == 1 {
        columns.sort_by(order);
    }
    Ok(Out::Vector(columns))
}

/// NaN comes last in either direction.
fn by_value(a: &Column, b: &Column, descending: bool) -> Ordering {
    let (a, b) = (a.values[0], b.values[0]);
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
            if descending { order.reverse() } else { order }
        }
    }
}

pub(super) fn sort(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    sorted(evaluator, call, grid, |a, b| by_value(a, b, false))
}

pub(super) fn sort_desc(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    sorted(evaluator, call, grid, |a, b| by_value(a, b, true))
}

fn labels_of(evaluator: &mut Evaluator<'_>, call: &Call) -> Result<Vec<String>, EvalError> {
    let mut names = Vec::new();
    for arg in &call.args[1..] {
        let name = evaluator.text(arg)?;
        if !super::labels::is_label_name(&name) {
            return Err(EvalError::Execution(format!("invalid label name {:?}", name.value)));
        }
        names.push(name.value);
    }
    Ok(names)
}

/// By the given labels in natural order, then by all labels, so that the order is always the same.
fn by_names(a: &Column, b: &Column, names: &[String]) -> Ordering {
    let each = names.iter().map(|name| natural(a.labels.value(name), b.labels.value(name)));
    each.fold(Ordering::Equal, Ordering::then).then_with(|| a.labels.cmp(&b.labels))
}

pub(super) fn by_label(evaluator: &mut Evaluator<'_>, call: &Call, grid: &Grid) -> Result<Out, EvalError> {
    let names = labels_of(evaluator, call)?;
    sorted(evaluator, call, grid, |a, b| by_names(a, b, &names))
}

pub(super) fn by_label_desc(
    evaluator: &mut Evaluator<'_>,
    call: &Call,
    grid: &Grid,
) -> Result<Out, EvalError> {
    let names = labels_of(evaluator, call)?;
    sorted(evaluator, call, grid, |a, b| by_names(a, b, &names).reverse())
}

/// Compares texts so that runs of digits count as numbers: `node2` comes before `node10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(first), Some(second)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
            let ((left, rest_a), (right, rest_b)) = (a.split_at(digits(a)), b.split_at(digits(b)));
            let significant = |text: &str| text.trim_start_matches('0').to_owned();
            let (x, y) = (significant(left), significant(right));
            let order =
                x.len().cmp(&y.len()).then_with(|| x.cmp(&y)).then_with(|| left.len().cmp(&right.len()));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if first == second {
            (a, b) = (&a[first.len_utf8()..], &b[second.len_utf8()..]);
        } else {
            return first.cmp(&second);
        }
    }
}
