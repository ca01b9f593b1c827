//! `regex`: named groups become extracted values.

use super::{Change, Entry, Stage};
use stackconf::promtail::stages::RegexStage;

pub(super) fn regex(config: &RegexStage) -> Box<dyn Stage> {
    let config = config.clone();
    Box::new(Change(move |entry: &mut Entry, _| {
        let Some(text) = entry.input(config.source.as_deref()) else { return };
        let Some(captures) = config.expression.captures(&text) else { return };
        for name in config.expression.capture_names().flatten() {
            let value = captures.name(name).map_or("", |found| found.as_str());
            entry.set(name, value);
        }
    }))
}
