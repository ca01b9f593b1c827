//! `pack`: labels move into the line, which becomes a JSON object with the old line as `_entry`. `| unpack` undoes it.

use super::{Change, Entry, Stage};
use serde_json::{Map, Value};
use stackconf::promtail::stages::PackStage;

pub(super) fn pack(config: &PackStage) -> Box<dyn Stage> {
    let config = config.clone();
    Box::new(Change(move |entry: &mut Entry, now| {
        let mut object = Map::new();
        for name in &config.labels {
            let value = entry.labels.get(name).map(str::to_owned).or_else(|| entry.text(name));
            if let Some(value) = value {
                object.insert(name.clone(), Value::from(value));
                entry.labels.remove(name);
            }
        }
        object.insert("_entry".to_owned(), Value::from(entry.line.as_str()));
        entry.line = Value::Object(object).to_string();
        if config.ingest_timestamp {
            entry.t = now;
        }
    }))
}
