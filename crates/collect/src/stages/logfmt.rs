//! `logfmt`: values out of `key=value` pairs.

use super::{Change, Entry, Stage};
use logql::pipeline::logfmt::Scanner;
use stackconf::promtail::stages::LogfmtStage;

pub(super) fn logfmt(config: &LogfmtStage) -> Box<dyn Stage> {
    let config = config.clone();
    Box::new(Change(move |entry: &mut Entry, _| {
        let Some(text) = entry.input(config.source.as_deref()) else { return };
        for (key, value) in Scanner::new(&text).flatten() {
            for (name, wanted) in &config.mapping {
                let wanted = if wanted.is_empty() { name } else { wanted };
                if wanted == key {
                    entry.set(name, value.as_ref());
                }
            }
        }
    }))
}
