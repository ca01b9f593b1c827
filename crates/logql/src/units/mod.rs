//! Go's ways to write numbers, durations and sizes, which LogQL inherits.

/// Nanoseconds of each unit that Go's `time.ParseDuration` knows.
const GO_UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
];

/// Reads a Go duration (`1m30s`, `1.5h`, `-20ms`, `0`) as nanoseconds.
pub fn parse_go_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = GO_UNITS.iter().find(|(name, _)| *name == &rest[..letters])?.1;
        total += number * unit;
        rest = &rest[letters..];
    }
    if !total.is_finite() || total > i64::MAX as f64 {
        return None;
    }
    let nanos = total.round() as i64;
    Some(if negative { -nanos } else { nanos })
}

/// Reads a duration the way LogQL's lexer does: Go's first, then Prometheus' (`1d`, `2w`). Nanoseconds.
pub fn parse_duration(text: &str) -> Option<i64> {
    parse_go_duration(text).or_else(|| {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let nanos = i64::try_from(model::duration::parse_duration(rest).ok()?.as_nanos()).ok()?;
        Some(if negative { -nanos } else { nanos })
    })
}

/// Reads a size as go-humanize does: `2KB` = 2000, `2KiB` = 2048, `1.5 MB`, `512`.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.' || *b == b',').count();
    let number: f64 = text[..digits].replace(',', "").parse().ok()?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let (prefix, binary) = match unit.as_str() {
        "" | "b" => ("", false),
        other => {
            let other = other.strip_suffix('b').unwrap_or(other);
            match other.strip_suffix('i') {
                Some(prefix) => (prefix, true),
                None => (other, false),
            }
        }
    };
    let power = match prefix {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        "e" => 6,
        _ => return None,
    };
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    let total = number * base.powi(power);
    (total < u64::MAX as f64).then_some(total as u64)
}

/// Writes a size as go-humanize does, without its space: `512B`, `5.0kB`, `12kB`, `2.0MB`.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes}B");
    }
    let exponent = ((bytes as f64).ln() / 1000f64.ln()).floor();
    let value = (bytes as f64 / 1000f64.powf(exponent) * 10.0 + 0.5).floor() / 10.0;
    let unit = UNITS.get(exponent as usize).copied().unwrap_or("EB");
    if value < 10.0 { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

/// A range or an offset: Prometheus' way where the length is whole milliseconds, else Go's. Nanoseconds.
pub fn format_range(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let length = nanos.unsigned_abs();
    if length.is_multiple_of(1_000_000) {
        let duration = std::time::Duration::from_nanos(length);
        return format!("{sign}{}", model::duration::format_duration(duration));
    }
    format_go_duration(nanos)
}

/// As Go's `time.Duration` prints itself.
pub fn format_go_duration(nanos: i64) -> String {
    gotmpl::value::format_duration(nanos)
}

/// As Go's `%v` prints a float64: the shortest text, with an exponent below 1e-4 and from 1e21.
pub fn format_float(value: f64) -> String {
    gotmpl::printf::format_g(value, None)
}

/// As a sample value is written in answers: never with an exponent; `NaN`, `+Inf`, `-Inf`.
pub fn format_sample(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        format!("{value}")
    }
}

/// As Go's `strconv.Quote`: double quotes, escapes for quotes, backslashes and what does not print.
pub fn quote(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Reads a float as Go's `strconv.ParseFloat` does, with its error text.
///
/// # Errors
/// The text that Go would give, for `__error_details__`.
pub fn parse_float(text: &str) -> Result<f64, String> {
    let plain =
        !text.is_empty() && !text.starts_with(char::is_whitespace) && !text.ends_with(char::is_whitespace);
    match text.to_ascii_lowercase().trim_start_matches(['+', '-']) {
        "inf" | "infinity" => {
            return Ok(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        "nan" => return Ok(f64::NAN),
        _ => {}
    }
    let parsed = plain.then(|| text.parse::<f64>().ok()).flatten();
    parsed.ok_or_else(|| format!("strconv.ParseFloat: parsing {}: invalid syntax", quote(text)))
}

/// Compiles an expression that may match anywhere. A brace that begins no repetition stands for itself, as in Go: lines
/// of logs are full of them.
///
/// # Errors
/// What is wrong with the expression as it was written.
pub fn regex(pattern: &str) -> Result<regex::Regex, regex::Error> {
    let escaped = || regex::Regex::new(&model::matcher::escape_lone_braces(pattern));
    regex::Regex::new(pattern).or_else(|error| escaped().map_err(|_| error))
}

/// What is wrong with a regular expression, in the words of Go's `regexp` where it has some of its own.
pub fn regex_error(message: &str, pattern: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        ("unclosed group", "missing closing )"),
        ("unopened group", "unexpected )"),
        ("unclosed character class", "missing closing ]"),
        ("repetition operator missing expression", "missing argument to repetition operator"),
        ("invalid character class range", "invalid character class range"),
        ("duplicate capture group name", "duplicate capture group name"),
        ("look-around", "invalid or unsupported Perl syntax"),
    ];
    // The crate draws the pattern with a mark under it; the reason is on the last line.
    let last = message.lines().last().unwrap_or(message).trim();
    let last = last.strip_prefix("error: ").unwrap_or(last);
    let reason = WORDS.iter().find(|(word, _)| last.contains(word)).map_or(last, |(_, go)| go);
    format!("error parsing regexp: {reason}: `{pattern}`")
}

#[cfg(test)]
mod tests;
