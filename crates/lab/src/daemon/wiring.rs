//! What every part of the stack is given: options, names, board, and how it is told to stop.

use super::board::Board;
use super::http::{bind, serve};
use super::stack::Setup;
use crate::endpoints::Endpoint;
use anyhow::{Context as _, Result};
use axum::Router;
use reqwest::Client;
use stackconf::compose::{self, Compose};
use stackconf::names::Names;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Reads one part's configuration again; the error is what was wrong, and then the old one stays.
pub type Reload = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Cheap to clone; one for the whole stack.
#[derive(Clone)]
pub struct Wiring {
    pub setup: Arc<Setup>,
    pub board: Board,
    pub names: Names,
    pub compose: Arc<Compose>,
    /// For everything that parts send one another.
    pub client: Client,
    /// Cancelled when the stack stops.
    pub token: CancellationToken,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
    reloads: Arc<Mutex<Vec<(&'static str, Reload)>>>,
}

impl Wiring {
    /// Reads docker-compose.yml and makes the name table.
    ///
    /// # Errors
    /// When the file is wrong or the offset pushes a port above 65535.
    pub fn new(setup: Setup, board: Board) -> Result<Self> {
        let path = setup.place.root.join("docker-compose.yml");
        let variables = BTreeMap::from([("SLO_WINDOWS".to_owned(), setup.options.slo_windows.clone())]);
        let compose = compose::load(&path, &variables)?.config;
        let names = Names::from_compose(&compose, setup.options.offset)?;
        Ok(Self {
            setup: Arc::new(setup),
            board,
            names,
            compose: Arc::new(compose),
            client: crate::http::client()?,
            token: CancellationToken::new(),
            tasks: Arc::default(),
            reloads: Arc::default(),
        })
    }

    /// Binds a part's port and puts the part on the board.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn bind(&self, endpoint: &Endpoint) -> Result<TcpListener> {
        let address = self
            .names
            .address(endpoint.host, endpoint.port)
            .with_context(|| format!("{}:{} is not in the name table", endpoint.host, endpoint.port))?;
        let listener = bind(endpoint.name, address).await?;
        let url = endpoint.http.then(|| self.setup.column().shown(endpoint));
        self.board.add(endpoint.name, Some(url.unwrap_or_else(|| listener_text(&listener))));
        Ok(listener)
    }

    /// Serves a part from now on and says that it is ready.
    pub fn serve(&self, endpoint: &Endpoint, listener: TcpListener, router: Router) {
        let task = serve(listener, router, self.token.clone());
        self.own(task);
        self.board.ready(endpoint.name);
    }

    /// Takes a task that ends when the token is cancelled; the stop of the stack waits for it.
    pub fn own(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Does a part's upkeep off the threads that serve requests: every `interval`, and once more at the end.
    pub fn upkeep(
        &self,
        part: &'static str,
        interval: Duration,
        work: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        let (token, work) = (self.token.clone(), Arc::new(work));
        self.own(tokio::spawn(async move {
            let mut last = false;
            while !last {
                tokio::select! {
                    () = token.cancelled() => last = true,
                    () = tokio::time::sleep(interval) => {}
                }
                let work = work.clone();
                match tokio::task::spawn_blocking(move || work()).await {
                    Ok(Err(error)) => tracing::error!(part, "upkeep: {error}"),
                    Ok(Ok(())) => {}
                    // The runtime ends.
                    Err(_) => return,
                }
            }
        }));
    }

    pub fn on_reload(&self, part: &'static str, reload: Reload) {
        self.reloads.lock().unwrap_or_else(PoisonError::into_inner).push((part, reload));
    }

    /// Reloads every part.
    ///
    /// # Errors
    /// Names each part whose configuration is wrong; it keeps the old one.
    pub fn reload_all(&self) -> Result<()> {
        let reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let errors: Vec<String> = reloads
            .iter()
            .filter_map(|(part, reload)| reload().err().map(|error| format!("{part}: {error}")))
            .collect();
        anyhow::ensure!(errors.is_empty(), "{}", errors.join("; "));
        Ok(())
    }

    /// Cancels the token and waits for every task; each of them is bounded itself.
    pub async fn stop(&self) {
        self.token.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A panic was reported when it happened.
            let _ = task.await;
        }
    }

    /// Where a file that a container sees lies on this machine.
    ///
    /// # Errors
    /// When docker-compose.yml mounts nothing there.
    pub fn host_path(&self, service: &str, container_path: &str) -> Result<PathBuf> {
        self.compose
            .host_path(service, &self.setup.place.root, container_path)
            .with_context(|| format!("docker-compose.yml mounts nothing at {container_path} of {service}"))
    }

    /// The value of a flag in a service's command in docker-compose.yml, `--name=value` or `-name=value`.
    ///
    /// # Errors
    /// When the flag is missing: the stack under Docker would not start either.
    pub fn flag(&self, service: &str, name: &str) -> Result<String> {
        let command = self.compose.services.get(service).map(|service| service.command.as_slice());
        command
            .unwrap_or_default()
            .iter()
            .find_map(|word| word.trim_start_matches('-').strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
            .with_context(|| format!("docker-compose.yml: the command of {service} has no flag {name}"))
    }

    /// The configuration file of a service: the one that the flag of its command names.
    ///
    /// # Errors
    /// As [`Wiring::flag`] and [`Wiring::host_path`].
    pub fn config_file(&self, service: &str) -> Result<PathBuf> {
        self.host_path(service, &self.flag(service, "config.file")?)
    }

    /// Tells of keys that the embedded stack leaves out.
    pub fn warn(&self, warnings: &[stackconf::Warning]) {
        for warning in warnings {
            tracing::warn!("{warning}");
        }
    }

    /// The page of the console on a subject.
    pub fn console_page(&self, path: &str) -> String {
        format!("{}{path}", self.setup.column().shown(crate::endpoints::CONSOLE))
    }

    /// A part's folder for data; made when missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn data(&self, part: &str) -> Result<PathBuf> {
        let path = self.setup.place.data(part);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }
}

fn listener_text(listener: &TcpListener) -> String {
    listener.local_addr().map_or_else(|_| "-".to_owned(), |address| address.to_string())
}
