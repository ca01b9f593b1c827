//! What a run amounts to, for people and as JSON.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::recorder::{Recorder, Tally};

/// A finished run. Latencies count from the moment at which a request was due.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub seconds: f64,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    #[serde(flatten)]
    pub all: Part,
    /// Requests that were due and not sent, because too many were under way.
    pub dropped: u64,
    /// Journeys that were given up because they were still under way some time after the end.
    pub abandoned: u64,
    /// By status, or by what happened instead of an answer.
    pub outcomes: BTreeMap<String, u64>,
    pub routes: Vec<Named>,
    pub phases: Vec<Named>,
}

/// A route or a phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    pub name: String,
    #[serde(flatten)]
    pub part: Part,
}

/// Counts and latencies of some requests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    pub requests: u64,
    /// Failures of the shop: 5xx, no answer, time-out, or 4xx where none was due.
    pub errors: u64,
    /// Orders that were wrong on purpose and were refused.
    pub rejected: u64,
    /// Share of errors, 0 to 1.
    pub error_ratio: f64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Part {
    fn of(tally: &Tally) -> Self {
        Self {
            requests: tally.requests,
            errors: tally.errors,
            rejected: tally.rejected,
            error_ratio: if tally.requests > 0 { tally.errors as f64 / tally.requests as f64 } else { 0.0 },
            p50_ms: tally.quantile_ms(0.5),
            p90_ms: tally.quantile_ms(0.9),
            p95_ms: tally.quantile_ms(0.95),
            p99_ms: tally.quantile_ms(0.99),
            max_ms: tally.quantile_ms(1.0),
        }
    }
}

impl Summary {
    pub(crate) fn of<'a>(
        recorder: &Recorder,
        seconds: f64,
        stopped: bool,
        phases: impl Iterator<Item = &'a str>,
    ) -> Self {
        let named = |name: &str, tally: &Tally| Named { name: name.to_owned(), part: Part::of(tally) };
        Self {
            seconds,
            stopped,
            all: Part::of(&recorder.all),
            dropped: recorder.dropped,
            abandoned: recorder.abandoned,
            outcomes: recorder.outcomes.clone(),
            routes: recorder.steps.iter().map(|(step, tally)| named(step.name(), tally)).collect(),
            phases: phases
                .zip(&recorder.phases)
                .filter(|(_, tally)| tally.requests > 0)
                .map(|(name, tally)| named(name, tally))
                .collect(),
        }
    }

    /// Requests answered a second.
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.all.requests as f64 / self.seconds } else { 0.0 }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} requests in {:.1} s ({:.1}/s), {} errors ({:.2} %), {} orders refused as they should be{}",
            self.all.requests,
            self.seconds,
            self.rate(),
            self.all.errors,
            self.all.error_ratio * 100.0,
            self.all.rejected,
            if self.stopped { ", stopped early" } else { "" },
        )?;
        if self.dropped > 0 {
            writeln!(f, "{} requests were due but not sent: too many were under way", self.dropped)?;
        }
        if self.abandoned > 0 {
            writeln!(f, "{} journeys were still under way at the end and were given up", self.abandoned)?;
        }
        let outcomes: Vec<_> = self.outcomes.iter().map(|(name, count)| format!("{name}: {count}")).collect();
        writeln!(f, "answers  {}\n", outcomes.join("   "))?;
        writeln!(
            f,
            "{:<26}{:>9}{:>8}{:>10}{:>10}{:>10}{:>10}",
            "", "requests", "errors", "p50 ms", "p95 ms", "p99 ms", "max ms"
        )?;
        // One phase alone is the whole run.
        let phases = if self.phases.len() > 1 { &self.phases[..] } else { &[] };
        for Named { name, part } in self.routes.iter().chain(phases) {
            row(f, name, part)?;
        }
        row(f, "all", &self.all)
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, part: &Part) -> fmt::Result {
    writeln!(
        f,
        "{:<26}{:>9}{:>8}{:>10.1}{:>10.1}{:>10.1}{:>10.1}",
        name, part.requests, part.errors, part.p50_ms, part.p95_ms, part.p99_ms, part.max_ms
    )
}
