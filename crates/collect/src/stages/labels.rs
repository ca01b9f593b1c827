//! `labels`, `structured_metadata`, `static_labels`, `labeldrop`, `labelallow`.

use super::{Change, Entry, Stage};

fn source<'a>(name: &'a str, source: &'a str) -> &'a str {
    if source.is_empty() { name } else { source }
}

pub(super) fn labels(pairs: &[(String, String)]) -> Box<dyn Stage> {
    let pairs = pairs.to_vec();
    Box::new(Change(move |entry: &mut Entry, _| {
        for (name, from) in &pairs {
            if let Some(value) = entry.text(source(name, from)) {
                entry.labels.set(name, &value);
            }
        }
    }))
}

pub(super) fn structured_metadata(pairs: &[(String, String)]) -> Box<dyn Stage> {
    let pairs = pairs.to_vec();
    Box::new(Change(move |entry: &mut Entry, _| {
        for (name, from) in &pairs {
            let value = entry.text(source(name, from)).filter(|value| !value.is_empty());
            if let Some(value) = value {
                entry.metadata.retain(|(known, _)| known != name);
                entry.metadata.push((name.clone(), value));
            }
        }
        entry.metadata.sort();
    }))
}

pub(super) fn static_labels(pairs: &[(String, String)]) -> Box<dyn Stage> {
    let pairs = pairs.to_vec();
    Box::new(Change(move |entry: &mut Entry, _| {
        for (name, value) in &pairs {
            entry.labels.set(name, value);
        }
    }))
}

pub(super) fn label_drop(names: &[String]) -> Box<dyn Stage> {
    let names = names.to_vec();
    Box::new(Change(move |entry: &mut Entry, _| {
        entry.labels.retain(|name, _| !names.iter().any(|dropped| dropped == name));
    }))
}

pub(super) fn label_allow(names: &[String]) -> Box<dyn Stage> {
    let names = names.to_vec();
    Box::new(Change(move |entry: &mut Entry, _| {
        entry.labels.retain(|name, _| names.iter().any(|allowed| allowed == name));
    }))
}
