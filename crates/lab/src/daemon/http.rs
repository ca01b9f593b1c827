//! Listeners of the daemon: bound before anything starts, served until the stack stops.

use anyhow::{Context as _, Result};
use axum::Router;
use axum::serve::ListenerExt as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take once the stack stops.
const DRAIN: Duration = Duration::from_secs(1);

/// Binds a part's port.
///
/// # Errors
/// When it is taken; names port and part.
pub async fn bind(part: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} for {part}"))
}

/// Serves until the token is cancelled and then at most [`DRAIN`] longer.
pub fn serve(listener: TcpListener, router: Router, token: CancellationToken) -> JoinHandle<()> {
    // Answers are small and wait for nothing: send each at once.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(token.clone().cancelled_owned());
        let limit = async {
            token.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            done = server => if let Err(error) = done { tracing::error!(%error, "server ended") },
            () = limit => {}
        }
    })
}
