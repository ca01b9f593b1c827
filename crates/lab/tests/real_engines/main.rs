//! Debian's Prometheus and Alertmanager run this repository's configuration: what is written for the docker stack is true
//! of the real engines, and not only of our own.
//!
//! Skipped loudly where the two programs are not installed; with `REQUIRE_TOOLS=1` their absence is a failure, and the
//! long wait for the resolved page is part of the test.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

mod engines;
mod http;
mod played;
mod queries;

use engines::{Lab, required};
use std::time::{Duration, Instant};

/// From the fault to the page: the promise of the lab windows.
const PAGE_WITHIN: Duration = Duration::from_secs(30);
/// From the reset to the end of the page: the short windows have to pass, and Alertmanager's group interval.
const RESOLVED_WITHIN: Duration = Duration::from_secs(170);
/// A start on a busy machine, rules of ten seconds, a few scrapes.
const DATA_WITHIN: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_files_on_the_real_engines() {
    if !engines::installed() {
        return;
    }
    let lab = Lab::start().await;

    lab.within(DATA_WITHIN, "three targets up", async || {
        lab.query(r#"up{service=~"gateway|catalog|checkout"} == 1"#).await.len() == 3
    })
    .await;

    let trace = lab.load.trace_ids();
    lab.within(DATA_WITHIN, "an exemplar with a trace id that was sent", async || {
        let found = lab.exemplar_trace_ids("http_request_duration_seconds_bucket").await;
        found.iter().any(|id| trace.contains(id))
    })
    .await;

    // Faults first: several panels and records exist to show errors, and have nothing to show without any.
    let broken = Instant::now();
    lab.chaos(r#"{"error_rate":0.5}"#).await;
    lab.within(PAGE_WITHIN, "a page at Alertmanager", async || lab.pages("gateway").await > 0).await;
    eprintln!("paged {:.0} s after the fault", broken.elapsed().as_secs_f64());
    lab.within(PAGE_WITHIN, "the page at the sink", async || lab.received().contains("firing")).await;

    queries::rules_are_healthy_and_have_data(&lab, DATA_WITHIN).await;
    queries::dashboards_have_data(&lab, DATA_WITHIN).await;

    let reset = Instant::now();
    lab.chaos("{}").await;
    if required() {
        lab.within(RESOLVED_WITHIN, "the end of the page", async || lab.pages("gateway").await == 0).await;
        eprintln!("resolved {:.0} s after the reset", reset.elapsed().as_secs_f64());
    } else {
        eprintln!(
            "SKIPPED: the wait of up to {} s for the end of the page; REQUIRE_TOOLS=1 runs it",
            RESOLVED_WITHIN.as_secs()
        );
    }
}
