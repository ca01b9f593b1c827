//! `limitk` and `limit_ratio`: a sample of the series, the same one every time.

use super::Groups;
use super::rank::counts;
use crate::ast::Pos;
use crate::column::{ABSENT, Column, present};
use crate::error::EvalError;
use crate::eval::Evaluator;

/// The first k series of each group.
pub(super) fn first(
    mut columns: Vec<Column>,
    groups: &Groups,
    scalars: &[f64],
) -> Result<Vec<Column>, EvalError> {
    let counts = counts(scalars)?;
    for members in groups.members() {
        for (step, count) in counts.iter().enumerate() {
            let mut left = *count;
            for at in &members {
                let value = &mut columns[*at].values[step];
                if !present(*value) {
                    continue;
                }
                match left.checked_sub(1) {
                    Some(fewer) => left = fewer,
                    None => *value = ABSENT,
                }
            }
        }
    }
    columns.retain(Column::any_present);
    Ok(columns)
}

/// A place between 0 and 1 for each series, from its labels alone. (Upstream hashes differently, so the choice differs;
/// that ratio and 1 - ratio complement each other holds here as well.)
fn place(column: &Column) -> f64 {
    // The finalizer of splitmix64 spreads FNV's weak upper bits.
    let mut hash = column.labels.fingerprint();
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ (hash >> 31)) as f64 / u64::MAX as f64
}

/// About `ratio` of the series; a negative ratio gives those that `1 + ratio` leaves out.
pub(super) fn ratio(
    evaluator: &mut Evaluator<'_>,
    mut columns: Vec<Column>,
    ratios: &[f64],
    pos: Pos,
) -> Result<Vec<Column>, EvalError> {
    if ratios.iter().any(|ratio| ratio.is_nan()) {
        return Err(EvalError::Execution("Ratio value is NaN".to_owned()));
    }
    for ratio in ratios.iter().filter(|ratio| ratio.abs() > 1.0) {
        evaluator.notes.ratio_out_of_range(*ratio, ratio.clamp(-1.0, 1.0), pos);
    }
    for column in &mut columns {
        let place = place(column);
        for (value, ratio) in column.values.iter_mut().zip(ratios) {
            let ratio = ratio.clamp(-1.0, 1.0);
            let kept = if ratio >= 0.0 { place < ratio } else { place >= 1.0 + ratio };
            if !kept {
                *value = ABSENT;
            }
        }
    }
    columns.retain(Column::any_present);
    Ok(columns)
}
