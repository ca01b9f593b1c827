//! The targets of one job and their tasks.

use super::round::{Scraped, Status};
use super::target::{Populated, Target, populate};
use super::view::{ActiveTarget, DroppedTarget, PoolView, TargetsView};
use super::{Scraper, page::PageMemory};
use crate::discovery::Discovery;
use model::Labels;
use model::clock::Millis;
use stackconf::prometheus::ScrapeConfig;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A scrape that begins this much late is still given its planned time: even steps pack better. As upstream. Milliseconds.
const TOLERANCE: Millis = 2;

pub struct Pool {
    config: Arc<ScrapeConfig>,
    /// The configuration as text, to see whether a reload changes it.
    written: String,
    discovery: Discovery,
    running: BTreeMap<Key, Running>,
    dropped: Vec<Labels>,
    errors: Vec<String>,
}

/// What makes a target the same one after discovery: its URL and its labels.
type Key = (String, Labels);

struct Running {
    scraped: Arc<Scraped>,
    /// Dropping it ends the task.
    stop: CancellationToken,
}

impl Pool {
    pub fn new(config: &ScrapeConfig, base: &Path) -> Self {
        Self {
            config: Arc::new(config.clone()),
            written: written(config),
            discovery: Discovery::new(config, base),
            running: BTreeMap::new(),
            dropped: Vec::new(),
            errors: Vec::new(),
        }
    }

    pub fn job_name(&self) -> &str {
        &self.config.job_name
    }

    pub fn is_fixed(&self) -> bool {
        self.discovery.is_fixed()
    }

    /// The pool for a changed configuration: the tasks go, what they remember of series stays.
    pub fn reload(mut self, config: &ScrapeConfig, scraper: &Scraper) -> Self {
        if self.written == written(config) {
            return self;
        }
        let mut next = Self::new(config, &scraper.context.base);
        for (key, running) in std::mem::take(&mut self.running) {
            running.stop.cancel();
            next.adopt(key, running, scraper);
        }
        next
    }

    /// Takes over a target's memory; what the new configuration does not want is retired by the sync that follows.
    fn adopt(&mut self, key: Key, before: Running, scraper: &Scraper) {
        let scraped = Scraped {
            target: before.scraped.target.clone(),
            config: Arc::clone(&self.config),
            memory: Arc::clone(&before.scraped.memory),
            status: Mutex::new(before.scraped.status().clone()),
        };
        // The task starts in `sync`, which sees that there is none.
        let stop = scraper.stop.child_token();
        stop.cancel();
        self.running.insert(key, Running { scraped: Arc::new(scraped), stop });
    }

    /// Looks for targets and makes the tasks those of what it found.
    pub fn sync(&mut self, scraper: &Scraper) {
        let found = self.discovery.targets();
        self.errors = self.discovery.errors().to_vec();
        self.dropped.clear();
        let mut wanted: BTreeMap<Key, Target> = BTreeMap::new();
        for labels in found {
            match populate(&labels, &self.config) {
                Ok(Populated::Target(target)) => {
                    wanted.insert((target.url.to_string(), target.labels.clone()), *target);
                }
                Ok(Populated::Dropped(labels)) => self.dropped.push(labels),
                Err(error) => self.errors.push(error),
            }
        }
        let limit = self.config.limits.targets;
        if limit > 0 && wanted.len() as u64 > limit {
            let found = wanted.len();
            self.errors
                .push(format!("target_limit exceeded: found {found} targets, expected at most {limit}"));
            wanted.clear();
        }
        let gone: Vec<Key> = self.running.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        for key in gone {
            if let Some(running) = self.running.remove(&key) {
                running.retire(scraper);
            }
        }
        for (key, target) in wanted {
            let before = self.running.remove(&key);
            let same = before.as_ref().is_some_and(|running| {
                !running.stop.is_cancelled()
                    && running.scraped.target.interval == target.interval
                    && running.scraped.target.timeout == target.timeout
            });
            let running = match before {
                Some(running) if same => running,
                before => self.start(target, before.as_ref(), scraper),
            };
            self.running.insert(key, running);
        }
    }

