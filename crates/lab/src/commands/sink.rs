//! `lab sink`: takes what Alertmanager sends and shows it, a line a notification.

use crate::daemon::http::{bind, serve};
use crate::endpoints::ALERT_SINK;
use crate::host::Context;
use alerts::sink::{Sink, router};
use anyhow::Result;
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Take notifications of Alertmanager and show them
#[derive(clap::Args)]
pub struct Args {
    /// Address and port
    #[arg(long, default_value_t = SocketAddr::from(([127, 0, 0, 1], ALERT_SINK.loopback_port())))]
    listen: SocketAddr,
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = bind("the alert sink", args.listen).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let sink = Sink::new(context.clock.clone(), |line| {
        // Nobody reads: the notification is still kept for GET /notifications.
        let _ = crate::output::line(format_args!("{line}"));
    });
    let token = CancellationToken::new();
    let server = serve(listener, router(sink), token.clone());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    token.cancel();
    server.await?;
    Ok(ExitCode::SUCCESS)
}
