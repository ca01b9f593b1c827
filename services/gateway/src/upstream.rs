//! Calls to the services behind the front door: one deadline over everything, one second attempt where that is safe.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use rand::RngExt;
use reqwest::{Method, StatusCode, Url, header};
use telemetry::{Telemetry, client::Client};
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::Error;

/// How long a user waits at most.
pub const DEADLINE: Duration = Duration::from_secs(3);
/// How long a connection may take: the network is near, so a connection that takes longer will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest answer that is taken from another service, in bytes.
const ANSWER_LIMIT: usize = 2 * 1024 * 1024;
/// Pause before the second attempt, in milliseconds; spread, so that attempts do not come in waves.
const BACKOFF_MS: std::ops::Range<u64> = 10..50;
/// Each call earns this part of a second attempt; a service that fails all calls is not hit by twice the load.
const RETRY_SHARE: u32 = 5;
/// Second attempts that can be saved up.
const RETRY_RESERVE: u32 = 10;

/// One service behind the gateway.
#[derive(Clone)]
pub struct Upstream {
    name: &'static str,
    base: Url,
    client: Client,
    retries: telemetry::metrics::Counter,
    budget: Arc<Budget>,
}

/// An answer that was read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: Option<header::HeaderValue>,
    pub body: Bytes,
}

impl Upstream {
    pub fn new(name: &'static str, base: Url, client: Client, telemetry: &Telemetry) -> Self {
        let retries = telemetry.metrics().retries(name);
        Self { name, base, client, retries, budget: Arc::new(Budget::full()) }
    }

    /// `GET path`: may be attempted twice, since asking again changes nothing.
    ///
    /// # Errors
    /// No answer, or one of 5xx, after both attempts; or none within the deadline.
    pub async fn get(&self, path: &str) -> Result<Answer, Error> {
        let deadline = Instant::now() + DEADLINE;
        self.budget.earn();
        let first = self.attempt(Method::GET, path, None, deadline, 0).await;
        if !matches!(first, Err(Error::UpstreamFailed { .. })) {
            return first;
        }
        let pause = Duration::from_millis(rand::rng().random_range(BACKOFF_MS));
        if Instant::now() + pause >= deadline || !self.budget.spend() {
            return first;
        }
        self.retries.inc();
        sleep(pause).await;
        self.attempt(Method::GET, path, None, deadline, 1).await
    }

    /// `POST path`, once: the first attempt may have charged the customer.
    ///
    /// # Errors
    /// No answer, one of 5xx, or none within the deadline.
    pub async fn post(&self, path: &str, body: Bytes) -> Result<Answer, Error> {
        self.attempt(Method::POST, path, Some(body), Instant::now() + DEADLINE, 0).await
    }

    async fn attempt(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        deadline: Instant,
        resend: u32,
    ) -> Result<Answer, Error> {
        match timeout_at(deadline, self.call(method, path, body, resend)).await {
            Ok(Ok(answer)) if !answer.status.is_server_error() => Ok(answer),
            Ok(Ok(answer)) => Err(self.failed(format!("it answered {}", answer.status))),
            Ok(Err(cause)) => Err(self.failed(cause)),
            Err(_) => Err(Error::UpstreamTooSlow { upstream: self.name }),
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        resend: u32,
    ) -> Result<Answer, String> {
        let url = self.base.join(path).map_err(|error| error.to_string())?;
        let mut request = self.client.http().request(method, url);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let request = request.build().map_err(|error| chain(&error))?;
        let mut response = self.client.send(request, resend).await.map_err(|error| chain(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| chain(&error))? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(format!("its answer is longer than {ANSWER_LIMIT} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            content_type: response.headers().get(header::CONTENT_TYPE).cloned(),
            body: body.into(),
        })
    }

    /// An answer that breaks the contract between the services.
    pub fn unexpected(&self, answer: &Answer) -> Error {
        self.failed(format!("it answered {}, which nobody expected", answer.status))
    }

    fn failed(&self, cause: String) -> Error {
        Error::UpstreamFailed { upstream: self.name, cause }
    }
}

/// The client for all upstreams. It knows no proxy: the services are neighbours.
///
/// # Errors
/// The TLS-less client of reqwest has no way to fail; its type says otherwise.
pub fn client(telemetry: &Arc<Telemetry>) -> Result<Client, reqwest::Error> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .build()?;
    Ok(Client::new(http, Arc::clone(telemetry)))
}

/// Second attempts that may be made, in fractions of [`RETRY_SHARE`].
#[derive(Debug)]
struct Budget(AtomicU32);

impl Budget {
    fn full() -> Self {
        Self(AtomicU32::new(RETRY_RESERVE * RETRY_SHARE))
    }

    fn earn(&self) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| {
            (saved < RETRY_RESERVE * RETRY_SHARE).then_some(saved + 1)
        });
    }

    fn spend(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(RETRY_SHARE))
            .is_ok()
    }
}

/// An error with its causes: reqwest's own text leaves out why a connection failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_allows_bursts_and_one_in_five_for_good() {
        let budget = Budget::full();
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
        let allowed = (0..1_000)
            .filter(|_| {
                budget.earn();
                budget.spend()
            })
            .count();
        assert_eq!(allowed, 200);
        for _ in 0..1_000 {
            budget.earn();
        }
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
    }
}
