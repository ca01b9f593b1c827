//! `sampling`: lets a share of the lines through, evenly: of 0.25 every fourth line, and not one in four by chance, so
//! that a replay gives the same lines.

use super::{Entry, Next, Stage};
use model::clock::Nanos;
use stackconf::promtail::stages::SamplingStage;

pub(super) struct Sampling {
    rate: f64,
    owed: f64,
}

impl Sampling {
    pub(super) fn new(config: SamplingStage) -> Self {
        Self { rate: config.rate, owed: 0.0 }
    }
}

impl Stage for Sampling {
    fn process(&mut self, entry: Entry, _now: Nanos, next: Next<'_>) {
        self.owed += self.rate;
        if self.owed >= 1.0 {
            self.owed -= 1.0;
            next(entry);
        }
    }
}
