//! Serves the Loki API alone, on a store in a folder: for the recorded conformance cases and for measurements.
//!
//! `cargo run --release -p api --example loki -- FOLDER [PORT]`; port 0, the default, lets the system choose. The address
//! is printed on the first line. Limits are wide open and no service names are added, as the recordings were made.

use anyhow::{Context, Result};
use api::loki::{LokiApi, LokiLimits, router};
use logdb::{Config, LogDb};
use model::Clock;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the one place of this binary that reads the clock")]
    fn now_nanos(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().context("usage: loki FOLDER [PORT]")?);
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse()).context("PORT is no number")?;
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let config =
        Config { ingestion_rate: 0, stream_rate: 0, discover_service_name: Vec::new(), ..Config::default() };
    let store = LogDb::open(&folder, config, clock.clone())?;
    if *store.recovery() != logdb::Recovery::default() {
        eprintln!("recovered: {:?}", store.recovery());
    }
    let api = LokiApi::new(Arc::new(store), clock, LokiLimits::default());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router(api))
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    Ok(())
}
