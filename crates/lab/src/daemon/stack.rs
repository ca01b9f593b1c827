//! The embedded stack as a value: started with its options, asked for its status, stopped. Two live in one process.

use super::board::Board;
use super::services::Services;
use super::wiring::Wiring;
use super::{alerting, console, logs, metrics, own, promtail, sink, traces};
use crate::control::StackStatus;
use crate::endpoints::Column;
use crate::fingerprint::{self, Fingerprint};
use crate::place::Place;
use crate::state::{DAEMON, Options, Process, State};
use anyhow::{Context as _, Result, bail};
use model::Clock;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use supervise::{Identity, Output};

/// Lines of the services that wait for the log pipeline. At 1 kB a line this is 16 MB at most.
const OUTPUT_CAPACITY: usize = 16 * 1024;

/// How often the list of processes on disk is compared with the running ones.
const RECORD: Duration = Duration::from_millis(100);

/// What a stack is started from.
#[derive(Clone)]
pub struct Setup {
    pub place: Place,
    pub options: Options,
    /// The `lab` program; the services lie beside it.
    pub program: PathBuf,
    pub fingerprint: Fingerprint,
    pub clock: Arc<dyn Clock>,
}

impl Setup {
    pub fn column(&self) -> Column {
        Column::Loopback { offset: self.options.offset }
    }
}

/// A running stack. Stop it with [`Stack::stop`].
pub struct Stack {
    handle: Handle,
}

/// What others hold of a running stack: status, restart, reload.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    wiring: Wiring,
    services: Option<Arc<Services>>,
    /// Changes when one service is restarted from a new binary.
    fingerprint: Mutex<Fingerprint>,
}

impl Stack {
    /// Binds every port, opens every store and starts every service. Returns before the parts are ready; the board says
    /// when they are.
    ///
    /// # Errors
    /// When a port is taken, a store cannot be opened, a configuration file is wrong or a program is missing. Nothing is
    /// left running then.
    pub async fn start(setup: Setup) -> Result<Self> {
        let board = Board::new();
        let wiring = Wiring::new(setup, board)?;
        match Self::start_parts(&wiring).await {
            Ok(stack) => Ok(stack),
            Err(error) => {
                wiring.stop().await;
                Err(error)
            }
        }
    }

    async fn start_parts(wiring: &Wiring) -> Result<Self> {
        let (output, lines) = Output::channel(OUTPUT_CAPACITY, wiring.setup.clock.clone());
        let services = (!wiring.setup.options.only_stack)
            .then(|| Arc::new(Services::new(wiring.clone(), output.clone())));
        own::start(wiring, output).await?;
        let metrics = metrics::open(wiring).await?;
        let logs = logs::open(wiring).await?;
        let traces = traces::open(wiring).await?;
        promtail::start(wiring, &logs, lines).await?;
        traces.serve(wiring, &metrics, &logs);
        logs.serve(wiring);
        metrics.serve(wiring)?;
        sink::start(wiring).await?;
        alerting::start(wiring).await?;
        console::start(wiring, services.clone()).await?;
        if let Some(services) = &services {
            services.start_all().await?;
        }
        let fingerprint = Mutex::new(wiring.setup.fingerprint.clone());
        let handle = Handle(Arc::new(Shared { wiring: wiring.clone(), services, fingerprint }));
        wiring.own(tokio::spawn(record(handle.clone())));
        Ok(Self { handle })
    }

    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops the services first, so that what they still have to say is taken, then the engines.
    ///
    /// # Errors
    /// When the state file cannot be removed.
    pub async fn stop(self) -> Result<()> {
        if let Some(services) = &self.handle.0.services {
            services.stop_all().await;
        }
        self.handle.0.wiring.stop().await;
        State::remove(self.handle.place())
    }
}

impl Handle {
    pub fn place(&self) -> &Place {
        &self.0.wiring.setup.place
    }

    fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn status(&self) -> StackStatus {
        StackStatus {
            options: self.0.wiring.setup.options.clone(),
            fingerprint: self.fingerprint(),
            parts: self.0.wiring.board.list(),
        }
    }

    /// Stops one service and starts it again.
    ///
    /// # Errors
    /// When the stack has no shop, the service is unknown or its program is missing.
    pub async fn restart(&self, name: &str) -> Result<()> {
        let Some(services) = &self.0.services else {
            bail!("this stack runs without the shop, there is no service to restart");
        };
        let setup = &self.0.wiring.setup;
        services.stop(name).await?;
        services.start(name).await?;
        let now = fingerprint::take(&setup.place, &setup.program, true);
        if let Some(hash) = now.get(name) {
            let mut fingerprint = self.0.fingerprint.lock().unwrap_or_else(PoisonError::into_inner);
            fingerprint.insert(name.to_owned(), hash.clone());
        }
        Ok(())
    }

    /// Reads the configuration again.
    ///
    /// # Errors
    /// When it is wrong; the old one stays.
    pub async fn reload(&self) -> Result<()> {
        // Files are read and rules parsed: not on a thread that serves requests.
        let wiring = self.0.wiring.clone();
        tokio::task::spawn_blocking(move || wiring.reload_all()).await?
    }

    async fn state(&self) -> Result<State> {
        let daemon = Identity::of(std::process::id()).context("this process has no start time")?;
        let mut processes = vec![Process { name: DAEMON.to_owned(), identity: daemon.to_string() }];
        if let Some(services) = &self.0.services {
            for (name, status) in services.list().await {
                if let Some(identity) = status.identity() {
                    processes.push(Process { name: name.to_owned(), identity: identity.to_string() });
                }
            }
        }
        Ok(State { options: self.0.wiring.setup.options.clone(), processes, fingerprint: self.fingerprint() })
    }
}

/// Keeps the state file in step with the running processes.
async fn record(handle: Handle) {
    let mut last = None;
    loop {
        match handle.state().await {
            Ok(state) if last.as_ref() != Some(&state) => match state.save(handle.place()) {
                Ok(()) => last = Some(state),
                Err(error) => tracing::error!("{error:#}"),
            },
            Ok(_) => {}
            Err(error) => tracing::error!("{error:#}"),
        }
        tokio::select! {
            () = handle.0.wiring.token.cancelled() => return,
            () = tokio::time::sleep(RECORD) => {}
        }
    }
}
