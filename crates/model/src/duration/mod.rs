//! Durations as Prometheus and its relatives write them: `5s`, `1m30s`, `1h`, `15d`, `0`.

use std::time::Duration;

/// A duration that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid duration: found {found:?}, expected a number and a unit (ms, s, m, h, d, w, y), such as 30s or 1h30m"
)]
pub struct DurationError {
    pub found: String,
}

/// Units from large to small with their length in milliseconds. A year has 365 days and a day 24 hours, always.
/// Source: Prometheus documentation, "Float literals and time durations".
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a Prometheus duration. Units go from large to small, each at most once.
///
/// # Errors
/// [`DurationError`] with the text that was found.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let err = || DurationError { found: text.to_owned() };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next_unit = 0;
    if rest.is_empty() {
        return Err(err());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| err())?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = &rest[..letters];
        let at = UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(err)?;
        if at < next_unit {
            return Err(err());
        }
        next_unit = at + 1;
        total = number.checked_mul(UNITS[at].1).and_then(|ms| total.checked_add(ms)).ok_or_else(err)?;
        rest = &rest[letters..];
    }
    Ok(Duration::from_millis(total))
}

/// Writes a duration the way Prometheus does: the largest units first, nothing that is zero, `0s` for none.
pub fn format_duration(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if left == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (index, (name, length)) in UNITS.iter().enumerate() {
        // Years, weeks and days are only used when nothing is left over, so that 25h does not become 1d1h.
        let exact = index < 3;
        if left >= *length && (!exact || left % length == 0) {
            out.push_str(&format!("{}{name}", left / length));
            left %= length;
        }
    }
    out
}

#[cfg(test)]
mod tests;
