//! Lines of supervised processes on their way to the log store: labels as Docker's discovery would give them,
//! relabelling, pipeline stages, batches. What Promtail does beside containers, done here beside processes.
//!
//! [`Collector`] does the work line by line; [`run`] feeds it from a channel and sends what it has gathered.

mod batch;
mod target;

use crate::stages::{Entry, Pipeline, StageError, StageMetrics};
use batch::Batch;
use model::clock::Nanos;
use model::logs::LogAppender;
use model::{Clock, Labels};
use stackconf::promtail::{PromtailConfig, ScrapeConfig};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use target::{Container, META_STREAM};

/// One line of a process, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLine {
    /// The name of the process, as [`Container::process`] gives it.
    pub process: Arc<str>,
    /// `stdout` or `stderr`.
    pub stream: &'static str,
    /// When it was read.
    pub t: Nanos,
    pub line: String,
}

/// How often what stages hold back is looked at.
const FLUSH_PERIOD: Duration = Duration::from_millis(100);
/// Attempts before a batch that the store cannot write is given up, and the first wait between them.
const MAX_ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// What became of lines, for `/metrics`.
#[derive(Debug, Default)]
pub struct Counters {
    pub read: AtomicU64,
    pub sent: AtomicU64,
    /// Lines whose process no scrape configuration wants.
    pub ignored: AtomicU64,
    /// Lines that a limit of the store refused.
    pub refused: AtomicU64,
    /// Lines that were lost because the store could not write them.
    pub failed: AtomicU64,
}

/// One scrape configuration.
struct Job {
    config: ScrapeConfig,
    pipeline: Pipeline,
    /// Labels of each process and stream; `None`: not wanted. Found once.
    targets: HashMap<(Arc<str>, &'static str), Option<Labels>>,
}

/// Takes lines and gathers what goes to the store.
pub struct Collector {
    jobs: Vec<Job>,
    containers: HashMap<String, Container>,
    batch: Batch,
    external: Vec<(String, String)>,
    max_line: usize,
    truncate: bool,
    metrics: Arc<StageMetrics>,
    counters: Arc<Counters>,
}

impl Collector {
    /// # Errors
    /// [`StageError`] when a stage of the configuration cannot be built.
    pub fn new(config: &PromtailConfig, containers: Vec<Container>) -> Result<Self, StageError> {
        let metrics = Arc::new(StageMetrics::default());
        let jobs = config.scrape_configs.iter().map(|config| {
            let pipeline = Pipeline::new(&config.pipeline_stages, &metrics)?;
            Ok(Job { config: config.clone(), pipeline, targets: HashMap::new() })
        });
        let client = config.clients.first();
        let batch_wait = client.map_or(Duration::from_secs(1), |client| client.batch_wait);
        let batch_size = client.map_or(1 << 20, |client| client.batch_size);
        let external = client.map(|client| client.external_labels.clone()).unwrap_or_default();
        Ok(Self {
            jobs: jobs.collect::<Result<_, StageError>>()?,
            containers: containers.into_iter().map(|one| (one.process.clone(), one)).collect(),
            batch: Batch::new(batch_wait, usize::try_from(batch_size).unwrap_or(usize::MAX)),
            external: external.into_iter().collect(),
            max_line: usize::try_from(config.max_line_size).unwrap_or(usize::MAX),
            truncate: config.max_line_size_truncate,
            metrics,
            counters: Arc::default(),
        })
    }

    pub fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    pub fn metrics(&self) -> Arc<StageMetrics> {
        self.metrics.clone()
    }

    /// Runs the stages on a line.
    pub fn line(&mut self, line: ProcessLine, now: Nanos) {
        self.counters.read.fetch_add(1, Ordering::Relaxed);
        let mut wanted = false;
        for job in &mut self.jobs {
            let key = (line.process.clone(), line.stream);
            let (config, containers) = (&job.config, &self.containers);
            let labels = job
                .targets
                .entry(key)
                .or_insert_with(|| target::labels(config, containers.get(&*line.process)?, line.stream));
            let Some(labels) = labels else { continue };
            wanted = true;
            let mut builder = labels.to_builder();
            for (name, value) in &self.external {
                builder.set(name, value);
            }
            let entry = Entry::new(line.t, line.line.clone(), builder);
            let batch = &mut self.batch;
            let limit = (self.max_line, self.truncate);
            let refused = &self.counters.refused;
            job.pipeline.process(entry, now, &mut |entry| {
                if !batch.add(entry, now, limit) {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        if !wanted {
            self.counters.ignored.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Gives out what stages hold back and is due at `now`.
    pub fn flush_stages(&mut self, now: Nanos) {
        let limit = (self.max_line, self.truncate);
        for job in &mut self.jobs {
            let batch = &mut self.batch;
            job.pipeline.flush(now, &mut |entry| {
                batch.add(entry, now, limit);
            });
        }
    }

    /// Sends the batch when it is large or old enough, or in any case when `force`.
    pub async fn send(&mut self, store: &dyn LogAppender, now: Nanos, force: bool) {
        if !force && !self.batch.is_due(now) {
            return;
        }
        let (streams, lines) = self.batch.take();
        if lines == 0 {
            return;
        }
        let mut wait = FIRST_WAIT;
        for attempt in 1..=MAX_ATTEMPTS {
            match store.push(streams.clone()) {
                Ok(report) => {
                    self.counters.sent.fetch_add(report.accepted, Ordering::Relaxed);
                    self.counters.refused.fetch_add(report.refused_lines, Ordering::Relaxed);
                    if let Some(reason) = report.refused.first() {
                        tracing::warn!(%reason, lines = report.refused_lines, "the log store refused lines");
                    }
                    return;
                }
                Err(error) if attempt == MAX_ATTEMPTS => {
                    self.counters.failed.fetch_add(lines as u64, Ordering::Relaxed);
                    tracing::error!(%error, lines, "the log store cannot write: lines are lost");
                }
                Err(_) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
            }
        }
    }
}

/// Takes lines from the channel until it closes or `stop` is called, and sends what is left then.
pub async fn run<T>(
    mut collector: Collector,
    mut lines: mpsc::Receiver<T>,
    read: impl Fn(T) -> ProcessLine,
    store: Arc<dyn LogAppender>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(FLUSH_PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            line = lines.recv() => match line {
                Some(line) => collector.line(read(line), clock.now_nanos()),
                None => break,
            },
            _ = ticks.tick() => collector.flush_stages(clock.now_nanos()),
        }
        collector.send(&*store, clock.now_nanos(), false).await;
    }
    // What is in the channel was read from a process and is not lost.
    while let Ok(line) = lines.try_recv() {
        collector.line(read(line), clock.now_nanos());
    }
    collector.flush_stages(Nanos::MAX);
    collector.send(&*store, clock.now_nanos(), true).await;
}

#[cfg(test)]
mod tests;
