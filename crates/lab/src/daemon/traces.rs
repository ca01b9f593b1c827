//! Tempo on :3200 and OTLP on :4317 and :4318, from tempo.yaml: the store, the receivers, the API.

use super::logs::Logs;
use super::metrics::Metrics;
use super::wiring::Wiring;
use crate::endpoints::{OTLP_GRPC, OTLP_HTTP, TEMPO};
use anyhow::Result;
use api::tempo::{State, router};
use collect::otlp::{Limits, Otlp, Sinks};
use spanmetrics::{Generator, Tee};
use stackconf::tempo::{self, TempoConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tracedb::{Options, TraceDb};

/// How often the store does its upkeep: sync, segments, retention.
const UPKEEP: Duration = Duration::from_secs(1);

/// The traces part before it listens.
pub struct Traces {
    pub store: Arc<TraceDb>,
    pub config: TempoConfig,
    listener: TcpListener,
    grpc: TcpListener,
    http: TcpListener,
}

/// Opens the store and binds the ports.
pub async fn open(wiring: &Wiring) -> Result<Traces> {
    let listener = wiring.bind(TEMPO).await?;
    let grpc = wiring.bind(OTLP_GRPC).await?;
    let http = wiring.bind(OTLP_HTTP).await?;
    let loaded = tempo::load(&wiring.config_file("tempo")?)?;
    wiring.warn(&loaded.warnings);
    let config = loaded.config;
    let folder = wiring.data("tracedb")?;
    let options = Options { retention: config.block_retention, ..Options::default() };
    let (store, recovery) = tokio::task::spawn_blocking(move || TraceDb::open(&folder, options)).await??;
    tracing::info!(?recovery, "trace store opened");
    let store = Arc::new(store);
    let (kept, clock) = (store.clone(), wiring.setup.clock.clone());
    wiring.upkeep("tracedb", UPKEEP, move || {
        kept.maintain(clock.now_nanos()).map_err(|error| error.to_string())
    });
    Ok(Traces { store, config, listener, grpc, http })
}

impl Traces {
    /// Takes OTLP and answers from now on. Traces are what Tempo takes; logs and metrics are taken as well, for programs that have no
    /// page to scrape.
    pub fn serve(self, wiring: &Wiring, metrics: &Metrics, logs: &Logs) {
        let clock = wiring.setup.clock.clone();
        let generator = Arc::new(Generator::new(self.config.clone(), metrics.store.clone()));
        let (collected, now) = (generator.clone(), clock.clone());
        wiring.upkeep("spanmetrics", generator.interval(), move || {
            collected.collect(now.now_nanos()).map_err(|error| error.to_string())
        });
        let sinks = Sinks {
            traces: Some(Arc::new(Tee::new(self.store.clone(), generator, clock))),
            logs: Some(logs.store.clone()),
            metrics: Some(metrics.store.clone()),
        };
        let otlp = Otlp::new(sinks, wiring.setup.clock.clone(), Limits::default());
        wiring.serve(OTLP_HTTP, self.http, otlp.http_router());
        let clock = wiring.setup.clock.clone();
        let state = State::new(self.store, clock, api::tempo::Limits::default()).with_receiver(otlp.clone());
        wiring.serve(TEMPO, self.listener, router(state));
        let (token, board) = (wiring.token.clone(), wiring.board.clone());
        board.ready(OTLP_GRPC.name);
        wiring.own(tokio::spawn(async move {
            if let Err(error) = otlp.serve_grpc(self.grpc, token).await {
                board.failed(OTLP_GRPC.name, error.to_string());
            }
        }));
    }
}
