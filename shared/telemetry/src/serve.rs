//! Serving until told to stop, and stopping in good order.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot};
use tracing::Level;

use crate::Telemetry;

/// How long requests under way may take to finish once the service stops: more than the gateway's deadline of 3 s.
const DRAIN_LIMIT: Duration = Duration::from_secs(4);

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {cause}{}", hint(cause))]
pub struct ListenError {
    address: SocketAddr,
    cause: io::Error,
}

fn hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "\nhint: another process has this port; stop it, or set LISTEN_ADDR to another address"
        }
        io::ErrorKind::PermissionDenied => {
            "\nhint: ports below 1024 need privileges; set LISTEN_ADDR to a higher one"
        }
        _ => "",
    }
}

/// Listens on `address`.
///
/// # Errors
/// The address is taken, not allowed, or not of this machine.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|cause| ListenError { address, cause })
}

/// Serves `app` until `stop`, which says why. Then: not ready any more, no new connections, requests under way finished
/// ([`DRAIN_LIMIT`] at most), spans flushed ([`crate::telemetry::FLUSH_LIMIT`]), the last log lines written.
///
/// # Errors
/// The listener fails for good.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    telemetry: Arc<Telemetry>,
    stop: impl Future<Output = &'static str> + Send + 'static,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let logger = telemetry.logger().clone();
    logger.line(Level::INFO, |line| {
        line.display("address", address).msg("listening");
    });
    let (stopping, mut stopped) = oneshot::channel();
    let draining = Arc::clone(&telemetry);
    let signal = async move {
        let reason = stop.await;
        draining.set_draining();
        draining.logger().line(Level::INFO, |line| {
            line.str("reason", reason).msg("stopping");
        });
        let _ = stopping.send(());
    };
    let server = axum::serve(listener, app).with_graceful_shutdown(signal);
    let limit = async {
        // An error means that the server ended without being told to, which the other branch reports.
        if (&mut stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(DRAIN_LIMIT).await;
    };
    let result = tokio::select! {
        result = server => result,
        () = limit => {
            logger.line(Level::WARN, |line| {
                line.msg("requests were still under way at the end");
            });
            Ok(())
        }
    };
    telemetry.shutdown().await;
    result
}

/// Completes at SIGTERM, SIGINT (Ctrl-C) or, when `supervised`, at the end of standard input: the supervisor holds the
/// other end of that pipe and is gone.
///
/// # Errors
/// Signal handlers cannot be installed.
pub fn stop_signal(supervised: bool) -> io::Result<impl Future<Output = &'static str> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let input_ends = supervised.then(end_of_input).transpose()?;
    Ok(async move {
        let input_ends = async {
            match input_ends {
                Some(end) => {
                    let _ = end.await;
                }
                None => std::future::pending().await,
            }
        };
        #[cfg(unix)]
        let terminated = terminate.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<()>();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => "SIGINT",
            _ = terminated => "SIGTERM",
            () = input_ends => "the supervisor is gone",
        }
    })
}

/// Reads standard input away on a thread of its own: tokio's would keep the runtime from ending.
fn end_of_input() -> io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new().name("supervision".into()).spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = sender.send(());
    })?;
    Ok(receiver)
}
