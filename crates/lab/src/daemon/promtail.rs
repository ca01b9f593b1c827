//! Promtail's part, from promtail-config.yml: takes what the services print, labels it as docker_sd and relabelling would,
//! and pushes it into the log store.

use super::exposition;
use super::logs::Logs;
use super::wiring::Wiring;
use crate::endpoints::PROMTAIL;
use anyhow::Result;
use collect::relabel::relabel;
use model::logs::{LogAppender, LogEntry, LogStream};
use model::{Labels, LabelsBuilder};
use stackconf::promtail::{self, PromtailConfig, ScrapeConfig};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use supervise::{OutputLine, OutputStream};
use tokio::sync::mpsc;

/// Lines that are pushed at once. A batch is whatever has arrived meanwhile, so a single line does not wait.
const BATCH: usize = 1024;

/// What `/metrics` shows.
#[derive(Default)]
struct Counts {
    read: AtomicU64,
    sent: AtomicU64,
    refused: AtomicU64,
}

/// Collects from now on until the stack stops; what has been read by then is still stored.
pub async fn start(wiring: &Wiring, logs: &Logs, lines: mpsc::Receiver<OutputLine>) -> Result<()> {
    let listener = wiring.bind(PROMTAIL).await?;
    let loaded = promtail::load(&wiring.config_file("promtail")?)?;
    wiring.warn(&loaded.warnings);
    let counts = Arc::new(Counts::default());
    let collector = Collector {
        config: loaded.config,
        wiring: wiring.clone(),
        store: logs.store.clone(),
        targets: HashMap::new(),
        counts: counts.clone(),
    };
    wiring.own(tokio::spawn(collector.run(lines)));
    let router = exposition::router(move |page| {
        let value = |count: &AtomicU64| count.load(Ordering::Relaxed);
        page.counter("promtail_read_lines_total", "Lines that were read.", value(&counts.read));
        page.counter("promtail_sent_entries_total", "Entries that the log store took.", value(&counts.sent));
        page.counter(
            "promtail_dropped_entries_total",
            "Entries that the log store refused.",
            value(&counts.refused),
        );
    });
    wiring.serve(PROMTAIL, listener, router);
    Ok(())
}

struct Collector {
    config: PromtailConfig,
    wiring: Wiring,
    store: Arc<dyn LogAppender>,
    /// The labels of each process and stream; none where no job wants its lines.
    targets: HashMap<(Arc<str>, OutputStream), Option<Labels>>,
    counts: Arc<Counts>,
}

impl Collector {
    async fn run(mut self, mut lines: mpsc::Receiver<OutputLine>) {
        let mut batch = Vec::with_capacity(BATCH);
        let token = self.wiring.token.clone();
        loop {
            tokio::select! {
                biased;
                // Nothing can wait for ever: the services have stopped before the token is cancelled.
                read = lines.recv_many(&mut batch, BATCH) => if read == 0 { return },
                () = token.cancelled() => return,
            }
            let streams = self.streams(batch.drain(..));
            if streams.is_empty() {
                continue;
            }
            let store = self.store.clone();
            // The store writes to its log before it returns: not on a thread that serves requests.
            match tokio::task::spawn_blocking(move || store.push(streams)).await {
                Ok(Ok(report)) => {
                    self.counts.sent.fetch_add(report.accepted, Ordering::Relaxed);
                    self.counts.refused.fetch_add(report.refused_lines, Ordering::Relaxed);
                    if let Some(first) = report.refused.first() {
                        tracing::warn!("lines refused: {first}");
                    }
                }
                Ok(Err(error)) => tracing::error!(%error, "lines not stored"),
                // The runtime ends.
                Err(_) => return,
            }
        }
    }

    fn streams(&mut self, lines: impl Iterator<Item = OutputLine>) -> Vec<LogStream> {
        let mut streams: HashMap<Labels, Vec<LogEntry>> = HashMap::new();
        for line in lines {
            self.counts.read.fetch_add(1, Ordering::Relaxed);
            let key = (line.process.clone(), line.stream);
            if !self.targets.contains_key(&key) {
                let labels = self.labels(&line.process, line.stream);
                self.targets.insert(key.clone(), labels);
            }
            if let Some(Some(labels)) = self.targets.get(&key) {
                let entry = LogEntry { t: line.t, line: line.line, metadata: Vec::new() };
                streams.entry(labels.clone()).or_default().push(entry);
            }
        }
        streams.into_iter().map(|(labels, entries)| LogStream { labels, entries }).collect()
    }

    /// What a process's lines are labelled with, by the first job that wants them.
    fn labels(&self, process: &str, stream: OutputStream) -> Option<Labels> {
        let service = self.wiring.compose.services.get(process)?;
        let discovered = discovered(process, stream, service.labels.iter());
        self.config.scrape_configs.iter().filter(|job| wants(job, &service.labels)).find_map(|job| {
            let kept = relabel(&discovered, &job.relabel_configs)?;
            Some(without_private(&kept))
        })
    }
}

fn wants(job: &ScrapeConfig, labels: &std::collections::BTreeMap<String, String>) -> bool {
    let pairs = || labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    job.docker_sd_configs.iter().any(|sd| sd.accepts_labels(pairs()))
}

/// The labels that docker_sd would find on this process's container. Source: Promtail's documentation, "docker_sd_config".
fn discovered<'a>(
    process: &str,
    stream: OutputStream,
    labels: impl Iterator<Item = (&'a String, &'a String)>,
) -> Labels {
    const LABEL: &str = "__meta_docker_container_label_";
    let mut builder = LabelsBuilder::default();
    for (name, value) in labels {
        builder.set(&format!("{LABEL}{}", sanitize(name)), value);
    }
    builder.set(&format!("{LABEL}com_docker_compose_service"), process);
    builder.set(&format!("{LABEL}com_docker_compose_project"), "lab");
    builder.set("__meta_docker_container_name", &format!("/lab_{process}_1"));
    builder.set("__meta_docker_container_id", process);
    builder.set("__meta_docker_container_log_stream", stream.as_str());
    builder.build()
}

/// A container label's name as a label's name.
fn sanitize(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn without_private(labels: &Labels) -> Labels {
    Labels::from_pairs(labels.iter().filter(|(name, _)| !name.starts_with("__")))
}
