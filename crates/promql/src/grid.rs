//! The times a query is evaluated at, and the windows of a range selector over them.

use model::clock::Millis;
use model::metrics::{MillisRange, Sample};
use std::ops::Range;

/// Evenly spaced evaluation times; an instant query has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub start: Millis,
    /// Positive.
    pub step: Millis,
    /// Number of times.
    pub len: usize,
}

impl Grid {
    pub fn instant(t: Millis) -> Self {
        Self { start: t, step: 1, len: 1 }
    }

    /// From `start` to at most `end`; nothing when `end` is before `start`.
    pub fn between(start: Millis, end: Millis, step: Millis) -> Self {
        let len = if end < start { 0 } else { (end.saturating_sub(start) / step) as usize + 1 };
        Self { start, step, len }
    }

    pub fn time(&self, at: usize) -> Millis {
        self.start + self.step * at as Millis
    }

    pub fn end(&self) -> Millis {
        self.time(self.len.saturating_sub(1))
    }

    pub fn times(&self) -> impl Iterator<Item = Millis> + use<> {
        let grid = *self;
        (0..grid.len).map(move |at| grid.time(at))
    }
}

/// Where the windows of a selector lie: the window of step `i` is `(end(i) - length, end(i)]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    grid: Grid,
    /// The time that `@` pins all windows to.
    at: Option<Millis>,
    offset: Millis,
    /// Milliseconds.
    pub length: Millis,
}

impl Windows {
    pub fn new(grid: Grid, at: Option<Millis>, offset: Millis, length: Millis) -> Self {
        Self { grid, at, offset, length }
    }

    pub fn len(&self) -> usize {
        self.grid.len
    }

    /// The evaluation time of a step, before `@` and offset.
    pub fn time(&self, step: usize) -> Millis {
        self.grid.time(step)
    }

    pub fn end(&self, step: usize) -> Millis {
        self.at.unwrap_or_else(|| self.grid.time(step)).saturating_sub(self.offset)
    }

    /// The end of the first window less its length: the newest time that is in no window.
    pub fn before(&self) -> Millis {
        self.end(0).saturating_sub(self.length)
    }

    /// The end of the last window.
    pub fn last(&self) -> Millis {
        self.end(self.len().saturating_sub(1))
    }

    /// All times that some window may hold.
    pub fn hull(&self) -> MillisRange {
        MillisRange { start: self.before().saturating_add(1), end: self.last() }
    }

    /// The window of each step as a range of `samples` (sorted by time), found with two pointers.
    pub fn over<'a>(&'a self, samples: &'a [Sample]) -> impl Iterator<Item = (usize, Range<usize>)> + 'a {
        let (mut low, mut high) = (0, 0);
        (0..self.len()).map(move |step| {
            let end = self.end(step);
            let start = end.saturating_sub(self.length);
            while high < samples.len() && samples[high].t <= end {
                high += 1;
            }
            while low < high && samples[low].t <= start {
                low += 1;
            }
            (step, low..high)
        })
    }
}
