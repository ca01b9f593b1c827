//! When users arrive: phases of a constant or growing rate, and the exact moments that follow from them.

use std::{str::FromStr, time::Duration};

use crate::PlanError;

/// Most requests a second that can be asked for: one machine's loopback, not a load test of the kernel.
const MAX_RATE: f64 = 20_000.0;
/// Longest phase.
const MAX_DURATION: Duration = Duration::from_secs(7 * 24 * 3_600);
const EXPECTED: &str = "phases like baseline:60s@20,ramp:2m@20..100,steady@50 (name:duration@requests a second; only the \
                        last may go without a duration)";

/// A stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    pub name: String,
    /// Until it is stopped, when absent.
    pub duration: Option<Duration>,
    /// Requests a second at its start.
    pub from: f64,
    /// Requests a second at its end; a straight line lies between.
    pub to: f64,
}

/// Phases, one after the other. At least one; only the last may have no end.
#[derive(Debug, Clone, PartialEq)]
pub struct Phases(Vec<Phase>);

impl Phases {
    /// One phase of a constant rate.
    ///
    /// # Errors
    /// A rate or duration that is out of range.
    pub fn constant(rate: f64, duration: Option<Duration>) -> Result<Self, PlanError> {
        Self::new(vec![Phase { name: "baseline".into(), duration, from: rate, to: rate }])
    }

    /// Twice as long at `rate` as in the middle third, where the rate is `factor` times as high.
    ///
    /// # Errors
    /// A rate or duration that is out of range.
    pub fn spike(rate: f64, factor: f64, duration: Duration) -> Result<Self, PlanError> {
        let third = duration / 3;
        let phase =
            |name: &str, rate: f64| Phase { name: name.into(), duration: Some(third), from: rate, to: rate };
        Self::new(vec![phase("baseline", rate), phase("spike", rate * factor), phase("after", rate)])
    }

    /// From a tenth of `rate` up to `rate`.
    ///
    /// # Errors
    /// A rate or duration that is out of range.
    pub fn ramp(rate: f64, duration: Duration) -> Result<Self, PlanError> {
        Self::new(vec![Phase { name: "ramp".into(), duration: Some(duration), from: rate / 10.0, to: rate }])
    }

    /// Checks `phases`.
    ///
    /// # Errors
    /// None at all, a rate or duration that is out of range, an endless phase before another.
    pub fn new(phases: Vec<Phase>) -> Result<Self, PlanError> {
        let wrong = |found: String| PlanError::Phases { found, expected: EXPECTED };
        let Some((last, earlier)) = phases.split_last() else { return Err(wrong("nothing".into())) };
        for phase in &phases {
            for rate in [phase.from, phase.to] {
                if !(rate > 0.0 && rate <= MAX_RATE) {
                    return Err(PlanError::Rate { found: rate, most: MAX_RATE });
                }
            }
            if phase.duration.is_some_and(|duration| duration.is_zero() || duration > MAX_DURATION) {
                return Err(wrong(format!("{}:{:?}", phase.name, phase.duration.unwrap_or_default())));
            }
        }
        if let Some(endless) = earlier.iter().find(|phase| phase.duration.is_none()) {
            return Err(wrong(format!("{} without a duration, before {}", endless.name, last.name)));
        }
        if last.duration.is_none() && last.from != last.to {
            return Err(wrong(format!("{} without a duration, with a rate that changes", last.name)));
        }
        Ok(Self(phases))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|phase| phase.name.as_str())
    }

    /// How long all phases take together, if they end.
    pub fn duration(&self) -> Option<Duration> {
        self.0.iter().map(|phase| phase.duration).sum()
    }

    /// The moments at which journeys of `requests` requests on average begin, from the start of the first phase.
    pub(crate) fn arrivals(&self, requests: f64) -> Arrivals<'_> {
        Arrivals { phases: &self.0, requests, at: 0, begins: Duration::ZERO, sent: 0 }
    }
}

/// `name:duration@rate` or `name:duration@from..to`, joined by commas.
impl FromStr for Phases {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let phases = text.split(',').map(|part| {
            let wrong = || PlanError::Phases { found: part.trim().to_owned(), expected: EXPECTED };
            let (head, rates) = part.trim().split_once('@').ok_or_else(wrong)?;
            let (name, duration) = match head.split_once(':') {
                Some((name, text)) => (name, Some(duration(text).ok_or_else(wrong)?)),
                None => (head, None),
            };
            let (from, to) = rates.split_once("..").unwrap_or((rates, rates));
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
                return Err(wrong());
            }
            Ok(Phase {
                name: name.to_owned(),
                duration,
                from: from.parse().map_err(|_| wrong())?,
                to: to.parse().map_err(|_| wrong())?,
            })
        });
        Self::new(phases.collect::<Result<_, _>>()?)
    }
}

/// `90s`, `1.5m`, `500ms`, `1h`.
fn duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

/// An iterator over (index of the phase, moment).
pub(crate) struct Arrivals<'a> {
    phases: &'a [Phase],
    requests: f64,
    at: usize,
    begins: Duration,
    /// Journeys in this phase so far.
    sent: u64,
}

impl Iterator for Arrivals<'_> {
    type Item = (usize, Duration);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let phase = self.phases.get(self.at)?;
            let moment = phase.moment(self.sent as f64 * self.requests);
            match phase.duration {
                Some(duration) if moment.is_none_or(|moment| moment >= duration) => {
                    self.begins += duration;
                    self.at += 1;
                    self.sent = 0;
                }
                _ => {
                    self.sent += 1;
                    return moment.map(|moment| (self.at, self.begins + moment));
                }
            }
        }
    }
}

impl Phase {
    /// When `count` requests have been due since the phase began; `None` if that never happens.
    ///
    /// The rate is `from + slope · t`, so after `t` seconds `from · t + slope · t² / 2` requests were due; this is the root.
    fn moment(&self, count: f64) -> Option<Duration> {
        let slope = self.duration.map_or(0.0, |duration| (self.to - self.from) / duration.as_secs_f64());
        let seconds = if slope == 0.0 {
            count / self.from
        } else {
            let inside = self.from * self.from + 2.0 * slope * count;
            if inside < 0.0 {
                return None;
            }
            (inside.sqrt() - self.from) / slope
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests;
