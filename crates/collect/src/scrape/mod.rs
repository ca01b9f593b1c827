//! Scraping as Prometheus does it.
//!
//! A [`Scraper`] owns one task a target. [`Scraper::apply`] starts it and also reloads it: targets whose job did not change
//! keep their task, the others keep their memory of series, so that a reload writes no stale markers. Reading order:
//! [`target`] (labels of a target), [`page`] (from a page to rows), [`round`] (one scrape), [`pool`] (tasks).

pub mod page;
mod pool;
pub mod round;
pub mod target;
mod view;

pub use view::{ActiveTarget, DroppedTarget, PoolView, TargetHealth, TargetsView};

use model::Clock;
use model::metrics::MetricAppender;
use pool::Pool;
use stackconf::prometheus::PrometheusConfig;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Files of targets are looked at this often; upstream is told of changes by the kernel.
const DISCOVERY_INTERVAL: Duration = Duration::from_secs(5);
/// How long [`Scraper::stop`] waits for scrapes under way.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Leads `gateway:8000` to what to connect to; labels keep the name.
pub type Resolve = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// What every scrape needs.
#[derive(Clone)]
pub struct ScrapeContext {
    pub store: Arc<dyn MetricAppender>,
    pub clock: Arc<dyn Clock>,
    pub resolve: Resolve,
    /// The folder of prometheus.yml, for relative names of target files.
    pub base: PathBuf,
    /// Spreads the scrapes of several instances of the lab differently; any number.
    pub seed: u64,
}

/// Running totals of all pools.
#[derive(Debug, Default)]
pub struct ScrapeCounts {
    pub scrapes: AtomicU64,
    pub failures: AtomicU64,
    pub samples: AtomicU64,
    pub out_of_order: AtomicU64,
    pub duplicates: AtomicU64,
    pub refused: AtomicU64,
    pub exemplars_refused: AtomicU64,
    pub stale_markers: AtomicU64,
}

/// All scrape pools.
pub struct Scraper {
    context: ScrapeContext,
    client: reqwest::Client,
    counts: Arc<ScrapeCounts>,
    pools: Mutex<Vec<Pool>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot make an HTTP client: {0}")]
pub struct ScraperError(#[from] reqwest::Error);

impl Scraper {
    /// A scraper without targets. `stop` ends all its tasks.
    ///
    /// # Errors
    /// [`ScraperError`] when there can be no HTTP client.
    pub fn new(context: ScrapeContext, stop: CancellationToken) -> Result<Arc<Self>, ScraperError> {
        // No proxy of the environment: targets are neighbours.
        let client = reqwest::Client::builder().no_proxy().build()?;
        let scraper = Arc::new(Self {
            context,
            client,
            counts: Arc::default(),
            pools: Mutex::default(),
            tasks: TaskTracker::new(),
            stop,
        });
        let weak = Arc::downgrade(&scraper);
        let stop = scraper.stop.clone();
        scraper.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(DISCOVERY_INTERVAL) => {}
                }
                let Some(scraper) = weak.upgrade() else { return };
                scraper
                    .pools()
                    .iter_mut()
                    .filter(|pool| !pool.is_fixed())
                    .for_each(|pool| pool.sync(&scraper));
            }
        });
        Ok(scraper)
    }

    /// Makes the pools those of the configuration.
    pub fn apply(self: &Arc<Self>, config: &PrometheusConfig) {
        let mut pools = self.pools();
        let mut before = std::mem::take(&mut *pools);
        for job in &config.scrape_configs {
            let known = before.iter().position(|pool| pool.job_name() == job.job_name);
            let mut pool = match known {
                Some(at) => before.swap_remove(at).reload(job, self),
                None => Pool::new(job, &self.context.base),
            };
            pool.sync(self);
            pools.push(pool);
        }
        for mut gone in before {
            gone.clear(self);
        }
    }

    /// What the targets are and how they are, for `/api/v1/targets`.
    pub fn targets(&self) -> TargetsView {
        let mut view = TargetsView::default();
        for pool in self.pools().iter() {
            pool.show(&mut view);
        }
        view
    }

    pub fn counts(&self) -> &ScrapeCounts {
        &self.counts
    }

    /// Ends all tasks. No stale markers: the next start goes on with the same series.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        // Whoever is still writing after the limit is dropped with the runtime.
        let _ = tokio::time::timeout(STOP_LIMIT, self.tasks.wait()).await;
    }

    fn pools(&self) -> MutexGuard<'_, Vec<Pool>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
