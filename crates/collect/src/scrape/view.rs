//! What the scraper shows of itself: plain data for `/api/v1/targets` and the console.

use model::Labels;
use model::clock::Millis;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TargetHealth {
    /// Not scraped yet.
    #[default]
    Unknown,
    Up,
    Down,
}

impl TargetHealth {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ActiveTarget {
    /// As discovery found them, with the job's defaults.
    pub discovered: Labels,
    /// As every series of the target has them.
    pub labels: Labels,
    pub pool: String,
    /// With the name of the configuration, not the address it leads to.
    pub url: String,
    pub last_error: Option<String>,
    pub last_scrape: Option<Millis>,
    pub last_duration: Duration,
    pub health: TargetHealth,
    pub interval: Duration,
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DroppedTarget {
    pub discovered: Labels,
    pub pool: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PoolView {
    pub name: String,
    /// What discovery or relabelling could not use.
    pub errors: Vec<String>,
}

/// Sorted as the configuration has the jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetsView {
    pub active: Vec<ActiveTarget>,
    pub dropped: Vec<DroppedTarget>,
    pub pools: Vec<PoolView>,
}
