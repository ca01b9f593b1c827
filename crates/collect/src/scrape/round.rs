//! One scrape: fetch the page, read it, write it together with `up` and the `scrape_*` series.

use super::page::{PageCount, PageMemory, PageRules};
use super::target::{Target, join};
use super::view::TargetHealth;
use super::{ScrapeContext, ScrapeCounts};
use model::Labels;
use model::clock::{Millis, NANOS_PER_SECOND};
use model::labels::METRIC_NAME;
use model::metrics::{AppendOutcome, AppendReport};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use stackconf::prometheus::ScrapeConfig;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wire::openmetrics::Format;

/// The largest page when the job sets no limit: far above any honest one, and memory stays bounded. Bytes.
const MAX_PAGE: u64 = 64 << 20;
/// The seconds that a target has for its answer, as upstream tells it.
const TIMEOUT_HEADER: &str = "X-Prometheus-Scrape-Timeout-Seconds";

/// A target with everything that its task remembers.
pub struct Scraped {
    pub target: Target,
    pub config: Arc<ScrapeConfig>,
    pub memory: Arc<Mutex<PageMemory>>,
    pub status: Mutex<Status>,
}

/// How the last scrape went.
#[derive(Clone, Debug, Default)]
pub struct Status {
    pub health: TargetHealth,
    pub last_error: Option<String>,
    pub last_scrape: Option<Millis>,
    pub last_duration: Duration,
}

impl Scraped {
    pub fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, PageMemory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Scrapes once; samples get the time `now`.
    pub async fn scrape(
        &self,
        context: &ScrapeContext,
        client: &reqwest::Client,
        counts: &ScrapeCounts,
        now: Millis,
    ) {
        let began = context.clock.now_nanos();
        let fetched = tokio::time::timeout(self.target.timeout, self.fetch(context, client)).await;
        let fetched = fetched.unwrap_or_else(|_| Err("context deadline exceeded".to_owned()));
        let nanos = context.clock.now_nanos().saturating_sub(began).max(0);
        let duration = Duration::from_nanos(nanos as u64);

        let mut memory = self.memory();
        let store = context.store.as_ref();
        let rules = PageRules { config: &self.config, target: &self.target.labels };
        let read = fetched.and_then(|(page, format)| {
            memory.read(&page, format, &rules, now, store).map_err(|error| error.to_string())
        });
        let (count, mut error) = match read {
            Ok(count) => (count, None),
            Err(error) => {
                let vanished = memory.vanish(now);
                (PageCount { vanished, ..PageCount::default() }, Some(error))
            }
        };
        self.push_report(&mut memory, now, error.is_none(), duration, count);
        match memory.write(store) {
            Ok(report) => tally(counts, &report),
            Err(failed) => {
                tracing::warn!(target = %self.target.url, error = %failed, "cannot store a scrape");
                error = Some(failed.to_string());
            }
        }
        drop(memory);

        let add = |cell: &AtomicU64, by: u64| cell.fetch_add(by, Ordering::Relaxed);
        add(&counts.scrapes, 1);
        add(&counts.failures, u64::from(error.is_some()));
        add(&counts.stale_markers, count.vanished);
        let mut status = self.status();
        status.health = if error.is_none() { TargetHealth::Up } else { TargetHealth::Down };
        status.last_error = error;
        status.last_scrape = Some(now);
        status.last_duration = duration;
    }

    async fn fetch(
        &self,
        context: &ScrapeContext,
        client: &reqwest::Client,
    ) -> Result<(Vec<u8>, Format), String> {
        let url = &self.target.url;
        let request = client
            .get(url.at(&(context.resolve)(&url.host_port)))
            .header(ACCEPT, wire::openmetrics::ACCEPT)
            .header(USER_AGENT, concat!("lab/", env!("CARGO_PKG_VERSION")))
            .header(TIMEOUT_HEADER, self.target.timeout.as_secs_f64().to_string());
        let mut response = request.send().await.map_err(|error| said(&error))?;
        if !response.status().is_success() {
            return Err(format!("server returned HTTP status {}", response.status()));
        }
        let header =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let gzip = header(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
        let format = Format::from_content_type(header(CONTENT_TYPE).as_deref()).map_err(|e| e.to_string())?;
        let limit = match self.config.limits.body_size {
            0 => MAX_PAGE,
            limit => limit,
        };
        let too_large = || format!("body size limit exceeded: found more than {limit} bytes");
        let mut page = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| said(&error))? {
            if (page.len() + part.len()) as u64 > limit {
                return Err(too_large());
            }
            page.extend_from_slice(&part);
        }
        if gzip {
            let unpacked = wire::otlp::gunzip(&page, usize::try_from(limit).unwrap_or(usize::MAX));
            page = unpacked.map_err(|error| error.to_string())?.ok_or_else(too_large)?;
        }
        Ok((page, format))
    }

    /// `up` and its companions.
    fn push_report(&self, memory: &mut PageMemory, now: Millis, up: bool, took: Duration, count: PageCount) {
        for (name, value) in [
            ("up", f64::from(u8::from(up))),
            ("scrape_duration_seconds", took.as_nanos() as f64 / NANOS_PER_SECOND as f64),
            ("scrape_samples_scraped", count.scraped as f64),
            ("scrape_samples_post_metric_relabeling", count.kept as f64),
            ("scrape_series_added", count.added as f64),
        ] {
            memory.push(self.report_labels(name), now, value);
        }
    }

    fn report_labels(&self, name: &str) -> Labels {
        join(&Labels::from_pairs([(METRIC_NAME, name)]), &self.target.labels, false)
    }

    /// Stale markers for everything the target had, when it is no target any more.
    pub fn retire(&self, context: &ScrapeContext, counts: &ScrapeCounts, now: Millis) {
        let mut memory = self.memory();
        let mut vanished = memory.vanish(now);
        if self.status().last_scrape.is_some() {
            for name in REPORTS {
                memory.push(self.report_labels(name), now, model::metrics::stale_marker());
                vanished += 1;
            }
        }
        counts.stale_markers.fetch_add(vanished, Ordering::Relaxed);
        if let Err(error) = memory.write(context.store.as_ref()) {
            tracing::warn!(target = %self.target.url, %error, "cannot mark a target as gone");
        }
    }
}

const REPORTS: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

fn tally(counts: &ScrapeCounts, report: &AppendReport) {
    let add = |cell: &AtomicU64, by: u64| cell.fetch_add(by, Ordering::Relaxed);
    for outcome in &report.outcomes {
        add(
            match outcome {
                AppendOutcome::Appended(_) => &counts.samples,
                AppendOutcome::Duplicate(_) | AppendOutcome::DuplicateTimestamp(_) => &counts.duplicates,
                AppendOutcome::OutOfOrder(_) => &counts.out_of_order,
                AppendOutcome::UnknownRef | AppendOutcome::SeriesLimit => &counts.refused,
            },
            1,
        );
    }
    add(&counts.exemplars_refused, report.exemplars_refused as u64);
}

/// An error with its causes: reqwest's own text stops before the interesting one.
fn said(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
