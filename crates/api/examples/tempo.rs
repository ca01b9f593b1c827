//! A Tempo of its own: OTLP over HTTP and gRPC into a trace store, Tempo's API on top.
//!
//! `cargo run -p api --example tempo -- FOLDER` prints the addresses that it listens on and runs until it is stopped.
//! It is what the recordings in conformance/traces are replayed against.

use anyhow::{Context, Result};
use collect::otlp::{Limits, Otlp, Sinks};
use model::clock::{Clock, Nanos};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracedb::{Options, TraceDb};

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place of this binary that reads the clock")]
    fn now_nanos(&self) -> Nanos {
        let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Nanos::try_from(now.as_nanos()).unwrap_or(Nanos::MAX)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: tempo FOLDER")?);
    let (store, recovery) = TraceDb::open(&folder, Options::default())?;
    eprintln!("opened {}: {recovery:?}", folder.display());
    let store = Arc::new(store);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let sinks = Sinks { traces: Some(store.clone()), ..Sinks::default() };
    let otlp = Otlp::new(sinks, clock.clone(), Limits::default());
    let state = api::tempo::State::new(store.clone(), clock.clone(), api::tempo::Limits::default())
        .with_receiver(otlp.clone());
    let listen = async || TcpListener::bind("127.0.0.1:0").await.context("cannot listen");
    let (tempo, http, grpc) = (listen().await?, listen().await?, listen().await?);
    println!("tempo http://{}", tempo.local_addr()?);
    println!("otlp http://{}", http.local_addr()?);
    println!("grpc http://{}", grpc.local_addr()?);
    let stop = CancellationToken::new();
    let upkeep = {
        let stop = stop.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_secs(1));
            while stop.run_until_cancelled(tick.tick()).await.is_some() {
                let (store, now) = (store.clone(), clock.now_nanos());
                let done = tokio::task::spawn_blocking(move || store.maintain(now)).await;
                if let Ok(Err(error)) = done {
                    eprintln!("upkeep: {error}");
                }
            }
        })
    };
    tokio::select! {
        done = axum::serve(tempo, api::tempo::router(state)) => done?,
        done = axum::serve(http, otlp.http_router()) => done?,
        done = otlp.serve_grpc(grpc, stop.clone()) => done?,
        done = tokio::signal::ctrl_c() => done?,
    }
    stop.cancel();
    upkeep.await?;
    Ok(())
}
