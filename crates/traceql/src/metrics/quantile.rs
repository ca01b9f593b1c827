//! Quantiles from buckets whose bounds are powers of two, with exponential interpolation: the method that makes the
//! numbers equal to Tempo's (pkg/traceql, `Log2Quantile`).

use crate::value::Value;
use std::collections::BTreeMap;

/// The power of two at or above a number of two or more; smaller numbers and other types have no bucket.
pub(super) fn bucket_of(value: &Value) -> Option<u8> {
    let (Value::Duration(number) | Value::Int(number)) = value else { return None };
    if *number < 2 {
        return None;
    }
    Some((64 - (*number as u64 - 1).leading_zeros()) as u8)
}

pub(super) fn bound(power: u8, unit: f64) -> f64 {
    2_f64.powi(i32::from(power)) / unit
}

/// The `p`-quantile; 0 without observations.
///
/// The rank is rounded up, and counts of small distributions so are whole observations. When buckets end exactly at
/// the rank, the bound is the answer; else it lies between the bounds of the present bucket and of the one that has
/// observations before it, on a logarithmic scale.
pub(super) fn quantile(p: f64, buckets: &BTreeMap<u8, u64>, unit: f64) -> f64 {
    let all: u64 = buckets.values().sum();
    if all == 0 {
        return 0.0;
    }
    let rank = ((p * all as f64).ceil() as u64).max(1);
    let mut below = 0;
    let mut lower: Option<f64> = None;
    for (power, count) in buckets {
        let upper = bound(*power, unit).log2();
        if below + count == rank {
            return bound(*power, unit);
        }
        if below + count > rank {
            let share = (rank - below) as f64 / *count as f64;
            let from = lower.unwrap_or(upper - 1.0);
            return (from + (upper - from) * share).exp2();
        }
        below += count;
        lower = Some(upper);
    }
    0.0
}
