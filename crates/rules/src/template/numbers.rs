//! Numbers for people: `humanize` and its relatives, durations and times.

use super::{function, number_of, text_of};
use chrono::{DateTime, FixedOffset};
use gotmpl::printf::format_g;
use gotmpl::{FuncMap, Value};

/// Four significant digits, as `%.4g`.
fn short(value: f64) -> String {
    format_g(value, Some(4))
}

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

fn is_plain(value: f64) -> bool {
    value == 0.0 || value.is_nan() || value.is_infinite()
}

/// Divides by `base` as long as a larger prefix fits.
fn enlarge(mut value: f64, base: f64, prefixes: [&'static str; 8]) -> (f64, &'static str) {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < base {
            break;
        }
        value /= base;
        prefix = next;
    }
    (value, prefix)
}

fn reduce(mut value: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for next in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        value *= 1000.0;
        prefix = next;
    }
    (value, prefix)
}

fn humanize(value: f64) -> String {
    if is_plain(value) {
        return short(value);
    }
    let (value, prefix) = if value.abs() >= 1.0 { enlarge(value, 1000.0, LARGE) } else { reduce(value) };
    format!("{}{prefix}", short(value))
}

fn humanize_binary(value: f64) -> String {
    if is_plain(value) || value.abs() <= 1.0 {
        return short(value);
    }
    let (value, prefix) = enlarge(value, 1024.0, BINARY);
    format!("{}{prefix}", short(value))
}

fn humanize_duration(value: f64) -> String {
    if value.is_nan() || value.is_infinite() {
        return short(value);
    }
    if value == 0.0 {
        return "0s".to_owned();
    }
    if value.abs() < 1.0 {
        let (value, prefix) = reduce(value);
        return format!("{}{prefix}s", short(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let whole = value.abs() as u64;
    let (seconds, minutes, hours, days) = (whole % 60, whole / 60 % 60, whole / 3_600 % 24, whole / 86_400);
    if days > 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours > 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes > 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        // Below a minute fractions matter.
        format!("{sign}{}s", short(value.abs()))
    }
}

/// Seconds since the epoch as a time in UTC.
fn time_of(seconds: f64) -> Result<DateTime<FixedOffset>, String> {
    let nanos = (seconds * 1e9).round();
    if nanos.abs() >= i64::MAX as f64 {
        return Err(format!("{seconds} is no time: expected seconds since 1970 within 292 years"));
    }
    Ok(DateTime::from_timestamp_nanos(nanos as i64).fixed_offset())
}

pub(super) fn add(funcs: FuncMap) -> FuncMap {
    let funcs = function(funcs, "humanize", |[value]| Ok(humanize(number_of(value)?).into()));
    let funcs = function(funcs, "humanize1024", |[value]| Ok(humanize_binary(number_of(value)?).into()));
    let funcs =
        function(funcs, "humanizeDuration", |[value]| Ok(humanize_duration(number_of(value)?).into()));
    let funcs = function(funcs, "humanizePercentage", |[value]| {
        Ok(format!("{}%", short(number_of(value)? * 100.0)).into())
    });
    let funcs = function(funcs, "humanizeTimestamp", |[value]| {
        let seconds = number_of(value)?;
        if seconds.is_nan() || seconds.is_infinite() {
            return Ok(short(seconds).into());
        }
        Ok(Value::Time(time_of(seconds)?).display().into())
    });
    let funcs = function(funcs, "toTime", |[value]| Ok(Value::Time(time_of(number_of(value)?)?)));
    function(funcs, "parseDuration", |[text]| {
        let duration = model::duration::parse_duration(text_of(text)?).map_err(|error| error.to_string())?;
        Ok(Value::Float(duration.as_secs_f64()))
    })
}
