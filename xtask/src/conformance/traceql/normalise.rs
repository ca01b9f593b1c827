//! Compares an answer with a recorded one: instants as offsets, sets in one order, statistics left out.

use super::recordings::{BASE, Case};
use serde_json::{Map, Value, json};

const SECOND: i64 = 1_000_000_000;
/// Sums of floats may be made in another order.
const TOLERANCE: f64 = 1e-9;

/// Words by which errors are told apart; the first kind with a word in the text counts.
const KINDS: [(&str, &[&str]); 8] = [
    ("not_found", &["not found"]),
    ("parse", &["parse error", "invalid traceql query", "syntax error"]),
    ("compile", &["compiling query", "not a metrics query"]),
    (
        "param",
        &[
            "strconv.",
            "cannot parse",
            "could not parse",
            "unable to parse",
            "invalid start",
            "invalid end",
            "invalid limit",
            "invalid step",
            "invalid scope",
            "invalid minduration",
            "invalid maxduration",
            "invalid request",
            "hex character",
        ],
    ),
    (
        "limit",
        &["limit", "exceed", "too many", "too large", "too long", "too small", "larger than", "maximum"],
    ),
    ("range", &["start", "end ", "time range", "timestamp"]),
    (
        "unsupported",
        &["not supported", "unsupported", "not yet supported", "not enabled", "illegal", "invalid"],
    ),
    ("other", &[""]),
];

/// # Errors
/// The first difference, with where it is.
pub fn compare(case: &Case, status: u16, text: &str) -> Result<(), String> {
    let wanted = &case.expect;
    if wanted["status"] != status {
        return Err(format!("status: expected {}, found {status} ({text:.200})", wanted["status"]));
    }
    let mode = case.compare.as_deref().unwrap_or("");
    if mode == "status" {
        return Ok(());
    }
    if let Some(kind) = wanted.get("error_kind") {
        let lower = text.to_lowercase();
        let found = KINDS.iter().find(|(_, words)| words.iter().any(|word| lower.contains(word)));
        let found = found.map_or("other", |(kind, _)| *kind);
        return if *kind == found {
            Ok(())
        } else {
            Err(format!("kind of error: expected {kind} ({}), found {found} ({text:.200})", wanted["error"]))
        };
    }
    let found = match serde_json::from_str::<Value>(text) {
        Ok(document) => shaped(document, case, mode),
        Err(_) => return difference(&wanted["text"], &text.into(), "text"),
    };
    let (mut wanted, mut found) = (wanted["body"].clone(), found);
    for side in [&mut wanted, &mut found] {
        order(side, "", case.keep_order);
    }
    difference(&wanted, &found, "body")
}

/// Takes out of an answer what recordings leave out, and makes instants offsets.
fn shaped(mut document: Value, case: &Case, mode: &str) -> Value {
    if let Value::Object(fields) = &mut document {
        fields.remove("metrics");
    }
    offsets(&mut document);
    let Value::Object(fields) = &mut document else { return document };
    if let Some(Value::Array(traces)) = fields.get_mut("traces") {
        for trace in traces.iter_mut().filter_map(Value::as_object_mut) {
            trace.remove("spanSet");
            let sets = trace.get_mut("spanSets").and_then(Value::as_array_mut);
            for set in sets.into_iter().flatten().filter(|_| mode == "no_span_ids") {
                set["spans"] = set["spans"].as_array().map_or(0, Vec::len).into();
            }
        }
        if mode == "count" {
            fields["traces"] = fields["traces"].as_array().map_or(0, Vec::len).into();
        }
    }
    if case.endpoint.contains("/metrics/")
        && let Some(Value::Array(series)) = fields.get_mut("series")
    {
        series.iter_mut().filter_map(Value::as_object_mut).for_each(plain_series);
    }
    document
}

/// Samples as `[seconds behind the base, value]`; a missing value is zero.
fn plain_series(series: &mut Map<String, Value>) {
    series.remove("exemplars");
    series.remove("promLabels");
    let Some(Value::Array(samples)) = series.get_mut("samples") else { return };
    for sample in samples {
        let millis: i64 = sample["timestampMs"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
        let seconds = millis as f64 / 1_000.0 - BASE as f64;
        *sample = json!([seconds, sample.get("value").cloned().unwrap_or_else(|| 0.into())]);
    }
}

fn offsets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let instant =
                    matches!(name.as_str(), "startTimeUnixNano" | "endTimeUnixNano" | "timeUnixNano");
                match value.as_str().and_then(|text| text.parse::<i64>().ok()) {
                    Some(t) if instant => *value = (t - BASE * SECOND).to_string().into(),
                    _ => offsets(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(offsets),
        _ => {}
    }
}

/// Puts what is a set into one order. Lists within attribute values (`values`) and samples keep theirs.
fn order(value: &mut Value, name: &str, keep_traces: bool) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| order(value, name, keep_traces)),
        Value::Array(items) => {
            items.iter_mut().for_each(|item| order(item, "", keep_traces));
            let key = |item: &Value| match name {
                "traces" => item["traceID"].to_string(),
                "spans" => format!("{}{}", item["spanID"], item["spanId"]),
                "series" => item["labels"].to_string(),
                _ => item.to_string(),
            };
            let kept = matches!(name, "values" | "samples" | "" | "events" | "links")
                || (name == "traces" && keep_traces);
            if !kept {
                items.sort_by_cached_key(key);
            }
        }
        _ => {}
    }
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

fn short(value: &Value) -> String {
    format!("{:.300}", value.to_string())
}

fn difference(wanted: &Value, found: &Value, path: &str) -> Result<(), String> {
    match (wanted, found) {
        (Value::Object(w), Value::Object(f)) => {
            for (key, value) in w {
                let other =
                    f.get(key).ok_or_else(|| format!("{path}.{key}: missing, expected {}", short(value)))?;
                difference(value, other, &format!("{path}.{key}"))?;
            }
            match f.keys().find(|key| !w.contains_key(*key)) {
                Some(key) => Err(format!("{path}.{key}: unexpected {}", short(&f[key]))),
                None => Ok(()),
            }
        }
        (Value::Array(w), Value::Array(f)) => {
            for (at, (value, other)) in w.iter().zip(f).enumerate() {
                difference(value, other, &format!("{path}[{at}]"))?;
            }
            if w.len() == f.len() {
                return Ok(());
            }
            Err(format!("{path}: expected {} items, found {}", w.len(), f.len()))
        }
        (Value::Number(w), Value::Number(f))
            if close(w.as_f64().unwrap_or(0.0), f.as_f64().unwrap_or(1.0)) =>
        {
            Ok(())
        }
        _ if wanted == found => Ok(()),
        _ => Err(format!("{path}: expected {}, found {}", short(wanted), short(found))),
    }
}
