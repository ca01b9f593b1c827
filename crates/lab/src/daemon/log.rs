//! The daemon's own log: one line an event in `.lab/logs/lab.log`, bounded in size.

use crate::place::Place;
use anyhow::{Context as _, Result};
use model::Clock;
use model::clock::NANOS_PER_SECOND;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use supervise::LogFile;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The largest size of the log file in bytes; one older file is kept.
const LIMIT: u64 = 4 * 1024 * 1024;

struct FileLayer {
    file: Mutex<LogFile>,
    clock: Arc<dyn Clock>,
}

/// Sends every event of level INFO and above to the log file, for the rest of the process's life.
///
/// # Errors
/// When the file cannot be opened.
pub fn install(place: &Place, clock: Arc<dyn Clock>) -> Result<()> {
    let path = place.daemon_log();
    let file = LogFile::open(&path, LIMIT).with_context(|| format!("cannot open {}", path.display()))?;
    let filter = tracing_subscriber::filter::LevelFilter::INFO;
    let layer = FileLayer { file: Mutex::new(file), clock }.with_filter(filter);
    tracing_subscriber::registry().with(layer).try_init().context("a log is installed already")
}

impl<S: Subscriber> Layer<S> for FileLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let meta = event.metadata();
        // Details of the HTTP libraries are of no use to somebody who looks for what the lab did.
        if *meta.level() > Level::WARN && !is_ours(meta.target()) {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let seconds = self.clock.now_nanos() / NANOS_PER_SECOND;
        let text =
            format!("{} {:5} {}: {}{}", utc(seconds), meta.level(), meta.target(), line.message, line.fields);
        // A full disk must not stop the lab; the line is lost.
        let _ =
            self.file.lock().unwrap_or_else(PoisonError::into_inner).write_line(&text.replace('\n', " | "));
    }
}

fn is_ours(target: &str) -> bool {
    !["hyper", "reqwest", "h2", "tonic", "tower"].iter().any(|other| target.starts_with(other))
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

/// Seconds since the epoch as `2026-01-31T23:59:59Z`. The calendar is Howard Hinnant's `civil_from_days`.
fn utc(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_826_154, "2000-02-29T12:09:14Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(super::utc(seconds), text);
        }
    }
}
