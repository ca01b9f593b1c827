//! Takes out of an answer what may differ from run to run: instants become offsets, sets are sorted, statistics go.

use super::{Answer, Case};
use serde_json::{Map, Value, json};

/// Words by which errors are told apart; the first that fits counts.
const KINDS: [(&str, &[&str]); 9] = [
    ("not_found", &["not found"]),
    ("pipeline", &["pipeline error"]),
    ("parse", &["parse error", "syntax error"]),
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
            "invalid direction",
            "invalid request",
        ],
    ),
    (
        "limit",
        &["limit", "exceed", "too many", "too large", "too long", "too small", "larger than", "maximum"],
    ),
    ("match", &["multiple matches", "many-to-"]),
    ("range", &["start", "end ", "time range", "timestamp"]),
    (
        "unsupported",
        &["not supported", "unsupported", "only label matchers", "not enabled", "illegal", "invalid"],
    ),
    ("other", &[""]),
];

/// Cardinalities above this are estimates in Loki.
const MANY: u64 = 50;

pub fn answer(case: &Case, answer: &Answer, base: i64) -> Value {
    if answer.status == 200 && case.compare.as_deref() == Some("status") {
        return json!({"status": 200});
    }
    if answer.status != 200 {
        let text = answer.body.to_lowercase();
        let kind = KINDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
        return json!({"status": answer.status, "error_kind": kind.map(|(kind, _)| kind), "error": answer.body.trim()});
    }
    match serde_json::from_str::<Value>(&answer.body) {
        Ok(document) => json!({"status": 200, "body": body(case, document, base)}),
        Err(_) => json!({"status": 200, "text": answer.body}),
    }
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_key(Value::to_string);
    Value::Array(values)
}

/// Nanoseconds as a string, counted from the base.
fn offset_nanos(value: &Value, base: i64) -> Value {
    let t: Option<i64> = value.as_str().and_then(|text| text.parse().ok());
    t.map_or(Value::Null, |t| Value::from((t - base * 1_000_000_000).to_string()))
}

/// Seconds, counted from the base, to the millisecond.
fn offset_seconds(value: &Value, base: i64) -> Value {
    let seconds = value.as_f64().unwrap_or(f64::NAN) - base as f64;
    let rounded = (seconds * 1e3).round() / 1e3;
    if rounded.fract() == 0.0 { json!(rounded as i64) } else { json!(rounded) }
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        _ => Vec::new(),
    }
}

fn body(case: &Case, document: Value, base: i64) -> Value {
    let Value::Object(mut document) = document else { return document };
    if case.endpoint.ends_with("/patterns") {
        // The layout of samples depends on how the lines came in: the patterns are what counts.
        let patterns = array(document["data"].take()).into_iter().map(|one| one["pattern"].clone());
        return json!({"status": document["status"], "patterns": sorted(patterns.collect())});
    }
    if case.endpoint.ends_with("/index/stats") {
        document.retain(|name, _| matches!(name.as_str(), "streams" | "entries" | "bytes"));
        return Value::Object(document);
    }
    let Some(data) = document.remove("data") else {
        let detected = case.endpoint.contains("detected_field") || case.endpoint.ends_with("detected_labels");
        return if detected { detected_sorted(Value::Object(document)) } else { Value::Object(document) };
    };
    document.remove("stats");
    match data {
        Value::Object(data) if data.contains_key("resultType") => {
            document.extend(result(case, data, base));
        }
        Value::Array(items) => {
            document.insert("data".to_owned(), sorted(items));
        }
        other => {
            document.insert("data".to_owned(), other);
        }
    }
    Value::Object(document)
}

fn result(case: &Case, mut data: Map<String, Value>, base: i64) -> Map<String, Value> {
    let mut out = Map::new();
    let kind = data.remove("resultType").unwrap_or_default();
    let items = data.remove("result").unwrap_or_default();
    if let Some(flags) = data.remove("encodingFlags") {
        out.insert("encodingFlags".to_owned(), flags);
    }
    let points = |values: Value| -> Vec<Value> {
        let point = |pair: Value| json!([offset_seconds(&pair[0], base), pair[1]]);
        array(values).into_iter().map(point).collect()
    };
    let mut result = match kind.as_str() {
        Some("streams") => streams(array(items), base),
        Some("matrix") => sorted(
            array(items)
                .into_iter()
                .map(|one| json!({"metric": one["metric"], "values": points(one["values"].clone())}))
                .collect(),
        ),
        Some("vector") => {
            let samples = array(items).into_iter().map(|one| {
                json!({"metric": one["metric"], "value": [offset_seconds(&one["value"][0], base), one["value"][1]]})
            });
            if case.keep_order { Value::Array(samples.collect()) } else { sorted(samples.collect()) }
        }
        Some("scalar") => json!([null, items[1]]),
        _ => items,
    };
    if case.compare.as_deref() == Some("labels") {
        result = Value::Array(array(result).into_iter().map(|one| one["metric"].clone()).collect());
    }
    out.insert("resultType".to_owned(), kind);
    out.insert("result".to_owned(), result);
    out
}

/// Streams with equal labels are one; lines keep their order.
fn streams(items: Vec<Value>, base: i64) -> Value {
    let mut merged: std::collections::BTreeMap<String, (Value, Vec<Value>)> =
        std::collections::BTreeMap::new();
    for mut stream in items {
        let values = array(stream["values"].take()).into_iter().map(|mut entry| {
            entry[0] = offset_nanos(&entry[0], base);
            entry
        });
        let labels = stream["stream"].take();
        merged.entry(labels.to_string()).or_insert_with(|| (labels, Vec::new())).1.extend(values);
    }
    Value::Array(
        merged.into_values().map(|(stream, values)| json!({"stream": stream, "values": values})).collect(),
    )
}

fn detected_sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| {
                    let many = key == "cardinality" && value.as_u64().is_some_and(|count| count > MANY);
                    let value = if many { Value::from("many") } else { detected_sorted(value) };
                    (key, value)
                })
                .collect(),
        ),
        Value::Array(items) => sorted(items.into_iter().map(detected_sorted).collect()),
        other => other,
    }
}