    fn start(&self, target: Target, before: Option<&Running>, scraper: &Scraper) -> Running {
        if let Some(before) = before {
            before.stop.cancel();
        }
        let memory: Arc<Mutex<PageMemory>> =
            before.map(|before| Arc::clone(&before.scraped.memory)).unwrap_or_default();
        let status = before.map_or_else(Status::default, |before| before.scraped.status().clone());
        let config = Arc::clone(&self.config);
        let scraped = Arc::new(Scraped { target, config, memory, status: Mutex::new(status) });
        let stop = scraper.stop.child_token();
        let task = run(
            Arc::clone(&scraped),
            scraper.context.clone(),
            scraper.client.clone(),
            Arc::clone(&scraper.counts),
            stop.clone(),
        );
        scraper.tasks.spawn(task);
        Running { scraped, stop }
    }

    /// Ends all tasks and marks all series as gone: the job is not in the configuration any more.
    pub fn clear(&mut self, scraper: &Scraper) {
        for (_, running) in std::mem::take(&mut self.running) {
            running.retire(scraper);
        }
    }

    pub fn show(&self, view: &mut TargetsView) {
        let pool = self.config.job_name.clone();
        for running in self.running.values() {
            let target = &running.scraped.target;
            let status = running.scraped.status().clone();
            view.active.push(ActiveTarget {
                discovered: target.discovered.clone(),
                labels: target.labels.clone(),
                pool: pool.clone(),
                url: target.url.to_string(),
                last_error: status.last_error,
                last_scrape: status.last_scrape,
                last_duration: status.last_duration,
                health: status.health,
                interval: target.interval,
                timeout: target.timeout,
            });
        }
        let dropped = self.dropped.iter().cloned();
        view.dropped.extend(dropped.map(|discovered| DroppedTarget { discovered, pool: pool.clone() }));
        view.pools.push(PoolView { name: pool, errors: self.errors.clone() });
    }
}

impl Running {
    fn retire(self, scraper: &Scraper) {
        self.stop.cancel();
        let now = scraper.context.clock.now_millis();
        self.scraped.retire(&scraper.context, &scraper.counts, now);
    }
}

/// Everything of a job but where it stands in the file.
fn written(config: &ScrapeConfig) -> String {
    format!("{:?}", ScrapeConfig { line: 0, ..config.clone() })
}

/// A target's task: scrapes at even steps, shifted by a hash so that targets do not all answer at once.
async fn run(
    scraped: Arc<Scraped>,
    context: super::ScrapeContext,
    client: reqwest::Client,
    counts: Arc<super::ScrapeCounts>,
    stop: CancellationToken,
) {
    let interval = Millis::try_from(scraped.target.interval.as_millis()).unwrap_or(Millis::MAX).max(1);
    let url = Labels::from_pairs([("url", &scraped.target.url.to_string())]).fingerprint();
    let hash = scraped.target.labels.fingerprint() ^ url ^ context.seed;
    let offset = (hash % interval.unsigned_abs()) as Millis;
    let mut last: Option<Millis> = None;
    loop {
        let now = context.clock.now_millis();
        let mut wait = interval - (now - offset).rem_euclid(interval);
        // The sleep may end a moment early by the wall clock: the step that was just done is not due again.
        if last.is_some_and(|last| (0..interval / 2).contains(&(now + wait - last))) {
            wait += interval;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
        }
        let now = context.clock.now_millis();
        let late = (now - offset).rem_euclid(interval);
        last = Some(now);
        let planned = if late <= TOLERANCE.min(interval / 100) { now - late } else { now };
        tokio::select! {
            () = stop.cancelled() => return,
            () = scraped.scrape(&context, &client, &counts, planned) => {}
        }
    }
}
