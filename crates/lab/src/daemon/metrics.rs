//! Prometheus on :9090, from prometheus.yml: the store, scraping, rules and the API.

use super::wiring::Wiring;
use crate::endpoints::PROMETHEUS;
use anyhow::{Context as _, Result};
use api::prometheus::{PrometheusApi, StatusInfo, router};
use collect::scrape::{ScrapeContext, Scraper};
use model::duration::parse_duration;
use promql::{Engine, Limits};
use rules::{Manager, Notifier, NotifierOptions, Target};
use stackconf::Loaded;
use stackconf::prometheus::{self, PrometheusConfig};
use stackconf::rules::RuleFile;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tsdb::Store;

/// How often the store does its upkeep: sync, segments, retention.
const UPKEEP: Duration = Duration::from_secs(1);

/// The version whose API and behaviour this is; Grafana chooses features by it.
const VERSION: &str = "3.14.0";

/// The metrics part before it listens: other parts write into its store.
pub struct Metrics {
    pub store: Arc<Store>,
    retention: String,
    listener: TcpListener,
}

/// Opens the store and binds the port.
pub async fn open(wiring: &Wiring) -> Result<Metrics> {
    let listener = wiring.bind(PROMETHEUS).await?;
    let retention = wiring.flag("prometheus", "storage.tsdb.retention.time")?;
    let options = tsdb::Options {
        retention: parse_duration(&retention).context("docker-compose.yml, storage.tsdb.retention.time")?,
        max_exemplars: max_exemplars(wiring)?,
        ..tsdb::Options::default()
    };
    let folder = wiring.data("tsdb")?;
    let clock = wiring.setup.clock.clone();
    let store = tokio::task::spawn_blocking(move || Store::open(&folder, options, &*clock)).await??;
    let recovery = store.recovery();
    tracing::info!(samples = recovery.samples, series = recovery.series, took = ?recovery.took, "metrics store opened");
    for damage in &recovery.damages {
        tracing::warn!(file = %damage.file.display(), offset = damage.offset, lost = damage.bytes_lost, "{}", damage.reason);
    }
    let store = Arc::new(store);
    let (kept, clock) = (store.clone(), wiring.setup.clock.clone());
    wiring.upkeep("tsdb", UPKEEP, move || {
        kept.maintain(clock.now_millis()).map(|_| ()).map_err(|error| error.to_string())
    });
    Ok(Metrics { store, retention, listener })
}

/// How many exemplars are kept: as many as prometheus.yml says, when the feature flag is set; none without it.
fn max_exemplars(wiring: &Wiring) -> Result<usize> {
    let features = wiring.flag("prometheus", "enable-feature").unwrap_or_default();
    if !features.split(',').any(|feature| feature == "exemplar-storage") {
        return Ok(0);
    }
    let config = prometheus::load(&wiring.config_file("prometheus")?)?.config;
    Ok(usize::try_from(config.storage.max_exemplars).unwrap_or(usize::MAX))
}

/// prometheus.yml and the rule files that it names.
struct Configuration {
    prometheus: Loaded<PrometheusConfig>,
    /// The path as prometheus.yml has it, and what it holds.
    rules: Vec<(String, RuleFile)>,
}

/// Reads all files, so that a reload takes either everything or nothing.
fn load(wiring: &Wiring, file: &Path) -> Result<Configuration> {
    let prometheus = prometheus::load(file)?;
    wiring.warn(&prometheus.warnings);
    let mut rules = Vec::new();
    for pattern in &prometheus.config.rule_files {
        let base = file.parent().unwrap_or(Path::new("/"));
        let on_host = if pattern.starts_with('/') {
            wiring.host_path("prometheus", pattern)?
        } else {
            base.join(pattern)
        };
        let folder = PathBuf::from(pattern);
        for path in stackconf::glob::expand(&on_host) {
            let loaded = stackconf::rules::load(&path)?;
            wiring.warn(&loaded.warnings);
            let name = path.file_name().unwrap_or_default();
            rules.push((folder.with_file_name(name).display().to_string(), loaded.config));
        }
    }
    Ok(Configuration { prometheus, rules })
}

/// What a reload changes.
struct Running {
    wiring: Wiring,
    file: PathBuf,
    scraper: Arc<Scraper>,
    manager: Arc<Manager>,
    notifier: Arc<Notifier>,
    text: Mutex<String>,
}

impl Running {
    fn apply(&self) -> Result<()> {
        let configuration = load(&self.wiring, &self.file)?;
        let config = &configuration.prometheus.config;
        self.manager.configure(config.global.evaluation_interval, config.global.external_labels.clone());
        // Rules are parsed first: a bad expression leaves everything as it was.
        self.manager.load(&configuration.rules)?;
        self.notifier.configure(notifier_options(config), alertmanagers(&self.wiring, config));
        self.scraper.apply(config);
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = configuration.prometheus.text;
        Ok(())
    }
}

