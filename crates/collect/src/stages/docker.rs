//! `docker`: unwraps a line of Docker's json-file format.

use super::{Change, Entry, Stage};
use serde_json::Value;

pub(super) fn docker() -> Box<dyn Stage> {
    Box::new(Change(|entry: &mut Entry, _| {
        let Ok(Value::Object(object)) = serde_json::from_str(&entry.line) else { return };
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let Some(line) = text("log") else { return };
        if let Some(t) = text("time").and_then(|time| chrono::DateTime::parse_from_rfc3339(time).ok()) {
            entry.t = t.timestamp_nanos_opt().unwrap_or(entry.t);
        }
        if let Some(stream) = text("stream") {
            entry.labels.set("stream", stream);
            entry.set("stream", stream);
        }
        entry.line = line.strip_suffix('\n').unwrap_or(line).to_owned();
    }))
}
