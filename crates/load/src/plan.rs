//! What is to be done.

use std::time::Duration;

use reqwest::Url;

use crate::{phases::Phases, target};

/// Journeys under way at once at most; what is due beyond is counted as dropped, not delayed.
pub const MAX_IN_FLIGHT: usize = 512;
/// Requests a second when nothing is said.
pub const DEFAULT_RATE: f64 = 20.0;
/// A request that takes longer is given up and counted as an error.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A load run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) gateway: Url,
    pub(crate) catalog: Option<Url>,
    pub(crate) phases: Phases,
    pub(crate) total: Option<u64>,
    pub(crate) seed: u64,
    pub(crate) in_flight: usize,
    pub(crate) timeout: Duration,
    pub(crate) report_every: Duration,
    pub(crate) client: reqwest::Client,
}

/// A plan that cannot be carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    #[error("{found:?} is not an address like http://127.0.0.1:8000")]
    NoAddress { found: String },
    #[error(
        "{host} is not allowed as a target\nhint: load is sent to loopback addresses and to the compose services gateway, \
         catalog and checkout only"
    )]
    ForeignTarget { host: String },
    #[error("found {found} requests a second, expected more than 0 and at most {most}")]
    Rate { found: f64, most: f64 },
    #[error("phases: found {found:?}, expected {expected}")]
    Phases { found: String, expected: &'static str },
    #[error("cannot make an HTTP client: {0}")]
    Client(String),
}

impl Plan {
    /// Load for the shop whose gateway is at `gateway`, at [`DEFAULT_RATE`] until it is stopped.
    ///
    /// # Errors
    /// An address that is none, or not of this machine or the compose network.
    pub fn new(gateway: &str) -> Result<Self, PlanError> {
        // Neither a proxy nor a redirect may lead the load elsewhere.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("lab-load/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| PlanError::Client(error.to_string()))?;
        Ok(Self {
            gateway: target::parse(gateway)?,
            catalog: None,
            phases: Phases::constant(DEFAULT_RATE, None)?,
            total: None,
            seed: 1,
            in_flight: MAX_IN_FLIGHT,
            timeout: REQUEST_TIMEOUT,
            report_every: Duration::from_secs(1),
            client,
        })
    }

    /// Where the catalog is: users then look at single items, too, which the gateway does not offer.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn catalog(mut self, catalog: &str) -> Result<Self, PlanError> {
        self.catalog = Some(target::parse(catalog)?);
        Ok(self)
    }

    /// When users arrive.
    #[must_use]
    pub fn phases(mut self, phases: Phases) -> Self {
        self.phases = phases;
        self
    }

    /// Stops after exactly so many requests, if the phases do not end before.
    #[must_use]
    pub fn total(mut self, requests: u64) -> Self {
        self.total = Some(requests);
        self
    }

    /// Makes the sequence of journeys repeatable.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Journeys under way at once at most.
    #[must_use]
    pub fn max_in_flight(mut self, journeys: usize) -> Self {
        self.in_flight = journeys.max(1);
        self
    }

    /// When a request is given up.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often progress is reported.
    #[must_use]
    pub fn report_every(mut self, interval: Duration) -> Self {
        self.report_every = interval.max(Duration::from_millis(10));
        self
    }
}
