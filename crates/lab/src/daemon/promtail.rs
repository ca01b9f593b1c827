//! Promtail's part, from promtail-config.yml: what the services print goes through its relabelling and stages into the log
//! store, as the output of their containers would.

use super::exposition;
use super::logs::Logs;
use super::wiring::Wiring;
use crate::endpoints::PROMTAIL;
use anyhow::Result;
use collect::process_output::{Collector, Container, ProcessLine, run};
use stackconf::compose::Compose;
use stackconf::promtail;
use std::sync::atomic::{AtomicU64, Ordering};
use supervise::OutputLine;
use tokio::sync::mpsc;

/// Collects from now on until the stack stops; what has been read by then is still stored.
///
/// # Errors
/// When promtail-config.yml is wrong or a stage in it cannot be built.
pub async fn start(wiring: &Wiring, logs: &Logs, lines: mpsc::Receiver<OutputLine>) -> Result<()> {
    let listener = wiring.bind(PROMTAIL).await?;
    let loaded = promtail::load(&wiring.config_file("promtail")?)?;
    wiring.warn(&loaded.warnings);
    let collector = Collector::new(&loaded.config, containers(&wiring.compose))?;
    let counters = collector.counters();
    let router = exposition::router(move |page| {
        let mut counter =
            |name, help, count: &AtomicU64| page.counter(name, help, count.load(Ordering::Relaxed));
        counter("promtail_read_lines_total", "Lines that were read.", &counters.read);
        counter("promtail_sent_entries_total", "Entries that the log store took.", &counters.sent);
        counter("promtail_refused_entries_total", "Entries that a limit refused.", &counters.refused);
        counter(
            "promtail_failed_entries_total",
            "Entries that were lost: the store could not write.",
            &counters.failed,
        );
        counter(
            "promtail_ignored_lines_total",
            "Lines that no scrape configuration wants.",
            &counters.ignored,
        );
    });
    let read = |line: OutputLine| ProcessLine {
        process: line.process,
        stream: line.stream.as_str(),
        t: line.t,
        line: line.line,
    };
    let (store, clock, token) = (logs.store.clone(), wiring.setup.clock.clone(), wiring.token.clone());
    wiring.own(tokio::spawn(run(collector, lines, read, store, clock, token)));
    wiring.serve(PROMTAIL, listener, router);
    Ok(())
}

/// What the services would be under Docker, with the names that compose gives.
fn containers(compose: &Compose) -> Vec<Container> {
    let container = |(process, service): (&String, &stackconf::compose::Service)| {
        let mut labels = service.labels.clone();
        labels.insert("com.docker.compose.service".to_owned(), process.clone());
        labels.insert("com.docker.compose.project".to_owned(), "lab".to_owned());
        Container {
            process: process.clone(),
            id: format!("process-{process}"),
            name: format!("/lab-{process}-1"),
            network_mode: "lab_default".to_owned(),
            labels,
        }
    };
    compose.services.iter().map(container).collect()
}
