//! The daemon's own port: its memory, the state of its parts, what its queues have dropped.

use super::exposition::{resident_bytes, router};
use super::wiring::Wiring;
use crate::control::PartState;
use crate::endpoints::LAB;
use anyhow::Result;
use supervise::Output;

pub async fn start(wiring: &Wiring, output: Output) -> Result<()> {
    let listener = wiring.bind(LAB).await?;
    let board = wiring.board.clone();
    let router = router(move |page| {
        if let Some(bytes) = resident_bytes() {
            page.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", bytes);
        }
        page.counter(
            "lab_output_lines_dropped_total",
            "Lines of services that were dropped because the pipeline did not keep up.",
            output.dropped(),
        );
        let parts = board.list();
        let ready = parts
            .iter()
            .map(|part| (part.name.as_str(), f64::from(u8::from(part.state == PartState::Ready))));
        page.gauges("lab_part_ready", "Whether a part of the lab is ready.", "part", ready);
        let restarts = parts.iter().map(|part| (part.name.as_str(), f64::from(part.restarts)));
        page.gauges("lab_part_restarts", "How often a part was started again.", "part", restarts);
    });
    wiring.serve(LAB, listener, router);
    Ok(())
}
