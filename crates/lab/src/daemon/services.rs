//! The services of the shop as ordinary processes: environment, start, readiness, restart.

use super::board::Board;
use super::stack::Setup;
use super::wiring::Wiring;
use crate::endpoints::{self, Endpoint, loopback};
use crate::fingerprint::beside;
use anyhow::{Context as _, Result};
use reqwest::Client;
use std::collections::BTreeMap;
use std::time::Duration;
use supervise::{Output, Spec, State, Status, Supervised};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

/// The largest log file of a service in bytes; one older file is kept.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;

/// A service finishes requests for up to 4 s and then flushes its spans for up to 3 s.
const GRACE: Duration = Duration::from_secs(8);

/// Between two looks at a service that is not ready. Small, because it adds to the time of every start.
const POLL: Duration = Duration::from_millis(10);
/// Between two looks at one that was ready.
const WATCH: Duration = Duration::from_secs(2);

/// All services of one stack.
pub struct Services {
    running: Mutex<BTreeMap<&'static str, Service>>,
    wiring: Wiring,
    output: Output,
}

struct Service {
    process: Supervised,
    watcher: JoinHandle<()>,
}

impl Services {
    /// Nothing is started yet.
    pub fn new(wiring: Wiring, output: Output) -> Self {
        for endpoint in endpoints::SERVICES {
            wiring.board.add(endpoint.name, Some(wiring.setup.column().shown(endpoint)));
        }
        Self { running: Mutex::default(), wiring, output }
    }

    /// Starts every service at once.
    ///
    /// # Errors
    /// When a program is missing or cannot be executed; the others are stopped again.
    pub async fn start_all(&self) -> Result<()> {
        for endpoint in endpoints::SERVICES {
            if let Err(error) = self.start(endpoint.name).await {
                self.stop_all().await;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Starts one service, from its binary as it is now. One that runs is left alone.
    ///
    /// # Errors
    /// When the service does not exist or cannot be started.
    pub async fn start(&self, name: &str) -> Result<()> {
        let endpoint = endpoints::service(name)?;
        let setup = &self.wiring.setup;
        let mut running = self.running.lock().await;
        if running.contains_key(endpoint.name) {
            return Ok(());
        }
        self.wiring.board.starting(endpoint.name);
        let process = Supervised::start(spec(setup, endpoint), self.output.clone())
            .with_context(|| format!("cannot start the service {}", endpoint.name))?;
        let url = format!("http://{}/readyz", loopback(endpoint, setup.options.offset));
        let (board, client) = (self.wiring.board.clone(), self.wiring.client.clone());
        let watcher = tokio::spawn(watch_one(endpoint.name, process.changes(), board, client, url));
        running.insert(endpoint.name, Service { process, watcher });
        Ok(())
    }

    /// Stops one service; it stays down until somebody starts it.
    ///
    /// # Errors
    /// When the service does not exist.
    pub async fn stop(&self, name: &str) -> Result<()> {
        let endpoint = endpoints::service(name)?;
        let old = self.running.lock().await.remove(endpoint.name);
        if let Some(old) = old {
            old.watcher.abort();
            old.process.stop().await;
        }
        self.wiring.board.process(endpoint.name, None, 0);
        self.wiring.board.failed(endpoint.name, "stopped on request");
        Ok(())
    }

    /// Ends one service without asking it, to see it come back.
    ///
    /// # Errors
    /// When the service does not exist or does not run.
    pub async fn kill(&self, name: &str) -> Result<()> {
        let endpoint = endpoints::service(name)?;
        let running = self.running.lock().await;
        let status = running.get(endpoint.name).map(|service| service.process.status());
        let identity = status.as_ref().and_then(Status::identity);
        identity.with_context(|| format!("{name} is not running"))?.kill();
        Ok(())
    }

    /// Name and status of each that is not stopped.
    pub async fn list(&self) -> Vec<(&'static str, Status)> {
        self.running.lock().await.iter().map(|(name, service)| (*name, service.process.status())).collect()
    }

    /// Stops all at the same time; each has its grace period.
    pub async fn stop_all(&self) {
        let services = std::mem::take(&mut *self.running.lock().await);
        let mut stops = tokio::task::JoinSet::new();
        for service in services.into_values() {
            service.watcher.abort();
            stops.spawn(service.process.stop());
        }
        while stops.join_next().await.is_some() {}
    }
}

/// The program and environment of a service; the same variables as in docker-compose.yml, with loopback addresses.
fn spec(setup: &Setup, endpoint: &Endpoint) -> Spec {
    let address = |other: &Endpoint| loopback(other, setup.options.offset).to_string();
    let url = |other: &Endpoint| format!("http://{}", address(other));
    let set = |name: &str, value: String| (name.to_owned(), value);
    let mut env = vec![
        set("OTEL_SERVICE_NAME", endpoint.name.to_owned()),
        set("OTEL_EXPORTER_OTLP_ENDPOINT", url(endpoints::OTLP_GRPC)),
        set("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=local".to_owned()),
        set("LISTEN_ADDR", address(endpoint)),
    ];
    if endpoint == endpoints::GATEWAY {
        env.push(set("CATALOG_URL", url(endpoints::CATALOG)));
        env.push(set("CHECKOUT_URL", url(endpoints::CHECKOUT)));
    }
    Spec {
        env,
        grace: GRACE,
        log: Some((setup.place.service_log(endpoint.name), LOG_LIMIT)),
        ..Spec::new(endpoint.name, beside(&setup.program, endpoint.name))
    }
}

/// Writes on the board how one service is, for as long as it is supervised.
async fn watch_one(
    name: &'static str,
    mut changes: watch::Receiver<Status>,
    board: Board,
    client: Client,
    url: String,
) {
    loop {
        let status = changes.borrow_and_update().clone();
        board.process(name, status.identity().map(|identity| identity.pid), status.restarts);
        match &status.state {
            State::Stopped => return,
            State::BackingOff(wait) => {
                let exit = status.last_exit.map_or_else(String::new, |exit| exit.to_string());
                board.failed(name, format!("ended with {exit}, starts again in {wait:?}"));
                if changes.changed().await.is_err() {
                    return;
                }
            }
            State::Running(_) => {
                let ready = is_ready(&client, &url).await;
                if ready {
                    board.ready(name);
                } else {
                    board.starting(name);
                }
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(if ready { WATCH } else { POLL }) => {}
                }
            }
        }
    }
}

async fn is_ready(client: &Client, url: &str) -> bool {
    let answer = client.get(url).timeout(Duration::from_secs(2)).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
