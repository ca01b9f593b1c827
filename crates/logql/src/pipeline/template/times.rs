//! Times and durations of the templates. There is no `now`: a query gives the same answer whenever it runs.

use super::functions::{string, texts};
use crate::units;
use chrono::{DateTime, FixedOffset};
use gotmpl::{FuncMap, Value, layout};

const UTC: FixedOffset = match FixedOffset::east_opt(0) {
    Some(zone) => zone,
    None => panic!("BUG: zero is an offset"),
};

pub(super) fn from_nanos(nanos: i64) -> Value {
    Value::Time(DateTime::from_timestamp_nanos(nanos).with_timezone(&UTC))
}

fn nanos(value: &Value) -> Result<i64, String> {
    match value {
        Value::Time(time) => time.timestamp_nanos_opt().ok_or_else(|| "the time is out of range".to_owned()),
        Value::Int(seconds) => {
            seconds.checked_mul(1_000_000_000).ok_or_else(|| "the time is out of range".to_owned())
        }
        other => Err(format!("found {} {:?}, expected a time", other.type_name(), other.display())),
    }
}

fn zone(name: &str) -> Result<FixedOffset, String> {
    match name {
        "" | "UTC" | "GMT" | "Local" | "Etc/UTC" => Ok(UTC),
        other => Err(format!("unknown time zone {other}: expected UTC, the lab has no table of zones")),
    }
}

fn parse(layout_text: &str, zone_name: &str, text: &str) -> Result<Value, String> {
    let layout_text = layout::named(layout_text).unwrap_or(layout_text);
    layout::parse(text, layout_text, zone(zone_name)?).map(Value::Time).map_err(|error| error.to_string())
}

/// Unix time in days, seconds, milli-, micro- or nanoseconds, told apart by the number of digits.
fn unix_to_time(text: &str) -> Result<Value, String> {
    let number: i64 = text.parse().map_err(|_| format!("unable to parse time '{text}'"))?;
    let unit = match text.trim_start_matches('-').len() {
        5 => 86_400_000_000_000,
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return Err(format!("unable to parse time '{text}': unsupported length")),
    };
    number.checked_mul(unit).map(from_nanos).ok_or_else(|| format!("unable to parse time '{text}'"))
}

fn seconds(args: &[Value]) -> Result<Value, String> {
    let [text] = texts("duration", args)?;
    units::parse_go_duration(&text)
        .map(|nanos| Value::Float(nanos as f64 / 1e9))
        .ok_or_else(|| format!("time: invalid duration {}", units::quote(&text)))
}

pub(super) fn add(map: FuncMap) -> FuncMap {
    let epoch = |unit: i64| {
        move |args: &[Value]| match args {
            [time] => nanos(time).map(|nanos| Value::str((nanos / unit).to_string())),
            _ => Err(format!("wrong number of args: want 1 got {}", args.len())),
        }
    };
    map.with("duration", seconds)
        .with("duration_seconds", seconds)
        .with("unixEpoch", epoch(1_000_000_000))
        .with("unixEpochMillis", epoch(1_000_000))
        .with("unixEpochNanos", epoch(1))
        .with("unixToTime", |args| texts("unixToTime", args).and_then(|[text]| unix_to_time(&text)))
        .with("toDate", |args| texts("toDate", args).and_then(|[layout, text]| parse(&layout, "UTC", &text)))
        .with("toDateInZone", |args| {
            texts("toDateInZone", args).and_then(|[layout, zone, text]| parse(&layout, &zone, &text))
        })
        .with("date", |args| match args {
            [layout_text, time] => {
                let layout_text = string(layout_text);
                let Value::Time(time) = from_nanos(nanos(time)?) else {
                    return Err("the time is out of range".to_owned());
                };
                Ok(layout::format(&time, layout::named(&layout_text).unwrap_or(&layout_text)).into())
            }
            _ => Err(format!("wrong number of args for date: want 2 got {}", args.len())),
        })
}
