//! The simulated charge: how long a payment provider takes.
//!
//! Log-normal, as latencies of remote calls are: a median of 40 ms and a tail. The 99th percentile is
//! 40 ms · e^(0.75 · 2.326) ≈ 229 ms, and 300 ms are exceeded in 0.4 % of cases, so that a healthy shop keeps its latency
//! objective (95 % under 300 ms) with room to spare.

use std::{
    f64::consts::TAU,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

const MEDIAN: Duration = Duration::from_millis(40);
/// Standard deviation of the logarithm.
const SIGMA: f64 = 0.75;
/// A provider's own deadline: nothing takes longer.
const LONGEST: Duration = Duration::from_millis(1_500);

/// Charges orders, one random number after the other: a seed makes a run repeatable.
#[derive(Debug)]
pub struct Provider(Mutex<StdRng>);

impl Provider {
    /// With a seed of its own when none is given.
    pub fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(seed.map_or_else(|| StdRng::from_rng(&mut rand::rng()), StdRng::seed_from_u64)))
    }

    /// How long the next charge takes.
    pub fn next_duration(&self) -> Duration {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Box and Muller: two even random numbers make a normal one. The first must not be zero.
        let (first, second) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
        let normal = (-2.0 * first.ln()).sqrt() * (TAU * second).cos();
        MEDIAN.mul_f64((SIGMA * normal).exp()).min(LONGEST)
    }

    /// The id of the next order.
    pub fn next_order_id(&self) -> String {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        format!("ord-{:016x}", rng.random::<u64>())
    }

    /// Charges the customer: a child span of the request.
    #[tracing::instrument(name = "charge", skip(self), fields(amount_cents = cents as i64))]
    pub async fn charge(&self, cents: u64) {
        tokio::time::sleep(self.next_duration()).await;
    }
}

#[cfg(test)]
mod tests;
