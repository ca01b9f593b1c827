//! The windows, as data: which pairs alert at which burn rate, and by how much a set is compressed.

use std::time::Duration;

/// How loud an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Wakes somebody.
    Page,
    /// Waits for working hours.
    Ticket,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// One row of the workbook's table: fires while both windows burn faster than `burn_rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnAlert {
    pub severity: Severity,
    /// How many times faster than sustainable; 1 spends the budget exactly within the period.
    pub burn_rate: f64,
    /// The window that has seen enough of the budget go.
    pub long: Duration,
    /// The window that ends the alert soon after the errors end.
    pub short: Duration,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const fn row(severity: Severity, burn_rate: f64, long: u64, short: u64) -> BurnAlert {
    BurnAlert { severity, burn_rate, long: Duration::from_secs(long), short: Duration::from_secs(short) }
}

/// Production's windows for a period of 30 days. The share of the budget that is gone when a row fires is burn rate × long
/// window ÷ period: 2 %, 5 %, 10 %, 10 %. Source: SRE workbook, chapter 5, table 5-8.
pub const BURN_ALERTS: [BurnAlert; 4] = [
    row(Severity::Page, 14.4, HOUR, 5 * MINUTE),
    row(Severity::Page, 6.0, 6 * HOUR, 30 * MINUTE),
    row(Severity::Ticket, 3.0, DAY, 2 * HOUR),
    row(Severity::Ticket, 1.0, 3 * DAY, 6 * HOUR),
];

/// How long a service must be silent before that is worth an information.
pub const SILENCE: Duration = Duration::from_secs(5 * MINUTE);

/// Nobody is told of a silence when there was no traffic within this time. The same in both sets: it is about people.
pub const TRAFFIC_MEMORY: Duration = Duration::from_secs(HOUR);

/// prometheus.yml's scrape interval; a test holds the two together.
pub const SCRAPE_INTERVAL: Duration = Duration::from_secs(5);

/// One way to compress the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSet {
    /// The folder below prometheus/rules and the value of SLO_WINDOWS.
    pub name: &'static str,
    /// All windows and the period are divided by this.
    pub divisor: u32,
    /// How often records and alerts are evaluated.
    pub interval: Duration,
    /// How often the records about the whole period are evaluated. Reading 30 days of samples every 5 s would be most of what
    /// Prometheus does.
    pub budget_interval: Duration,
}

/// With a divisor of 12 the shortest window is 25 s: five scrapes, of which a rate needs two. Twenty would leave fifteen
/// seconds, and one lost scrape would tear a hole.
pub const SETS: [WindowSet; 2] = [
    WindowSet {
        name: "lab",
        divisor: 12,
        interval: Duration::from_secs(5),
        budget_interval: Duration::from_secs(5),
    },
    WindowSet {
        name: "production",
        divisor: 1,
        interval: Duration::from_secs(5),
        budget_interval: Duration::from_secs(60),
    },
];

impl WindowSet {
    /// A production window in this set.
    pub fn compress(&self, window: Duration) -> Duration {
        window / self.divisor
    }

    /// All production windows of the alerts, shortest first, each once.
    pub fn production_windows() -> Vec<Duration> {
        let mut all: Vec<Duration> = BURN_ALERTS.iter().flat_map(|row| [row.short, row.long]).collect();
        all.sort();
        all.dedup();
        all
    }
}
