use super::*;
use logdb::{Config, LogDb};
use model::ManualClock;
use model::logs::{LogQuerier, LogScan, NanosRange, ScanOrder};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

const NOW: i64 = 1_767_225_600_000_000_000;

const CONFIG: &str = r#"
clients: [{url: http://loki:3100/loki/api/v1/push, batchwait: 200ms}]
scrape_configs:
  - job_name: services
    docker_sd_configs:
      - {host: unix:///var/run/docker.sock, filters: [{name: label, values: ["lab.logs=true"]}]}
    relabel_configs:
      - {source_labels: [__meta_docker_container_label_com_docker_compose_service], target_label: service}
      - {source_labels: [__meta_docker_container_log_stream], target_label: stream}
      - {target_label: job, replacement: services}
    pipeline_stages:
      - json: {expressions: {level: , ts: timestamp, trace_id: }}
      - timestamp: {source: ts, format: RFC3339Nano, action_on_failure: skip}
      - labels: {level: }
      - structured_metadata: {trace_id: }
"#;

fn container(process: &str, wanted: &str) -> Container {
    let labels = [("com.docker.compose.service", process), ("lab.logs", wanted)];
    Container {
        process: process.to_owned(),
        id: "0123".to_owned(),
        name: format!("/lab-{process}-1"),
        network_mode: "lab_default".to_owned(),
        labels: labels
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn collector() -> Collector {
    let config = stackconf::promtail::parse("promtail-config.yml", CONFIG).unwrap().config;
    Collector::new(&config, vec![container("gateway", "true"), container("loki", "false")]).unwrap()
}

fn line(process: &str, stream: &'static str, text: &str) -> ProcessLine {
    ProcessLine { process: process.into(), stream, t: NOW, line: text.to_owned() }
}

fn stored(db: &LogDb) -> Vec<String> {
    let range = NanosRange { start: i64::MIN, end: i64::MAX };
    let scan =
        LogScan { matchers: &[], range, order: ScanOrder::Forward, line_contains: &[], metadata_equals: &[] };
    let mut found = Vec::new();
    db.scan(&scan, &mut |row| {
        found.push(format!("{} {:?} {} {}", row.labels, row.metadata, (row.t - NOW) / 1_000_000, row.line));
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

#[tokio::test]
async fn lines_come_with_labels_time_and_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_nanos(NOW));
    let config = Config { discover_service_name: Vec::new(), discover_levels: false, ..Config::default() };
    let db = Arc::new(LogDb::open(folder.path(), config, clock.clone()).unwrap());
    let collector = collector();
    let counters = collector.counters();
    let (sender, receiver) = mpsc::channel(16);
    let json = r#"{"timestamp":"2026-01-01T00:00:00.250Z","level":"WARN","trace_id":"ab","msg":"x"}"#;
    sender.send(line("gateway", "stdout", json)).await.unwrap();
    sender.send(line("gateway", "stderr", "plain")).await.unwrap();
    sender.send(line("loki", "stdout", "nobody asked")).await.unwrap();
    sender.send(line("unknown", "stdout", "nobody knows")).await.unwrap();
    drop(sender);
    run(collector, receiver, |line| line, db.clone(), clock, CancellationToken::new()).await;
    assert_eq!(
        stored(&db),
        [
            "{job=\"services\", service=\"gateway\", stream=\"stderr\"} [] 0 plain".to_owned(),
            format!(
                "{{job=\"services\", level=\"WARN\", service=\"gateway\", stream=\"stdout\"}} [(\"trace_id\", \"ab\")] 250 {json}"
            ),
        ]
    );
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!((count(&counters.read), count(&counters.sent), count(&counters.ignored)), (4, 2, 2));
}

#[tokio::test]
async fn a_batch_waits_for_others_but_not_long() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at_nanos(NOW));
    let db = LogDb::open(folder.path(), Config::default(), clock.clone()).unwrap();
    let mut collector = collector();
    collector.line(line("gateway", "stdout", "one"), NOW);
    collector.send(&db, NOW + 199_000_000, false).await;
    assert!(stored(&db).is_empty());
    collector.line(line("gateway", "stdout", "two"), NOW + 199_000_000);
    collector.send(&db, NOW + 200_000_000, false).await;
    assert_eq!(stored(&db).len(), 2);
    collector.send(&db, NOW + 900_000_000, true).await;
    assert_eq!(stored(&db).len(), 2);
}

#[tokio::test]
async fn a_stop_sends_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_nanos(NOW));
    let db = Arc::new(LogDb::open(folder.path(), Config::default(), clock.clone()).unwrap());
    let (sender, receiver) = mpsc::channel(16);
    for n in 0..5 {
        sender.send(line("gateway", "stdout", &format!("line {n}"))).await.unwrap();
    }
    let stop = CancellationToken::new();
    stop.cancel();
    run(collector(), receiver, |line| line, db.clone(), clock, stop).await;
    assert_eq!(stored(&db).len(), 5);
    drop(sender);
}

#[test]
fn long_lines_are_dropped_or_cut() {
    let entry = |text: &str| Entry::new(0, text.to_owned(), Labels::from_pairs([("a", "b")]).to_builder());
    let mut batch = Batch::new(Duration::ZERO, 10);
    assert!(!batch.add(entry("ééé"), 0, (5, false)));
    assert!(batch.add(entry("ééé"), 0, (5, true)));
    assert_eq!(batch.take().0[0].entries[0].line, "éé");
    assert!(batch.add(entry("ééé"), 0, (0, false)));
}
