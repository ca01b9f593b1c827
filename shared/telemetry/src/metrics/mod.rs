//! Metrics of a service: the registry and what is in it.
//!
//! [`requests`] holds what the request layer updates, [`exemplar`] the histogram that remembers a trace for each bucket,
//! [`openmetrics`] the encoder that shows them, [`negotiate`] the choice of the format.

pub mod exemplar;
pub mod negotiate;
mod observed;
pub mod openmetrics;
mod process;
pub mod requests;

pub use observed::{Kind, Observed};
pub use prometheus::IntCounter as Counter;
use prometheus::{Encoder, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};

use crate::{
    names::{label, metric},
    telemetry::Service,
};
use negotiate::Format;
use requests::RequestMetrics;

/// All metrics of one service.
pub struct Metrics {
    registry: Registry,
    pub requests: RequestMetrics,
    retries: IntCounterVec,
    service: &'static str,
}

impl Metrics {
    pub(crate) fn new(service: &Service, start: std::time::SystemTime) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = RequestMetrics::new(service, &registry)?;
        let retries = IntCounterVec::new(
            Opts::new(
                metric::UPSTREAM_RETRIES_TOTAL,
                "Second attempts of idempotent calls to another service.",
            ),
            &[label::SERVICE, label::UPSTREAM],
        )?;
        registry.register(Box::new(retries.clone()))?;
        process::register(&registry, service.name, start)?;
        Ok(Self { registry, requests, retries, service: service.name })
    }

    /// Adds a collector of the service's own.
    ///
    /// # Errors
    /// A metric of that name and these labels is registered already.
    pub fn register(
        &self,
        collector: impl prometheus::core::Collector + 'static,
    ) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(collector))
    }

    /// The counter of second attempts towards `upstream`.
    pub fn retries(&self, upstream: &str) -> IntCounter {
        self.retries.with_label_values(&[self.service, upstream])
    }

    /// The exposition in `format`.
    ///
    /// # Errors
    /// A family that the encoder refuses; it would be a defect of this crate.
    pub fn render(&self, format: Format) -> Result<String, prometheus::Error> {
        let families = self.registry.gather();
        match format {
            Format::OpenMetrics => Ok(openmetrics::encode(&families, &[self.requests.durations()])),
            Format::Text => {
                let mut bytes = Vec::with_capacity(32 * 1024);
                TextEncoder::new().encode(&families, &mut bytes)?;
                String::from_utf8(bytes).map_err(|error| prometheus::Error::Msg(error.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
