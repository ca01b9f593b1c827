//! The command's side of the control socket.

use super::{MAX_LINE, PATIENCE, Request, Response, STOP_PATIENCE, StackStatus};
use crate::place::Place;
use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// Sends one request and waits for its answer.
///
/// # Errors
/// When no daemon listens, it does not answer in time, or it says that the request failed.
pub async fn ask(place: &Place, request: &Request) -> Result<Response> {
    let patience = if *request == Request::Shutdown { STOP_PATIENCE } else { PATIENCE };
    let response = tokio::time::timeout(patience, exchange(place, request));
    match response.await.with_context(|| format!("the daemon did not answer within {patience:?}"))?? {
        Response::Failed { error } => bail!(error),
        response => Ok(response),
    }
}

/// The parts of the running stack.
///
/// # Errors
/// As [`ask`].
pub async fn status(place: &Place) -> Result<StackStatus> {
    match ask(place, &Request::Status).await? {
        Response::Status(status) => Ok(status),
        other => bail!("unexpected answer from the daemon: {other:?}"),
    }
}

async fn exchange(place: &Place, request: &Request) -> Result<Response> {
    let socket = place.socket();
    let mut stream =
        UnixStream::connect(&socket).await.with_context(|| format!("cannot reach {}", socket.display()))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(stream.take(MAX_LINE as u64)).read_line(&mut answer).await?;
    serde_json::from_str(&answer).context("the daemon closed the connection without an answer")
}
