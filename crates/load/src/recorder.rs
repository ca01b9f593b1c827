//! The account of a run: what was sent, what came back, how long it took.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told apart, in microseconds; more than the time-out of a request.
const LONGEST_MICROS: u64 = 120_000_000;
/// Digits that a latency keeps.
const DIGITS: u8 = 3;

/// What a user asked for, as routes are named in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Browse,
    Item,
    Purchase,
    InvalidPurchase,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Browse, Self::Item, Self::Purchase, Self::InvalidPurchase];

    pub fn name(self) -> &'static str {
        match self {
            Self::Browse => "GET /browse",
            Self::Item => "GET /items/{id}",
            Self::Purchase => "POST /purchase",
            Self::InvalidPurchase => "POST /purchase (invalid)",
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer of this status.
    Status(u16),
    /// The answer came, but was not what it should be.
    Unreadable,
    Timeout,
    /// No connection, or one that broke.
    Transport,
}

impl Outcome {
    /// How the summary names it.
    fn name(self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::Unreadable => "unreadable".into(),
            Self::Timeout => "timeout".into(),
            Self::Transport => "no answer".into(),
        }
    }

    /// Whether the shop failed. 4xx on an order that is wrong on purpose is what should happen.
    fn is_error(self, step: Step) -> bool {
        match self {
            Self::Status(400..500) => step != Step::InvalidPurchase,
            Self::Status(status) => {
                status >= 500 || step == Step::InvalidPurchase || !(200..300).contains(&status)
            }
            Self::Unreadable | Self::Timeout | Self::Transport => true,
        }
    }
}

/// Counts and latencies of some requests.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub requests: u64,
    pub errors: u64,
    /// Orders that were wrong on purpose and were refused.
    pub rejected: u64,
    pub latencies: Histogram<u64>,
}

impl Tally {
    fn new() -> Self {
        let latencies =
            Histogram::new_with_bounds(1, LONGEST_MICROS, DIGITS).expect("BUG: bounds are constants");
        Self { requests: 0, errors: 0, rejected: 0, latencies }
    }

    fn add(&mut self, step: Step, outcome: Outcome, latency: Duration) {
        self.requests += 1;
        if outcome.is_error(step) {
            self.errors += 1;
        } else if step == Step::InvalidPurchase {
            self.rejected += 1;
        }
        self.latencies.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_MICROS));
    }

    fn clear(&mut self) {
        (self.requests, self.errors, self.rejected) = (0, 0, 0);
        self.latencies.reset();
    }

    /// Milliseconds below which this share of latencies lies; zero when there are none.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        if self.latencies.is_empty() {
            0.0
        } else {
            self.latencies.value_at_quantile(quantile) as f64 / 1_000.0
        }
    }
}

/// The account of a whole run.
pub(crate) struct Recorder {
    pub started: Instant,
    pub all: Tally,
    /// Since the last progress report.
    recent: Tally,
    recent_since: Instant,
    pub steps: BTreeMap<Step, Tally>,
    pub phases: Vec<Tally>,
    pub outcomes: BTreeMap<String, u64>,
    /// Requests that were due while too many journeys were under way.
    pub dropped: u64,
    /// Journeys that were still under way some time after the end.
    pub abandoned: u64,
}

impl Recorder {
    pub fn new(started: Instant, phases: usize) -> Self {
        Self {
            started,
            all: Tally::new(),
            recent: Tally::new(),
            recent_since: started,
            steps: BTreeMap::new(),
            phases: vec![Tally::new(); phases],
            outcomes: BTreeMap::new(),
            dropped: 0,
            abandoned: 0,
        }
    }

    pub fn add(&mut self, phase: usize, step: Step, outcome: Outcome, latency: Duration) {
        let by_step = self.steps.entry(step).or_insert_with(Tally::new);
        for tally in [&mut self.all, &mut self.recent, by_step, &mut self.phases[phase]] {
            tally.add(step, outcome, latency);
        }
        *self.outcomes.entry(outcome.name()).or_default() += 1;
    }

    /// What happened since the last call.
    pub fn progress(&mut self, phase: &str, in_flight: usize, now: Instant) -> Progress {
        let seconds = now.duration_since(self.recent_since).as_secs_f64();
        let progress = Progress {
            elapsed_seconds: now.duration_since(self.started).as_secs_f64(),
            phase: phase.to_owned(),
            requests: self.all.requests,
            rate: if seconds > 0.0 { self.recent.requests as f64 / seconds } else { 0.0 },
            errors: self.recent.errors,
            rejected: self.recent.rejected,
            dropped: self.dropped,
            in_flight,
            p50_ms: self.recent.quantile_ms(0.5),
            p95_ms: self.recent.quantile_ms(0.95),
            p99_ms: self.recent.quantile_ms(0.99),
        };
        self.recent.clear();
        self.recent_since = now;
        progress
    }
}

/// How a run goes. Rate, errors, rejections and latencies are those since the report before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub elapsed_seconds: f64,
    pub phase: String,
    /// Answered since the start.
    pub requests: u64,
    /// Requests answered a second.
    pub rate: f64,
    pub errors: u64,
    /// Orders that were wrong on purpose and were refused.
    pub rejected: u64,
    /// Requests that were due and not sent since the start, because too many were under way.
    pub dropped: u64,
    /// Journeys under way.
    pub in_flight: usize,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
}

/// The live line.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>6.0} s  {:<10} {:>8} requests  {:>7.1}/s  {:>5} errors  p50 {:>7.1} ms  p95 {:>7.1} ms  p99 {:>7.1} ms",
            self.elapsed_seconds,
            self.phase,
            self.requests,
            self.rate,
            self.errors,
            self.p50_ms,
            self.p95_ms,
            self.p99_ms,
        )?;
        if self.dropped > 0 {
            write!(f, "  {} dropped", self.dropped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
