//! Prometheus on :9090, from prometheus.yml: the store, scraping, and the API.

use super::wiring::Wiring;
use crate::endpoints::PROMETHEUS;
use anyhow::{Context as _, Result};
use collect::scrape::{ScrapeContext, Scraper};
use model::duration::parse_duration;
use stackconf::prometheus::{self, PrometheusConfig};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tsdb::Store;

/// How often the store does its upkeep: sync, segments, retention.
const UPKEEP: Duration = Duration::from_secs(1);

/// The metrics part before it listens: other parts write into its store.
pub struct Metrics {
    pub store: Arc<Store>,
    listener: TcpListener,
}

/// Opens the store and binds the port.
pub async fn open(wiring: &Wiring) -> Result<Metrics> {
    let listener = wiring.bind(PROMETHEUS).await?;
    let retention = wiring.flag("prometheus", "storage.tsdb.retention.time")?;
    let options = tsdb::Options {
        retention: parse_duration(&retention).context("docker-compose.yml, storage.tsdb.retention.time")?,
        ..tsdb::Options::default()
    };
    let folder = wiring.data("tsdb")?;
    let clock = wiring.setup.clock.clone();
    let store = tokio::task::spawn_blocking(move || Store::open(&folder, options, &*clock)).await??;
    for damage in &store.recovery().damages {
        tracing::warn!(file = %damage.file.display(), offset = damage.offset, lost = damage.bytes_lost, "{}", damage.reason);
    }
    let store = Arc::new(store);
    let (kept, clock) = (store.clone(), wiring.setup.clock.clone());
    wiring.upkeep("tsdb", UPKEEP, move || kept.maintain(clock.now_millis()).map(|_| ()).map_err(|e| e.to_string()));
    Ok(Metrics { store, listener })
}
