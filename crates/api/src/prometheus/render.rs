//! Samples as JSON text. Written by hand, because a range query has ten thousands of them.
//!
//! Source: Prometheus, util/jsonutil/marshal.go.

use chrono::{DateTime, SecondsFormat};
use model::Labels;
use model::clock::Millis;
use model::metrics::Sample;
use promql::Value;
use std::fmt::Write;
use wire::openmetrics::number::{go_exponent, go_fixed};

/// The time of something that never was, as Go prints it.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// `"resultType":…,"result":…`, without the braces around.
pub fn value(out: &mut String, value: &Value) {
    match value {
        Value::Scalar(scalar) => {
            // Upstream writes scalars and strings by other code than samples: the time without padding, no exponent.
            let (t, v) = (scalar.t as f64 / 1000.0, go_fixed(scalar.v));
            let _ = write!(out, "\"resultType\":\"scalar\",\"result\":[{t},\"{v}\"]");
        }
        Value::String { t, text } => {
            let _ = write!(out, "\"resultType\":\"string\",\"result\":[{},", *t as f64 / 1000.0);
            string(out, text);
            out.push(']');
        }
        Value::Vector(samples) => {
            out.push_str("\"resultType\":\"vector\",\"result\":[");
            for (index, entry) in samples.iter().enumerate() {
                out.push_str(if index > 0 { ",{\"metric\":" } else { "{\"metric\":" });
                labels(out, &entry.labels);
                out.push_str(",\"value\":");
                sample(out, entry.sample);
                out.push('}');
            }
            out.push(']');
        }
        Value::Matrix(series) => {
            out.push_str("\"resultType\":\"matrix\",\"result\":[");
            for (index, entry) in series.iter().enumerate() {
                out.push_str(if index > 0 { ",{\"metric\":" } else { "{\"metric\":" });
                labels(out, &entry.labels);
                out.push_str(",\"values\":[");
                for (index, point) in entry.samples.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    sample(out, *point);
                }
                out.push_str("]}");
            }
            out.push(']');
        }
    }
}

/// `[1435781451.781,"1"]`.
fn sample(out: &mut String, sample: Sample) {
    out.push('[');
    timestamp(out, sample.t);
    out.push_str(",\"");
    float(out, sample.v);
    out.push_str("\"]");
}

/// Seconds, with three digits behind the point when there are any.
pub fn timestamp(out: &mut String, t: Millis) {
    if t < 0 {
        out.push('-');
    }
    let t = t.unsigned_abs();
    // Writing to a String cannot fail.
    let _ = match t % 1000 {
        0 => write!(out, "{}", t / 1000),
        millis => write!(out, "{}.{millis:03}", t / 1000),
    };
}

/// A value: without an exponent unless it is very small or very large.
pub fn float(out: &mut String, value: f64) {
    let size = value.abs();
    let whole = value as i64;
    if value == whole as f64 && size < 1e15 && (whole != 0 || value.is_sign_positive()) {
        let _ = write!(out, "{whole}");
    } else if size != 0.0 && size.is_finite() && !(1e-6..1e21).contains(&size) {
        out.push_str(&go_exponent(value));
    } else {
        out.push_str(&go_fixed(value));
    }
}

pub fn labels(out: &mut String, labels: &Labels) {
    out.push('{');
    for (index, (name, value)) in labels.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(out, name);
        out.push(':');
        string(out, value);
    }
    out.push('}');
}

pub fn string(out: &mut String, text: &str) {
    let plain = |byte: u8| byte >= 0x20 && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&');
    out.push('"');
    if text.bytes().all(plain) {
        out.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if c < ' ' => {
                    let _ = write!(out, "\\u{:04x}", c as u32);
                }
                other => out.push(other),
            }
        }
    }
    out.push('"');
}

/// RFC 3339 with as many digits as needed; Go's zero time for None.
pub fn rfc3339(t: Option<Millis>) -> String {
    let time = t.and_then(DateTime::from_timestamp_millis);
    let Some(time) = time else { return NEVER.to_owned() };
    let format =
        if time.timestamp_subsec_millis() == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    time.to_rfc3339_opts(format, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_times_are_printed_as_upstream_prints_them() {
        let show = |value: f64| {
            let mut out = String::new();
            float(&mut out, value);
            out
        };
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-17.0, "-17"),
            (0.1, "0.1"),
            (1e15, "1000000000000000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (9.5e-7, "9.5e-07"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(show(value), text);
        }
        let time = |t: Millis| {
            let mut out = String::new();
            timestamp(&mut out, t);
            out
        };
        assert_eq!(time(1_435_781_451_781), "1435781451.781");
        assert_eq!(time(1_000), "1");
        assert_eq!(time(5), "0.005");
        assert_eq!(time(-1_500), "-1.500");
        assert_eq!(rfc3339(None), NEVER);
        assert_eq!(rfc3339(Some(1_435_781_451_781)), "2015-07-01T20:10:51.781Z");
    }

    #[test]
    fn strings_are_json() {
        for text in ["plain", "a\"b\\c\nd\u{1}é<>&"] {
            let mut out = String::new();
            string(&mut out, text);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
