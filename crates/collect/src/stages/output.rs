//! `output` (an extracted value becomes the line) and `decolorize` (colours leave the line).

use super::{Change, Entry, Stage};

pub(super) fn output(source: &str) -> Box<dyn Stage> {
    let source = source.to_owned();
    Box::new(Change(move |entry: &mut Entry, _| {
        if let Some(text) = entry.text(&source) {
            entry.line = text;
        }
    }))
}

pub(super) fn decolorize() -> Box<dyn Stage> {
    Box::new(Change(|entry: &mut Entry, _| {
        if let Some(plain) = logql::pipeline::without_colour(&entry.line) {
            entry.line = plain;
        }
    }))
}
