//! The daemon's side of the control socket.

use super::stack::Handle;
use crate::control::{MAX_LINE, PATIENCE, Request, Response};
use crate::place::Place;
use anyhow::{Context as _, Result};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Connections served at a time; more wait.
const CONNECTIONS: usize = 16;

/// Binds the socket; one that a killed daemon left behind is replaced.
///
/// # Errors
/// When the socket cannot be bound.
pub fn listen(place: &Place) -> Result<UnixListener> {
    let path = place.socket();
    // Whoever gets here holds the lock and has seen that no daemon runs: an old socket is a leftover.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot bind {}", path.display()))?;
    // The socket can stop the stack: nobody but its owner may write to it.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Requests that end the daemon; the others are answered on the way.
pub struct Requests {
    shutdowns: mpsc::Receiver<oneshot::Sender<oneshot::Sender<()>>>,
    task: JoinHandle<()>,
    path: PathBuf,
}

/// Answers the one who asked for the end, once everything has stopped.
pub struct Answer(oneshot::Sender<oneshot::Sender<()>>);

impl Answer {
    /// Says that all has stopped and waits until that was written.
    pub async fn done(self) {
        let (sent, written) = oneshot::channel();
        if self.0.send(sent).is_ok() {
            let _ = tokio::time::timeout(PATIENCE, written).await;
        }
    }
}

impl Requests {
    /// The next request to stop.
    pub async fn shutdown(&mut self) -> Answer {
        match self.shutdowns.recv().await {
            Some(answer) => Answer(answer),
            // The listening task has ended, which only happens at the end of the runtime.
            None => std::future::pending().await,
        }
    }

    pub fn close(self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Answers requests until the end of the daemon.
pub fn serve(listener: UnixListener, stack: Handle) -> Requests {
    let (sender, shutdowns) = mpsc::channel(1);
    let path = stack.place().socket();
    let task = tokio::spawn(async move {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (stack, sender) = (stack.clone(), sender.clone());
                    tokio::spawn(async move {
                        if let Err(error) = connection(stream, stack, sender).await {
                            tracing::debug!("control connection: {error:#}");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "control socket");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    });
    Requests { shutdowns, task, path }
}

async fn connection(
    stream: UnixStream,
    stack: Handle,
    shutdowns: mpsc::Sender<oneshot::Sender<oneshot::Sender<()>>>,
) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(MAX_LINE as u64));
    tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await??;
    let response = match serde_json::from_str(&line) {
        Err(error) => Response::Failed { error: format!("not a request: {error}") },
        Ok(Request::Status) => Response::Status(stack.status()),
        Ok(Request::Restart { service }) => outcome(stack.restart(&service).await),
        Ok(Request::Reload) => outcome(stack.reload().await),
        Ok(Request::Shutdown) => {
            let (sender, stopped) = oneshot::channel();
            shutdowns.send(sender).await?;
            // The daemon keeps this task alive until the answer is written.
            let written = stopped.await?;
            send(&mut write, &Response::Done).await?;
            let _ = written.send(());
            return Ok(());
        }
    };
    send(&mut write, &response).await
}

fn outcome(result: Result<()>) -> Response {
    match result {
        Ok(()) => Response::Done,
        Err(error) => Response::Failed { error: format!("{error:#}") },
    }
}

async fn send(write: &mut OwnedWriteHalf, response: &Response) -> Result<()> {
    let mut line = serde_json::to_vec(response)?;
    line.push(b'\n');
    tokio::time::timeout(PATIENCE, write.write_all(&line)).await??;
    Ok(())
}
