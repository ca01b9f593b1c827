//! Loki on :3100, from loki-config.yml: the store and the API.

use super::wiring::Wiring;
use crate::endpoints::LOKI;
use anyhow::Result;
use api::loki::{LokiApi, LokiLimits, router};
use logdb::{Config, LogDb};
use stackconf::loki::{self, Limits, LokiConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The logs part before it listens: other parts push into its store.
pub struct Logs {
    pub store: Arc<LogDb>,
    config: LokiConfig,
    listener: TcpListener,
}

/// Opens the store and binds the port.
pub async fn open(wiring: &Wiring) -> Result<Logs> {
    let listener = wiring.bind(LOKI).await?;
    let loaded = loki::load(&wiring.config_file("loki")?)?;
    wiring.warn(&loaded.warnings);
    let config = loaded.config;
    let (folder, settings) = (wiring.data("logdb")?, settings(&config));
    let clock = wiring.setup.clock.clone();
    let store = tokio::task::spawn_blocking(move || LogDb::open(&folder, settings, clock)).await??;
    tracing::info!(recovery = ?store.recovery(), "log store opened");
    Ok(Logs { store: Arc::new(store), config, listener })
}

impl Logs {
    pub fn serve(self, wiring: &Wiring) {
        let limits = &self.config.limits;
        let stats = self.store.clone();
        let api = LokiApi::with_metrics(
            self.store,
            wiring.setup.clock.clone(),
            LokiLimits {
                max_entries: size(limits.max_entries_per_query),
                max_series: size(limits.max_query_series),
                query_timeout: limits.query_timeout,
                max_query_length: limits.max_query_length,
                ..LokiLimits::default()
            },
            Some(Arc::new(move || stats.stats().exposition())),
        );
        wiring.serve(LOKI, self.listener, router(api));
    }
}

/// A limit of the file; 0 means none there, and a very large one here.
fn size(limit: u64) -> usize {
    usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX)
}

fn settings(config: &LokiConfig) -> Config {
    let Limits { max_line_size, max_label_names_per_series, max_streams, .. } = config.limits;
    let limits = &config.limits;
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Config {
        retention: if config.retention_enabled { limits.retention_period } else { Duration::ZERO },
        max_age: if limits.reject_old_samples { limits.reject_old_samples_max_age } else { Duration::ZERO },
        grace: limits.creation_grace_period,
        max_line_size: number(max_line_size),
        max_label_names: number(max_label_names_per_series),
        max_label_name: number(limits.max_label_name_length),
        max_label_value: number(limits.max_label_value_length),
        allow_metadata: limits.allow_structured_metadata,
        max_metadata_size: number(limits.max_structured_metadata_size),
        max_metadata_pairs: number(limits.max_structured_metadata_entries),
        max_streams: number(max_streams),
        ingestion_rate: limits.ingestion_rate as u64,
        ingestion_burst: limits.ingestion_burst as u64,
        stream_rate: limits.per_stream_rate,
        stream_burst: limits.per_stream_burst,
        discover_levels: limits.discover_log_levels,
        discover_service_name: limits.discover_service_name.clone(),
        ..Config::default()
    }
}
