//! The notation for series in tests: `name{label="value"} 1 2+3x4 _x2 stale NaN`.
//!
//! One value stands for one interval of the load. `a+bxn` is `a` and `n` more values, each larger by `b`; `axn` repeats `a`
//! `n` more times; `_` is no sample and `_xn` are `n` of them; `stale` is the stale marker. `{{…}}` is a native histogram.

use crate::parse::parse_selector;
use model::metrics::stale_marker;
use model::{Labels, MatchOp};

/// How many values one line may expand to.
const MAX_VALUES: usize = 1_000_000;

/// What one interval of a series holds.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    /// No sample.
    Gap,
    /// A sample; a stale marker is one too.
    Value(f64),
}

#[derive(Clone, Debug)]
pub struct SeriesLine {
    pub labels: Labels,
    /// Empty when the line holds native histograms.
    pub slots: Vec<Slot>,
    /// The values are native histograms, which are not read.
    pub native: bool,
}

/// # Errors
/// A text that says what was found and what was expected.
pub fn parse_series(line: &str) -> Result<SeriesLine, String> {
    let line = line.trim();
    let (labels, rest) = line.split_at(labels_length(line)?);
    let labels = parse_labels(labels.trim())?;
    if rest.contains("{{") {
        return Ok(SeriesLine { labels, slots: Vec::new(), native: true });
    }
    let mut slots = Vec::new();
    for item in rest.split_whitespace() {
        expand(item, &mut slots)?;
        if slots.len() > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} values in one line"));
        }
    }
    Ok(SeriesLine { labels, slots, native: false })
}

/// The number of bytes before the values.
fn labels_length(line: &str) -> Result<usize, String> {
    let bytes = line.as_bytes();
    let name =
        bytes.iter().position(|byte| *byte == b'{' || byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    let spaces = bytes[name..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let open = name + spaces;
    // `name {{…}}` is a series without labels and a native histogram.
    if bytes.get(open) != Some(&b'{') || (bytes.get(open + 1) == Some(&b'{')) {
        return Ok(name);
    }
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(open) if open != b'`' && *byte == b'\\' => escaped = true,
            Some(open) if open == *byte => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'' | b'`') => quote = Some(*byte),
            None if *byte == b'}' => return Ok(at + 1),
            None => {}
        }
    }
    Err(format!("found no closing brace in {line:?}"))
}

fn parse_labels(text: &str) -> Result<Labels, String> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if inner.is_some_and(|inner| inner.trim().is_empty()) {
        return Ok(Labels::empty());
    }
    let matchers = parse_selector(text).map_err(|error| format!("{text:?} is no series: {error}"))?;
    if let Some(other) = matchers.iter().find(|matcher| matcher.op != MatchOp::Equal) {
        return Err(format!("{text:?} is no series: found {other}, expected only label=\"value\""));
    }
    Ok(Labels::from_pairs(matchers.iter().map(|matcher| (&matcher.name, &matcher.value))))
}

fn expand(item: &str, slots: &mut Vec<Slot>) -> Result<(), String> {
    let wrong = || format!("found {item:?}, expected a value such as 5, 1+2x10, _x3, stale or NaN");
    let times = |rest: &str| -> Result<usize, String> {
        let count: usize = rest.strip_prefix('x').ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
        if count > MAX_VALUES { Err(format!("more than {MAX_VALUES} values in {item:?}")) } else { Ok(count) }
    };
    if let Some(rest) = item.strip_prefix('_') {
        let count = if rest.is_empty() { 1 } else { times(rest)? };
        slots.extend(std::iter::repeat_n(Slot::Gap, count));
        return Ok(());
    }
    if let Some(rest) = item.strip_prefix("stale") {
        let count = if rest.is_empty() { 0 } else { times(rest)? };
        slots.extend(std::iter::repeat_n(Slot::Value(stale_marker()), count + 1));
        return Ok(());
    }
    let (first, rest) = number(item).ok_or_else(wrong)?;
    if rest.is_empty() {
        slots.push(Slot::Value(first));
        return Ok(());
    }
    let (step, rest) = if rest.starts_with('x') { (0.0, rest) } else { number(rest).ok_or_else(wrong)? };
    let mut value = first;
    slots.push(Slot::Value(value));
    for _ in 0..times(rest)? {
        value += step;
        slots.push(Slot::Value(value));
    }
    Ok(())
}

/// The number at the beginning of a text, and what follows it.
fn number(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let negate = |value: f64| if bytes.first() == Some(&b'-') { -value } else { value };
    for (word, value) in [("inf", f64::INFINITY), ("nan", f64::NAN)] {
        if text.get(sign..sign + 3).is_some_and(|found| found.eq_ignore_ascii_case(word)) {
            return Some((negate(value), &text[sign + 3..]));
        }
    }
    let digits = |mut at: usize, test: fn(&u8) -> bool| {
        while bytes.get(at).is_some_and(test) {
            at += 1;
        }
        at
    };
    if bytes.get(sign) == Some(&b'0') && bytes.get(sign + 1) == Some(&b'x') {
        let end = digits(sign + 2, u8::is_ascii_hexdigit);
        if end > sign + 2 && !bytes[sign + 2..end].iter().all(|byte| byte.is_ascii_digit()) {
            let value = u64::from_str_radix(&text[sign + 2..end], 16).ok()?;
            return Some((negate(value as f64), &text[end..]));
        }
    }
    let mut end = digits(sign, u8::is_ascii_digit);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1, u8::is_ascii_digit);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(exponent).is_some_and(u8::is_ascii_digit) {
            end = digits(exponent, u8::is_ascii_digit);
        }
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests;
