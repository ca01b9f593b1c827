//! Compares what was found with what was recorded. Texts are exact; sample values are numbers.

use super::Case;
use serde_json::Value;

/// Sums of floats may be made in another order.
const TOLERANCE: f64 = 1e-9;

/// # Errors
/// The first difference, with where it is.
pub fn compare(case: &Case, found: &Value) -> Result<(), String> {
    let wanted = &case.expect;
    if wanted["status"] != found["status"] {
        return Err(format!(
            "status: expected {}, found {} ({})",
            wanted["status"], found["status"], found["error"]
        ));
    }
    if case.compare.as_deref() == Some("status") {
        return Ok(());
    }
    if wanted.get("error_kind").is_some() {
        if wanted["error_kind"] == found["error_kind"] {
            return Ok(());
        }
        return Err(format!(
            "kind of error: expected {} ({}), found {} ({})",
            wanted["error_kind"], wanted["error"], found["error_kind"], found["error"]
        ));
    }
    let key = if wanted.get("text").is_some() { "text" } else { "body" };
    let mut wanted = wanted[key].clone();
    let mut found = found[key].clone();
    // Recorded sets are sorted by another key order than ours: sort both the same way.
    for side in [&mut wanted, &mut found] {
        sort_sets(case, side);
    }
    difference(&wanted, &found, key)
}

fn sort_sets(case: &Case, body: &mut Value) {
    let sort = |list: &mut Value| {
        if let Value::Array(items) = list {
            items.sort_by_key(Value::to_string);
        }
    };
    if let Some(result) = body.get_mut("result").filter(|_| !case.keep_order && body_is_set(case)) {
        sort(result);
    }
    for name in ["data", "patterns", "fields", "detectedLabels", "values"] {
        if let Some(list) = body.get_mut(name) {
            sort(list);
        }
    }
}

fn body_is_set(case: &Case) -> bool {
    case.expect["body"]["resultType"] != "scalar"
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        text if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => text.parse().ok(),
        _ => None,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn difference(wanted: &Value, found: &Value, path: &str) -> Result<(), String> {
    match (wanted, found) {
        (Value::Object(w), Value::Object(f)) => {
            for (key, value) in w {
                match f.get(key) {
                    Some(other) => difference(value, other, &format!("{path}.{key}"))?,
                    None => return Err(format!("{path}.{key}: missing, expected {}", short(value))),
                }
            }
            match f.keys().find(|key| !w.contains_key(*key)) {
                Some(key) => Err(format!("{path}.{key}: unexpected {}", short(&f[key]))),
                None => Ok(()),
            }
        }
        (Value::Array(w), Value::Array(f)) => {
            let lengths = if w.len() == f.len() {
                String::new()
            } else {
                format!("(expected {} items, found {}) ", w.len(), f.len())
            };
            for (at, (value, other)) in w.iter().zip(f).enumerate() {
                difference(value, other, &format!("{path}[{at}]"))
                    .map_err(|reason| format!("{lengths}{reason}"))?;
            }
            let longer = if w.len() > f.len() { w.get(f.len()) } else { f.get(w.len()) };
            longer.map_or(Ok(()), |extra| {
                Err(format!("{path}: {lengths}first without a partner: {}", short(extra)))
            })
        }
        (Value::Number(w), Value::Number(f))
            if close(w.as_f64().unwrap_or(0.0), f.as_f64().unwrap_or(1.0)) =>
        {
            Ok(())
        }
        (Value::String(w), Value::String(f)) if w != f && is_sample(path) => match (number(w), number(f)) {
            (Some(w), Some(f)) if close(w, f) => Ok(()),
            _ => Err(format!("{path}: expected {w:?}, found {f:?}")),
        },
        _ if wanted == found => Ok(()),
        _ => Err(format!("{path}: expected {}, found {}", short(wanted), short(found))),
    }
}

/// Whether a text at this place is the value of a sample.
fn is_sample(path: &str) -> bool {
    path.ends_with(".value[1]")
        || path == "body.result[1]"
        || (path.ends_with("][1]") && path.contains(".values["))
}
