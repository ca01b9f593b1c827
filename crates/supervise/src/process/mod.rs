//! One supervised process: its description, the task that owns it, its state as others see it.

use crate::identity::signal_group;
use crate::{Backoff, Identity, LogFile, Output, OutputStream, SUPERVISED_ENV};
use rustix::process::Signal;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::BufReader;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long the output of a process that ended is still read: a grandchild may hold the pipe open for ever.
const DRAIN: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    #[error("cannot start {name} ({program}): {source}")]
    Start { name: Arc<str>, program: PathBuf, source: std::io::Error },
    #[error("cannot open the log file {path}: {source}")]
    Log { path: PathBuf, source: std::io::Error },
}

/// What to run and how to treat it.
#[derive(Clone, Debug)]
pub struct Spec {
    pub name: Arc<str>,
    pub program: PathBuf,
    pub args: Vec<OsString>,
    /// Set on top of the supervisor's own environment.
    pub env: Vec<(String, String)>,
    pub folder: Option<PathBuf>,
    /// Where its output is kept, and the largest size of that file in bytes.
    pub log: Option<(PathBuf, u64)>,
    pub backoff: Backoff,
    /// Between the request to stop and the kill.
    pub grace: Duration,
}

impl Spec {
    pub fn new(name: impl Into<Arc<str>>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            folder: None,
            log: None,
            backoff: Backoff::default(),
            grace: Duration::from_secs(5),
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Code(i32),
    Signal(i32),
    /// The process could not even be started again.
    NotStarted,
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match status.code() {
            Some(code) => Self::Code(code),
            None => Self::Signal(status.signal().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::NotStarted => f.write_str("could not be started"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Running(Identity),
    /// Waits for this long before the next start.
    BackingOff(Duration),
    Stopped,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    /// Starts after the first one.
    pub restarts: u32,
    pub last_exit: Option<Exit>,
}

impl Status {
    pub fn identity(&self) -> Option<&Identity> {
        match &self.state {
            State::Running(identity) => Some(identity),
            _ => None,
        }
    }
}

/// A handle on a running process. Dropping it stops the process as [`Supervised::stop`] does, without waiting.
#[derive(Debug)]
pub struct Supervised {
    name: Arc<str>,
    status: watch::Receiver<Status>,
    token: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Supervised {
    /// Starts the process and the task that owns it.
    ///
    /// # Errors
    /// When the program or its log file cannot be opened. Later failures are retried and shown in the status.
    pub fn start(spec: Spec, output: Output) -> Result<Self, SuperviseError> {
        let log = match &spec.log {
            None => None,
            Some((path, limit)) => Some(Arc::new(Mutex::new(
                LogFile::open(path, *limit)
                    .map_err(|source| SuperviseError::Log { path: path.clone(), source })?,
            ))),
        };
        let owner = Owner { spec, output, log };
        let run = owner.spawn()?;
        let (sender, status) = watch::channel(Status { state: run.state(), restarts: 0, last_exit: None });
        let token = CancellationToken::new();
        let name = owner.spec.name.clone();
        let task = tokio::spawn(owner.watch(run, sender, token.clone()));
        Ok(Self { name, status, token, task: Some(task) })
    }

    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Changes of the status, for those who record or show them.
    pub fn changes(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Closes the supervision pipe and sends SIGTERM; after the grace period kills the group. Returns when it is gone.
    pub async fn stop(mut self) {
        self.token.cancel();
        if let Some(task) = self.task.take() {
            // A panic of the task is a bug that the runtime has reported; the process group is gone with its pipe.
            let _ = task.await;
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

/// A started child and the tasks that read its output.
struct Run {
    child: Child,
    /// The supervision pipe. Kept apart from the child, because waiting for a child closes what it holds.
    pipe: Option<ChildStdin>,
    pid: u32,
    identity: Option<Identity>,
    readers: Vec<JoinHandle<()>>,
    since: Instant,
}

impl Run {
    fn state(&self) -> State {
        // A child that has ended already has no start time any more; its number is all there is to show.
        let identity = self.identity.clone();
        State::Running(identity.unwrap_or(Identity { pid: self.pid as i32, start: String::new() }))
    }

    /// Waits for the readers, then abandons them.
    async fn drain(self) {
        let deadline = Instant::now() + DRAIN;
        for mut reader in self.readers {
            if tokio::time::timeout_at(deadline, &mut reader).await.is_err() {
                reader.abort();
            }
        }
    }
}

/// The task's own data.
struct Owner {
    spec: Spec,
    output: Output,
    log: Option<Arc<Mutex<LogFile>>>,
}

impl Owner {
    fn spawn(&self) -> Result<Run, SuperviseError> {
        let spec = &self.spec;
        let mut command = Command::new(&spec.program);
        command
            .args(&spec.args)
            .envs(spec.env.iter().map(|(name, value)| (name, value)))
            .env(SUPERVISED_ENV, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(folder) = &spec.folder {
            command.current_dir(folder);
        }
        let failed =
            |source| SuperviseError::Start { name: spec.name.clone(), program: spec.program.clone(), source };
        let mut child = command.spawn().map_err(failed)?;
        let pid = child.id().ok_or_else(|| failed(std::io::Error::other("it has no process number")))?;
        let mut readers = Vec::new();
        let copy = |stream| (self.output.clone(), spec.name.clone(), stream, self.log.clone());
        if let Some(stdout) = child.stdout.take() {
            let (output, name, stream, log) = copy(OutputStream::Stdout);
            readers.push(tokio::spawn(output.copy(name, stream, BufReader::new(stdout), log)));
        }
        if let Some(stderr) = child.stderr.take() {
            let (output, name, stream, log) = copy(OutputStream::Stderr);
            readers.push(tokio::spawn(output.copy(name, stream, BufReader::new(stderr), log)));
        }
        let pipe = child.stdin.take();
        Ok(Run { child, pipe, pid, identity: Identity::of(pid), readers, since: Instant::now() })
    }

    /// Runs until the token is cancelled.
    async fn watch(self, run: Run, status: watch::Sender<Status>, token: CancellationToken) {
        let mut current = Some(run);
        let mut pause = None;
        loop {
            let (exit, ran) = match current.take() {
                None => (Exit::NotStarted, Duration::ZERO),
                Some(mut run) => tokio::select! {
                    () = token.cancelled() => {
                        self.end(run, &status).await;
                        return;
                    }
                    exit = run.child.wait() => {
                        let ran = run.since.elapsed();
                        // What the process started and left behind goes with it.
                        signal_group(run.pid, Signal::KILL);
                        run.drain().await;
                        (exit.map_or(Exit::NotStarted, Exit::from), ran)
                    }
                },
            };
            let wait = self.spec.backoff.next(pause, ran);
            pause = Some(wait);
            tracing::warn!(process = &*self.spec.name, %exit, ?wait, "process ended, starts again");
            status.send_modify(|status| {
                status.state = State::BackingOff(wait);
                status.last_exit = Some(exit);
            });
            tokio::select! {
                () = token.cancelled() => {
                    status.send_modify(|status| status.state = State::Stopped);
                    return;
                }
                () = tokio::time::sleep(wait) => {}
            }
            match self.spawn() {
                Ok(run) => {
                    status.send_modify(|status| {
                        status.state = run.state();
                        status.restarts += 1;
                    });
                    current = Some(run);
                }
                Err(error) => tracing::error!(process = &*self.spec.name, %error, "process not started"),
            }
        }
    }

    async fn end(&self, mut run: Run, status: &watch::Sender<Status>) {
        drop(run.pipe.take());
        signal_group(run.pid, Signal::TERM);
        let exit = match tokio::time::timeout(self.spec.grace, run.child.wait()).await {
            Ok(exit) => exit,
            Err(_) => {
                tracing::warn!(process = &*self.spec.name, grace = ?self.spec.grace, "process does not stop, is killed");
                signal_group(run.pid, Signal::KILL);
                run.child.wait().await
            }
        };
        signal_group(run.pid, Signal::KILL);
        run.drain().await;
        status.send_modify(|status| {
            status.state = State::Stopped;
            status.last_exit = exit.ok().map(Exit::from);
        });
    }
}

#[cfg(test)]
mod tests;
