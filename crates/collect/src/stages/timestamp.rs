//! `timestamp`: the time of a line out of an extracted value.

use super::{Entry, Next, Stage, StageError};
use chrono::FixedOffset;
use gotmpl::layout;
use model::clock::Nanos;
use stackconf::promtail::stages::{OnTimestampFailure, TimestampStage};
use std::collections::HashMap;

/// Streams whose last time is remembered for `fudge`; with more of them the memory starts anew.
const MAX_STREAMS: usize = 10_000;

enum Format {
    /// Nanoseconds of the unit.
    Unix(i64),
    Layout(String),
}

pub(super) struct Timestamp {
    source: String,
    formats: Vec<Format>,
    zone: FixedOffset,
    on_failure: OnTimestampFailure,
    /// Last good time by labels.
    last: HashMap<model::Labels, Nanos>,
}

fn format(text: &str) -> Format {
    match text {
        "Unix" => Format::Unix(1_000_000_000),
        "UnixMs" => Format::Unix(1_000_000),
        "UnixUs" => Format::Unix(1_000),
        "UnixNs" => Format::Unix(1),
        other => Format::Layout(layout::named(other).unwrap_or(other).to_owned()),
    }
}

impl Timestamp {
    pub(super) fn new(config: &TimestampStage) -> Result<Self, StageError> {
        let utc = FixedOffset::east_opt(0);
        let zone = match config.location.as_deref() {
            None | Some("" | "UTC" | "GMT" | "Etc/UTC") => utc,
            Some(_) => None,
        };
        let zone = zone.ok_or_else(|| StageError {
            stage: "timestamp",
            reason: format!(
                "unknown location {:?}, expected UTC: the lab has no table of time zones",
                config.location.as_deref().unwrap_or("")
            ),
        })?;
        let formats = std::iter::once(&config.format).chain(&config.fallback_formats);
        Ok(Self {
            source: config.source.clone(),
            formats: formats.map(|text| format(text)).collect(),
            zone,
            on_failure: config.on_failure,
            last: HashMap::new(),
        })
    }

    fn read(&self, text: &str) -> Option<Nanos> {
        self.formats.iter().find_map(|format| match format {
            Format::Unix(unit) => unix(text, *unit),
            Format::Layout(layout_text) => {
                layout::parse(text, layout_text, self.zone).ok()?.timestamp_nanos_opt()
            }
        })
    }
}

/// A number of units, with a fraction where it is written with one.
fn unix(text: &str, unit: i64) -> Option<Nanos> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return text.parse::<i64>().ok()?.checked_mul(unit);
    };
    let nanos = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    let part = format!("0.{fraction}").parse::<f64>().ok()?;
    nanos.checked_add((part * unit as f64).round() as i64)
}

impl Stage for Timestamp {
    fn process(&mut self, mut entry: Entry, _now: Nanos, next: Next<'_>) {
        let found = entry.text(&self.source).and_then(|text| self.read(&text));
        if self.on_failure == OnTimestampFailure::Fudge {
            let labels = entry.labels.clone().build();
            if self.last.len() >= MAX_STREAMS {
                self.last.clear();
            }
            // A line without a good time comes a nanosecond after the one before it.
            let t = found
                .or_else(|| self.last.get(&labels).map(|last| last.saturating_add(1)))
                .unwrap_or(entry.t);
            self.last.insert(labels, t);
            entry.t = t;
        } else if let Some(t) = found {
            entry.t = t;
        }
        next(entry);
    }
}
