use super::page::{PageMemory, PageRules};
use super::target::{Populated, populate};
use super::*;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use model::clock::{Millis, Nanos};
use model::metrics::{MetricQuerier, MetricType, MillisRange, is_stale};
use model::{Labels, Matcher};
use stackconf::prometheus::{PrometheusConfig, ScrapeConfig};
use std::collections::BTreeMap;
use std::time::Instant;
use tsdb::{Options, Store};
use wire::openmetrics::Format;

fn config(jobs: &str) -> PrometheusConfig {
    stackconf::prometheus::parse("test.yml", &format!("scrape_configs:\n{jobs}\n")).unwrap().config
}

fn job(keys: &str) -> ScrapeConfig {
    config(&format!("- job_name: j\n{keys}")).scrape_configs.remove(0)
}

fn store() -> Arc<Store> {
    Arc::new(Store::in_memory(Options::default()))
}

/// Everything in a store: by series, time and value (`stale` for the marker).
fn dump(store: &Store) -> BTreeMap<String, Vec<(Millis, String)>> {
    let read = |reader: Arc<dyn model::metrics::SeriesReader>| {
        let mut samples = Vec::new();
        reader.read(MillisRange::ALL, &mut samples).unwrap();
        let value = |v: f64| if is_stale(v) { "stale".to_owned() } else { v.to_string() };
        (reader.labels().to_string(), samples.into_iter().map(|s| (s.t, value(s.v))).collect())
    };
    store.select(MillisRange::ALL, &[]).unwrap().into_iter().map(read).collect()
}

/// Reads pages one after the other, 5 s apart, and gives the store's content.
fn read(config: &ScrapeConfig, pages: &[&str]) -> BTreeMap<String, Vec<(Millis, String)>> {
    let store = store();
    let target = Labels::from_pairs([("job", "j"), ("instance", "a:1")]);
    let mut memory = PageMemory::default();
    for (round, page) in (1..).zip(pages) {
        let (rules, now) = (PageRules { config, target: &target }, round * 5_000);
        if memory.read(page.as_bytes(), Format::Text, &rules, now, &*store).is_err() {
            memory.vanish(now);
        }
        memory.write(&*store).unwrap();
    }
    dump(&store)
}

fn entries(list: &[(&str, &[(Millis, &str)])]) -> BTreeMap<String, Vec<(Millis, String)>> {
    let samples = |samples: &[(Millis, &str)]| samples.iter().map(|(t, v)| (*t, (*v).to_owned())).collect();
    list.iter().map(|(series, list)| ((*series).to_owned(), samples(list))).collect()
}

