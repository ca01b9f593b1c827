//! The way in: limits, write-ahead log, streams, tails.

use super::{Inner, LogDb, Writer, lock};
use crate::config::Config;
use crate::detect;
use crate::rate::Bucket;
use crate::wal::WalLine;
use model::clock::Nanos;
use model::logs::{LogAppender, LogEntry, LogStream, PushError, PushReport};
use model::{Labels, StoreError};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A stream without a line for this long no longer counts as active.
const ACTIVE_FOR: Duration = Duration::from_secs(3_600);
/// The log may grow to this many times its checkpoint size; after that a push waits for the checkpoint.
const MAX_BEHIND: u64 = 4;

impl LogAppender for LogDb {
    fn push(&self, streams: Vec<LogStream>) -> Result<PushReport, StoreError> {
        self.inner.push(streams)
    }
}

/// Nanoseconds of a duration, for comparisons with instants.
fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Nanoseconds since the epoch as RFC 3339, for messages.
fn instant(t: Nanos) -> String {
    let (seconds, rest) = (t.div_euclid(1_000_000_000), t.rem_euclid(1_000_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date: Howard Hinnant, "chrono-compatible low-level date algorithms".
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:09}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Collects refusals: the first of each kind, and how many lines.
#[derive(Default)]
struct Refusals {
    first: Vec<PushError>,
    lines: u64,
}

impl Refusals {
    fn add(&mut self, error: PushError, lines: usize) {
        self.lines += lines as u64;
        let kind = std::mem::discriminant(&error);
        if !self.first.iter().any(|other| std::mem::discriminant(other) == kind) {
            self.first.push(error);
        }
    }
}

/// A stream of a push that may come in.
struct Admitted {
    labels: Labels,
    /// The level that the labels name.
    level: Option<String>,
    entries: Vec<LogEntry>,
}

impl Inner {
    fn push(&self, streams: Vec<LogStream>) -> Result<PushReport, StoreError> {
        let now = self.clock.now_nanos();
        let mut refusals = Refusals::default();
        let mut guard = lock(&self.writer);
        let writer = &mut *guard;
        let lines: usize = streams.iter().map(|stream| stream.entries.len()).sum();
        let bytes: usize = streams.iter().flat_map(|stream| &stream.entries).map(size_of_entry).sum();
        if !writer.bucket.take(bytes, now) {
            refusals.add(PushError::RateLimited { limit: self.config.ingestion_rate, lines, bytes }, lines);
            return Ok(self.report(PushReport::default(), refusals));
        }
        let mut admitted = self.admit(streams, now, &mut refusals);
        self.limit_streams(&mut admitted, now, &mut refusals);
        if admitted.is_empty() {
            return Ok(self.report(PushReport::default(), refusals));
        }
        let levels = self.log(writer, &admitted)?;
        let mut report = PushReport::default();
        self.apply(admitted, &levels, now, &mut report);
        let behind = writer.wal.size + writer.finished;
        drop(guard);
        if behind > self.config.checkpoint_size {
            self.wake.notify_all();
        }
        if behind > self.config.checkpoint_size.saturating_mul(MAX_BEHIND) {
            // The lines are in: a segment that cannot be written is no failure of this push.
            if self.checkpoint().is_err() {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(self.report(report, refusals))
    }

    fn report(&self, mut report: PushReport, refusals: Refusals) -> PushReport {
        self.counters.refused.fetch_add(refusals.lines, Ordering::Relaxed);
        self.counters.lines.fetch_add(report.accepted, Ordering::Relaxed);
        self.counters.duplicates.fetch_add(report.duplicates, Ordering::Relaxed);
        report.refused = refusals.first;
        report.refused_lines = refusals.lines;
        report
    }

    /// Takes out what a limit refuses.
    fn admit(&self, streams: Vec<LogStream>, now: Nanos, refusals: &mut Refusals) -> Vec<Admitted> {
        let config = &self.config;
        let known = self.read();
        let mut created = 0;
        let mut active = None;
        let mut admitted = Vec::with_capacity(streams.len());
        for LogStream { labels, mut entries } in streams {
            let count = entries.len();
            if count == 0 {
                continue;
            }
            if labels.is_empty() {
                refusals.add(PushError::NoLabels, count);
                continue;
            }
            if labels.len() > config.max_label_names {
                let (found, limit) = (labels.len(), config.max_label_names);
                refusals.add(PushError::TooManyLabels { stream: labels.to_string(), found, limit }, count);
                continue;
            }
            if let Some(error) = label_too_long(config, &labels) {
                refusals.add(error, count);
                continue;
            }
            let labels = detect::with_service_name(labels, &config.discover_service_name);
            let stream = known.by_labels.get(&labels).and_then(|id| known.all.get(id));
            if stream.is_none() && config.max_streams > 0 {
                let since = now.saturating_sub(nanos(ACTIVE_FOR));
                let active = *active.get_or_insert_with(|| {
                    known.all.values().filter(|stream| stream.last_push >= since).count()
                });
                if active + created >= config.max_streams {
                    let limit = config.max_streams;
                    refusals.add(PushError::StreamLimit { stream: labels.to_string(), limit }, count);
                    continue;
                }
                created += 1;
            }
            let newest = stream.map_or(i64::MIN, |stream| stream.newest);
            self.admit_entries(&labels, &mut entries, newest, now, refusals);
            if entries.is_empty() {
                continue;
            }
            let level =
                stream.map_or_else(|| detect::level_of_labels(&labels), |stream| stream.level.clone());
            admitted.push(Admitted { labels, level: level.filter(|_| config.discover_levels), entries });
        }
        admitted
    }

    /// Takes out streams that are faster than one stream may be. A stream that is new has all its burst.
    fn limit_streams(&self, admitted: &mut Vec<Admitted>, now: Nanos, refusals: &mut Refusals) {
        let (rate, burst) = (self.config.stream_rate, self.config.stream_burst);
        if rate == 0 {
            return;
        }
        let mut all = self.write();
        admitted.retain(|stream| {
            let bytes: usize = stream.entries.iter().map(size_of_entry).sum();
            let known = all.get_or_create(&stream.labels);
            let bucket = known.bucket.get_or_insert_with(|| Bucket::new(rate, burst, now));
            if bucket.take(bytes, now) {
                return true;
            }
            let error =
                PushError::StreamRateLimited { stream: stream.labels.to_string(), limit: rate, bytes };
            refusals.add(error, stream.entries.len());
            false
        });
    }

    fn admit_entries(
        &self,
        labels: &Labels,
        entries: &mut Vec<LogEntry>,
        mut newest: i64,
        now: Nanos,
        refusals: &mut Refusals,
    ) {
        let config = &self.config;
        let oldest =
            if config.max_age.is_zero() { i64::MIN } else { now.saturating_sub(nanos(config.max_age)) };
        let latest = if config.grace.is_zero() { i64::MAX } else { now.saturating_add(nanos(config.grace)) };
        let window = nanos(config.out_of_order_window);
        entries.retain(|entry| {
            let behind = newest.saturating_sub(window);
            let stream = || labels.to_string();
            let error = if config.max_line_size > 0 && entry.line.len() > config.max_line_size {
                let (found, limit) = (entry.line.len(), config.max_line_size);
                PushError::LineTooLong { stream: stream(), found, limit }
            } else if entry.t < oldest {
                PushError::TooOld { stream: stream(), t: instant(entry.t), oldest: instant(oldest) }
            } else if entry.t > latest {
                PushError::TooNew { stream: stream(), t: instant(entry.t) }
            } else if newest != i64::MIN && entry.t < behind {
                PushError::TooFarBehind { stream: stream(), t: instant(entry.t), oldest: instant(behind) }
            } else if let Some(error) = metadata_refused(config, labels, entry) {
                error
            } else {
                newest = newest.max(entry.t);
                return true;
            };
            refusals.add(error, 1);
            false
        });
    }

    /// Writes the lines to the log and gives the level that was found for each, in order.
    fn log(&self, writer: &mut Writer, admitted: &[Admitted]) -> Result<Vec<Option<String>>, StoreError> {
        let mut levels = Vec::new();
        let Writer { wal, record, .. } = writer;
        record.clear();
        for stream in admitted {
            record.stream(&stream.labels, stream.entries.len());
            for entry in &stream.entries {
                let level = match &stream.level {
                    _ if !self.config.discover_levels => None,
                    Some(level) => {
                        let has = entry.metadata.iter().any(|(name, _)| name == detect::DETECTED_LEVEL);
                        (!has).then_some(level.as_str())
                    }
                    None => detect::level_of_line(&entry.metadata, &entry.line),
                };
                record.line(&WalLine { t: entry.t, line: &entry.line, metadata: &entry.metadata, level });
                // The stream's level needs no copy for each line.
                levels.push(if stream.level.is_some() { None } else { level.map(str::to_owned) });
            }
        }
        wal.append(record)?;
        Ok(levels)
    }

    fn apply(&self, admitted: Vec<Admitted>, levels: &[Option<String>], now: Nanos, report: &mut PushReport) {
        let tails = self.tails.active();
        let mut levels = levels.iter();
        let mut bytes = 0;
        let mut all = self.write();
        for Admitted { labels, level: of_labels, entries } in admitted {
            let listeners: Vec<_> = tails.iter().filter(|tail| tail.wants(&labels)).collect();
            let stream = all.get_or_create(&labels);
            stream.last_push = now;
            for entry in entries {
                let level = levels.next().and_then(Option::as_deref).or(of_labels.as_deref());
                let has_level = entry.metadata.iter().any(|(name, _)| name == detect::DETECTED_LEVEL);
                let level = level.filter(|_| !has_level).map(|level| (detect::DETECTED_LEVEL, level));
                let pairs = entry.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                let pairs = pairs.chain(level);
                if !stream.append(entry.t, &entry.line, pairs, self.config.block_size) {
                    report.duplicates += 1;
                    continue;
                }
                report.accepted += 1;
                bytes += size_of_entry(&entry);
                if !listeners.is_empty() {
                    let mut shown = entry;
                    if let Some((name, level)) = level {
                        shown.metadata.push((name.to_owned(), level.to_owned()));
                    }
                    listeners.iter().for_each(|tail| tail.push(&labels, shown.clone()));
                }
            }
        }
        self.counters.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

fn size_of_entry(entry: &LogEntry) -> usize {
    entry.line.len() + entry.metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

fn label_too_long(config: &Config, labels: &Labels) -> Option<PushError> {
    let over = |length: usize, limit: usize| limit > 0 && length > limit;
    labels.iter().find_map(|(name, value)| {
        let stream = || labels.to_string();
        if over(name.len(), config.max_label_name) {
            let limit = config.max_label_name;
            Some(PushError::LabelNameTooLong { stream: stream(), name: name.to_owned(), limit })
        } else if over(value.len(), config.max_label_value) {
            let (found, limit) = (value.len(), config.max_label_value);
            Some(PushError::LabelValueTooLong { stream: stream(), name: name.to_owned(), found, limit })
        } else {
            None
        }
    })
}

fn metadata_refused(config: &Config, labels: &Labels, entry: &LogEntry) -> Option<PushError> {
    if entry.metadata.is_empty() {
        return None;
    }
    let stream = || labels.to_string();
    if !config.allow_metadata {
        return Some(PushError::MetadataDisallowed { stream: stream() });
    }
    let size = size_of_entry(entry) - entry.line.len();
    if config.max_metadata_size > 0 && size > config.max_metadata_size {
        let limit = config.max_metadata_size;
        return Some(PushError::MetadataTooLarge { stream: stream(), found: size, limit });
    }
    if config.max_metadata_pairs > 0 && entry.metadata.len() > config.max_metadata_pairs {
        let (found, limit) = (entry.metadata.len(), config.max_metadata_pairs);
        return Some(PushError::TooManyMetadata { stream: stream(), found, limit });
    }
    None
}