/// A subquery that names no step takes the global evaluation interval. (It is read once: a reload does not change it.)
fn engine(config: &PrometheusConfig) -> Engine {
    let interval = i64::try_from(config.global.evaluation_interval.as_millis()).unwrap_or(i64::MAX);
    Engine::new(Limits { default_step: interval.max(1), ..Limits::default() })
}

fn notifier_options(config: &PrometheusConfig) -> NotifierOptions {
    let relabel = config.alerting.alert_relabel_configs.clone();
    NotifierOptions {
        external_labels: config.global.external_labels.clone(),
        relabel: Some(Arc::new(move |labels| collect::relabel::relabel(labels, &relabel))),
        ..NotifierOptions::default()
    }
}

fn alertmanagers(wiring: &Wiring, config: &PrometheusConfig) -> Vec<Target> {
    let of = |group: &stackconf::prometheus::AlertmanagerConfig| {
        let (scheme, prefix, timeout) = (group.scheme.as_str(), group.path_prefix.clone(), group.timeout);
        let targets = group.static_configs.iter().flat_map(|group| &group.targets);
        let urls = targets.map(|target| {
            let url = wiring.names.resolve_url(&format!("{scheme}://{target}{prefix}"));
            Target { url: url.trim_end_matches('/').to_owned(), timeout }
        });
        urls.collect::<Vec<_>>()
    };
    config.alerting.alertmanagers.iter().flat_map(of).collect()
}

impl Metrics {
    /// Scrapes, evaluates and answers from now on.
    ///
    /// # Errors
    /// When prometheus.yml or a rule file is wrong.
    pub fn serve(self, wiring: &Wiring) -> Result<()> {
        let file = wiring.config_file("prometheus")?;
        let clock = wiring.setup.clock.clone();
        let names = wiring.names.clone();
        let context = ScrapeContext {
            store: self.store.clone(),
            clock: clock.clone(),
            resolve: Arc::new(move |target| names.connect_to(target)),
            base: file.parent().unwrap_or(Path::new("/")).to_owned(),
            seed: 0,
        };
        let scraper = Scraper::new(context, wiring.token.child_token())?;
        let notifier = Arc::new(Notifier::new(NotifierOptions::default(), Vec::new()));
        let mut options = rules::Options::new(self.store.clone(), clock.clone(), notifier.clone());
        options.external_url = wiring.setup.column().shown(PROMETHEUS);
        let engine = engine(&prometheus::load(&file)?.config);
        options.engine = engine;
        let manager = Arc::new(Manager::new(options));
        let running = Arc::new(Running {
            wiring: wiring.clone(),
            file,
            scraper: scraper.clone(),
            manager: manager.clone(),
            notifier: notifier.clone(),
            text: Mutex::default(),
        });
        running.apply()?;
        own_tasks(wiring, &running);

        let mut api = PrometheusApi::new(self.store.clone(), engine, clock.clone(), status(wiring, &self));
        api.scraper = Some(scraper);
        api.rules = Arc::new(move || manager.groups());
        api.alertmanagers =
            Arc::new(move || notifier.targets().into_iter().map(|target| target.url).collect());
        let shown = running.clone();
        api.config_text = Arc::new(move || shown.text.lock().unwrap_or_else(PoisonError::into_inner).clone());
        api.reload = Arc::new(move || running.apply().map_err(|error| format!("{error:#}")));
        wiring.on_reload(PROMETHEUS.name, api.reload.clone());
        let pages = wiring.clone();
        api.console_page = Some(Arc::new(move |page| pages.console_page(page)));
        wiring.serve(PROMETHEUS, self.listener, router(api));
        Ok(())
    }
}

fn own_tasks(wiring: &Wiring, running: &Arc<Running>) {
    let (rules, token) = (running.clone(), wiring.token.clone());
    wiring.own(tokio::spawn(async move { rules.manager.run(token).await }));
    let (alerts, token, client) = (running.clone(), wiring.token.clone(), wiring.client.clone());
    wiring.own(tokio::spawn(async move { alerts.notifier.run(client, token).await }));
    let (scrapes, token) = (running.clone(), wiring.token.clone());
    wiring.own(tokio::spawn(async move {
        token.cancelled().await;
        scrapes.scraper.stop().await;
    }));
}

fn status(wiring: &Wiring, metrics: &Metrics) -> StatusInfo {
    let recovery = metrics.store.recovery();
    let command = wiring.compose.services.get("prometheus").map(|service| service.command.clone());
    let flags = command.unwrap_or_default();
    let flags = flags.iter().filter_map(|flag| {
        let flag = flag.trim_start_matches('-');
        Some(flag.split_once('=').unwrap_or((flag, "true")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    });
    StatusInfo {
        version: VERSION.to_owned(),
        revision: env!("CARGO_PKG_VERSION").to_owned(),
        started: wiring.setup.clock.now_millis(),
        working_dir: wiring.setup.place.root.display().to_string(),
        host_name: "lab".to_owned(),
        retention: metrics.retention.clone(),
        flags: flags.collect(),
        replayed_files: recovery.log_files,
        corruptions: recovery.damages.len() as u64,
    }
}
