//! The alert sink of the embedded stack: its lines go to a log file of their own, as a container's would.

use super::wiring::Wiring;
use crate::endpoints::ALERT_SINK;
use alerts::sink::{Sink, router};
use anyhow::{Context as _, Result};
use std::sync::{Mutex, PoisonError};
use supervise::LogFile;

/// The largest size of the file in bytes.
const LIMIT: u64 = 4 * 1024 * 1024;

pub async fn start(wiring: &Wiring) -> Result<()> {
    let listener = wiring.bind(ALERT_SINK).await?;
    let path = wiring.setup.place.service_log(ALERT_SINK.name);
    let log = LogFile::open(&path, LIMIT).with_context(|| format!("cannot open {}", path.display()))?;
    let log = Mutex::new(log);
    let sink = Sink::new(wiring.setup.clock.clone(), move |line| {
        if let Err(error) = log.lock().unwrap_or_else(PoisonError::into_inner).write_line(line) {
            tracing::warn!(%error, line, "notification not written to its log");
        }
    });
    wiring.serve(ALERT_SINK, listener, router(sink));
    Ok(())
}
