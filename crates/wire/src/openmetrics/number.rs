//! Floats as text: read as Go reads them, written as OpenMetrics and Go write them.

/// Reads a float. Underscores and hexadecimal are refused, `Inf` and `NaN` are taken in any case.
pub fn parse(text: &str) -> Option<f64> {
    // Counters are mostly short whole numbers: reading them by hand is three times as fast.
    let bytes = text.as_bytes();
    if !bytes.is_empty() && bytes.len() <= 15 && bytes.iter().all(u8::is_ascii_digit) {
        return Some(bytes.iter().fold(0_u64, |number, byte| number * 10 + u64::from(byte - b'0')) as f64);
    }
    text.parse().ok()
}

/// As OpenMetrics writes a float that must look like one: `1.0`, `0.25`, `1e+06`, `+Inf`.
pub fn open_metrics(value: f64) -> String {
    let text = go_general(value);
    match value.is_finite() && !text.contains(['.', 'e']) {
        true => text + ".0",
        false => text,
    }
}

/// Go's `FormatFloat(v, 'g', -1, 64)`: the shortest digits that read back, with an exponent below 1e-4 and from 1e6 on.
/// Source: strconv/ftoa.go, where the shortest form decides with a precision of six.
pub fn go_general(value: f64) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match (-4..6).contains(&exponent) {
        true => format!("{value}"),
        false => with_exponent(mantissa, exponent),
    }
}

/// Go's `'e'` form: the exponent has a sign and at least two digits.
pub fn go_exponent(value: f64) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    with_exponent(mantissa, exponent.parse().unwrap_or(0))
}

/// Go's `'f'` form with as many digits as are needed: how Prometheus's API prints sample values.
pub fn go_fixed(value: f64) -> String {
    match value.is_finite() {
        true => format!("{value}"),
        false => special(value).to_owned(),
    }
}

fn with_exponent(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn special(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}