#[test]
fn series_that_vanish_get_a_stale_marker_and_may_come_back() {
    let found = read(&job(""), &["a 1\nb 1\n", "a 2\n", "a 3\nb 3\n"]);
    let expected = entries(&[
        ("a{instance=\"a:1\", job=\"j\"}", &[(5000, "1"), (10_000, "2"), (15_000, "3")]),
        ("b{instance=\"a:1\", job=\"j\"}", &[(5000, "1"), (10_000, "stale"), (15_000, "3")]),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_page_that_fails_marks_everything_and_stores_nothing_of_itself() {
    let found = read(&job(""), &["a 1\n", "a 2\nnew 1\nbad one\n"]);
    assert_eq!(found, entries(&[("a{instance=\"a:1\", job=\"j\"}", &[(5000, "1"), (10_000, "stale")])]));
    let limited = job("  sample_limit: 1");
    assert_eq!(read(&limited, &["a 1\nb 1\n"]), entries(&[]));
    assert_eq!(read(&job("  label_limit: 3"), &["a{x=\"1\"} 1\n"]), entries(&[]));
    assert_eq!(read(&job("  label_value_length_limit: 5"), &["a{x=\"123456\"} 1\n"]), entries(&[]));
}

#[test]
fn times_of_the_page_count_unless_they_are_not_honoured() {
    let series = "a{instance=\"a:1\", job=\"j\"}";
    let own = read(&job(""), &["a 1 4000\n", ""]);
    assert_eq!(own, entries(&[(series, &[(4000, "1")])]), "no stale marker for what has its own times");
    let ignored = read(&job("  honor_timestamps: false"), &["a 1 4000\n", ""]);
    assert_eq!(ignored, entries(&[(series, &[(5000, "1"), (10_000, "stale")])]));
    assert_eq!(read(&job(""), &["a 1 99999999\n"]), entries(&[]), "more than ten minutes ahead");
}

#[test]
fn labels_of_page_and_target_meet() {
    let page = "a{job=\"x\",exported_job=\"y\"} 1\n";
    let kept = read(&job(""), &[page]);
    let renamed = "a{exported_exported_job=\"x\", exported_job=\"y\", instance=\"a:1\", job=\"j\"}";
    assert_eq!(kept.keys().collect::<Vec<_>>(), [renamed]);
    let honoured = read(&job("  honor_labels: true"), &[page]);
    assert_eq!(honoured.keys().collect::<Vec<_>>(), ["a{exported_job=\"y\", instance=\"a:1\", job=\"x\"}"]);
}

#[test]
fn metric_relabelling_drops_and_changes() {
    let rules = "  metric_relabel_configs:\n  - {source_labels: [__name__], regex: 'go_.*', action: drop}\n  \
                 - {regex: instance, action: labeldrop}";
    let found = read(&job(rules), &["go_x 1\na 1\n", "go_x 1\na 2\n"]);
    assert_eq!(found, entries(&[("a{job=\"j\"}", &[(5000, "1"), (10_000, "2")])]));
}

#[test]
fn metadata_reaches_the_store() {
    let store = store();
    let (config, target) = (job(""), Labels::empty());
    let rules = PageRules { config: &config, target: &target };
    let page = b"# TYPE a counter\n# HELP a First.\na_total 1\n# TYPE b gauge\nb 1\n# EOF\n";
    PageMemory::default().read(page, Format::OpenMetrics, &rules, 1, &*store).unwrap();
    let metadata = MetricQuerier::metadata(&*store);
    assert_eq!((metadata["a"][0].kind, metadata["a"][0].help.as_str()), (MetricType::Counter, "First."));
    assert_eq!(metadata["b"][0].kind, MetricType::Gauge);
}

#[test]
fn a_target_is_made_of_defaults_and_relabelling() {
    let config = job("  metrics_path: /m\n  params: {module: [a b, c]}\n  relabel_configs:\n  \
         - {source_labels: [__address__], target_label: instance, regex: '(.*):.*'}\n  \
         - {source_labels: [drop], regex: 'yes', action: drop}\n  \
         - {target_label: __scrape_interval__, replacement: 30s}");
    let found =
        Labels::from_pairs([("__address__", "gateway:8000"), ("service", "gateway"), ("__meta_x", "1")]);
    let Populated::Target(target) = populate(&found, &config).unwrap() else { panic!("dropped") };
    assert_eq!(target.url.to_string(), "http://gateway:8000/m?module=a%20b&module=c");
    assert_eq!(target.url.at("127.0.0.1:9"), "http://127.0.0.1:9/m?module=a%20b&module=c");
    assert_eq!(target.labels.to_string(), "{instance=\"gateway\", job=\"j\", service=\"gateway\"}");
    assert_eq!((target.interval.as_secs(), target.timeout.as_secs()), (30, 10));
    assert_eq!(target.discovered.value("__scrape_interval__"), "1m");
    let mut dropped = found.to_builder();
    dropped.set("drop", "yes");
    assert!(matches!(populate(&dropped.build(), &config), Ok(Populated::Dropped(_))));
    let error = populate(&Labels::from_pairs([("a", "b")]), &config).unwrap_err();
    assert!(error.contains("expected host:port"), "{error}");
}

/// Runs with the machine's monotonic clock, from a fixed start.
struct TestClock(Instant);

impl Clock for TestClock {
    fn now_nanos(&self) -> Nanos {
        1_700_000_000_000_000_000 + i64::try_from(self.0.elapsed().as_nanos()).unwrap()
    }
}

/// What the test server answers with.
type Answer = Arc<Mutex<(StatusCode, &'static str, String)>>;

async fn server() -> (String, Answer) {
    let answer: Answer = Arc::new(Mutex::new((StatusCode::OK, "text/plain", "a 1\n".to_owned())));
    let shared = Arc::clone(&answer);
    let page = move || {
        let (status, kind, page) = shared.lock().unwrap().clone();
        async move { (status, [(header::CONTENT_TYPE, kind)], page).into_response() }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/metrics", get(page))).await });
    (address, answer)
}

struct Lab {
    store: Arc<Store>,
    scraper: Arc<Scraper>,
    answer: Answer,
}

impl Lab {
    /// A scraper for which `shop:80` is the test server.
    async fn start() -> Self {
        let (address, answer) = server().await;
        let store = store();
        let context = ScrapeContext {
            store: Arc::clone(&store) as Arc<dyn MetricAppender>,
            clock: Arc::new(TestClock(Instant::now())),
            resolve: Arc::new(move |name| if name == "shop:80" { address.clone() } else { name.to_owned() }),
            base: PathBuf::from("."),
            seed: 0,
        };
        let scraper = Scraper::new(context, CancellationToken::new()).unwrap();
        Self { store, scraper, answer }
    }

    fn apply(&self, interval: &str, extra: &str) {
        let job = format!(
            "- job_name: j\n  scrape_interval: {interval}\n  scrape_timeout: {interval}\n{extra}  \
             static_configs: [{{targets: ['shop:80'], labels: {{service: shop}}}}]"
        );
        self.scraper.apply(&config(&job));
    }

    fn set(&self, status: StatusCode, kind: &'static str, page: &str) {
        *self.answer.lock().unwrap() = (status, kind, page.to_owned());
    }

    fn values(&self, name: &str) -> Vec<String> {
        let found = self.store.select(MillisRange::ALL, &[Matcher::equal("__name__", name)]).unwrap();
        let mut samples = Vec::new();
        found.iter().for_each(|reader| reader.read(MillisRange::ALL, &mut samples).unwrap());
        samples.iter().map(|s| if is_stale(s.v) { "stale".to_owned() } else { s.v.to_string() }).collect()
    }

    /// Waits until something holds; the test fails after five seconds.
    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed().as_secs() < 5, "{what}: {:?}", dump(&self.store));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_target_is_scraped_by_its_name_and_its_failures_are_seen() {
    let lab = Lab::start().await;
    lab.apply("50ms", "");
    lab.until("two scrapes", |lab| lab.values("a").len() >= 2).await;
    let labels = lab.store.series(MillisRange::ALL, &[vec![Matcher::equal("__name__", "a")]]).unwrap();
    assert_eq!(labels[0].to_string(), "a{instance=\"shop:80\", job=\"j\", service=\"shop\"}");
    let view = lab.scraper.targets().active.remove(0);
    assert_eq!((view.health, view.url.as_str()), (TargetHealth::Up, "http://shop:80/metrics"));
    assert_eq!((view.last_error, view.pool.as_str()), (None, "j"));

    lab.set(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "");
    lab.until("up falls", |lab| lab.values("up").last().is_some_and(|up| up == "0")).await;
    assert_eq!(lab.values("a").last().unwrap(), "stale");
    let view = lab.scraper.targets().active.remove(0);
    assert_eq!(view.health, TargetHealth::Down);
    assert_eq!(view.last_error.unwrap(), "server returned HTTP status 500 Internal Server Error");

    lab.set(StatusCode::OK, "application/json", "{}");
    let shown = |lab: &Lab| lab.scraper.targets().active.remove(0).last_error.unwrap_or_default();
    lab.until("a wrong type is an error", |lab| shown(lab).contains("unsupported content type")).await;
    lab.set(StatusCode::OK, "text/plain", "a x\n");
    lab.until("so is a wrong page", |lab| shown(lab).starts_with("line 1, column 3")).await;
    lab.set(StatusCode::OK, "application/openmetrics-text; version=1.0.0", "a 7\n# EOF\n");
    lab.until("up again", |lab| lab.values("a").last().is_some_and(|value| value == "7")).await;
    assert_eq!(lab.values("scrape_samples_scraped").last().unwrap(), "1");
    lab.scraper.stop().await;
}

#[tokio::test]
async fn a_reload_keeps_targets_and_a_target_that_goes_is_marked() {
    let lab = Lab::start().await;
    lab.apply("50ms", "");
    lab.until("a scrape", |lab| !lab.values("a").is_empty()).await;
    lab.apply("60ms", "  honor_labels: true\n");
    let before = lab.values("a").len();
    lab.until("more scrapes", |lab| lab.values("a").len() > before + 1).await;
    assert!(!lab.values("a").contains(&"stale".to_owned()), "{:?}", lab.values("a"));
    lab.scraper.apply(&config("- job_name: other"));
    for name in ["a", "up", "scrape_duration_seconds"] {
        assert_eq!(lab.values(name).last().unwrap(), "stale", "{name}");
    }
    assert!(lab.scraper.targets().active.is_empty());
    lab.scraper.stop().await;
}

#[tokio::test]
async fn a_page_over_the_limit_and_a_target_that_hangs_fail() {
    let lab = Lab::start().await;
    lab.set(StatusCode::OK, "text/plain", &"a 1\n".repeat(100));
    lab.apply("50ms", "  body_size_limit: 100B\n");
    let error = |lab: &Lab| lab.scraper.targets().active.remove(0).last_error.unwrap_or_default();
    lab.until("too large", |lab| error(lab).contains("body size limit exceeded")).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let job = format!(
        "- job_name: h\n  scrape_interval: 60ms\n  scrape_timeout: 30ms\n  static_configs: [{{targets: ['{silent}']}}]"
    );
    lab.scraper.apply(&config(&job));
    lab.until("hangs", |lab| error(lab) == "context deadline exceeded").await;
    lab.scraper.stop().await;
}
