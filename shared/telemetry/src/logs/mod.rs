//! Log lines: one flat JSON object a line on standard output.
//!
//! [`Logger`] writes a line; [`layer::JsonLayer`] makes lines from `tracing` events; the line of a request is written by
//! [`crate::request`] without a detour. [`writer`] keeps a slow reader of standard output from stopping the service.

pub mod escape;
pub mod layer;
mod line;
mod timestamp;
pub mod writer;

use std::{cell::RefCell, sync::Arc};

use tracing::Level;

pub use line::Line;
use writer::LineWriter;

use crate::{clock, settings::LogFilter};

/// Writes log lines of one service. Clones share one writer.
#[derive(Clone)]
pub struct Logger(Arc<Inner>);

struct Inner {
    writer: LineWriter,
    /// The service's name, escaped, between quotes.
    service: String,
    /// One flag for each level, ERROR first: whether lines of the service's own are written.
    enabled: [bool; 5],
}

impl Logger {
    pub fn new(service: &'static str, filter: &LogFilter, writer: LineWriter) -> Self {
        let mut quoted = String::new();
        escape::write_string(&mut quoted, service);
        let enabled = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE]
            .map(|level| filter.allows(service, level));
        Self(Arc::new(Inner { writer, service: quoted, enabled }))
    }

    pub fn enabled(&self, level: Level) -> bool {
        self.0.enabled[rank(level)]
    }

    /// Writes a line if its level is enabled. `fill` adds the keys that stand between `service` and the end.
    pub fn line(&self, level: Level, fill: impl FnOnce(&mut Line<'_>)) {
        if self.enabled(level) {
            self.write(level, fill);
        }
    }

    /// Writes a line whatever its level: the caller has filtered.
    pub(crate) fn write(&self, level: Level, fill: impl FnOnce(&mut Line<'_>)) {
        thread_local! {
            // Reused by every line of the thread, so that a line costs no allocation.
            static SCRATCH: RefCell<String> = RefCell::new(String::with_capacity(512));
        }
        let render = |text: &mut String| {
            text.clear();
            let mut line = Line::start(text, clock::now(), level_name(level), &self.0.service);
            fill(&mut line);
            line.end();
            self.0.writer.push(text.as_bytes());
        };
        SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut text) => render(&mut text),
            // A value that logs while it is being formatted.
            Err(_) => render(&mut String::new()),
        });
    }

    /// Lines lost because nobody read them.
    pub fn dropped(&self) -> u64 {
        self.0.writer.dropped()
    }

    /// Waits until all lines are out, a bounded time.
    pub fn flush(&self) {
        self.0.writer.flush();
    }
}

fn rank(level: Level) -> usize {
    match level {
        Level::ERROR => 0,
        Level::WARN => 1,
        Level::INFO => 2,
        Level::DEBUG => 3,
        Level::TRACE => 4,
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

#[cfg(test)]
mod tests;
