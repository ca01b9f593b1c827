use super::*;

const FILE: &str = r#"
global: {scrape_interval: 5s, evaluation_interval: 5s, external_labels: {cluster: lab}}
storage: {exemplars: {max_exemplars: 50}}
alerting:
  alertmanagers:
    - static_configs: [{targets: ["alertmanager:9093"]}]
rule_files: [/etc/prometheus/rules/*.yml]
scrape_configs:
  - job_name: shop
    honor_labels: true
    sample_limit: 10
    body_size_limit: 1MB
    static_configs:
      - {targets: ["gateway:8000"], labels: {service: gateway}}
    file_sd_configs: [{files: ["more/*.json"]}]
    relabel_configs:
      - {source_labels: [__address__], regex: '([^:]+):\d+', target_label: host}
    metric_relabel_configs:
      - {action: drop, source_labels: [__name__], regex: go_.*}
"#;

#[test]
fn a_whole_file_is_read() {
    let loaded = parse("p.yml", FILE).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let config = loaded.config;
    // The default timeout of 10 s is cut to the interval.
    assert_eq!(config.global.scrape_timeout, Duration::from_secs(5));
    assert_eq!(config.storage.max_exemplars, 50);
    assert_eq!(config.alerting.static_targets().collect::<Vec<_>>(), ["alertmanager:9093"]);
    let job = &config.scrape_configs[0];
    assert!(job.honor_labels && job.honor_timestamps);
    assert_eq!((job.limits.samples, job.limits.body_size), (10, 1 << 20));
    assert_eq!((job.metrics_path.as_str(), job.scheme), ("/metrics", Scheme::Http));
    assert_eq!(job.static_configs[0].labels["service"], "gateway");
    assert!(job.relabel_configs[0].regex.is_match("gateway:8000"));
    assert!(!job.relabel_configs[0].regex.is_match("xgateway:8000x"));
    assert_eq!(job.metric_relabel_configs[0].action, relabel::RelabelAction::Drop);
}

#[test]
fn nothing_is_a_valid_configuration() {
    let config = parse("p.yml", "").unwrap().config;
    assert_eq!(config.global.scrape_interval, Duration::from_secs(60));
    assert_eq!(config.storage.max_exemplars, 100_000);
}

#[test]
fn mistakes_are_named() {
    let job = |body: &str| format!("scrape_configs:\n- job_name: a\n  {body}\n");
    for (text, expected) in [
        (
            "gloabl: {}\n".to_owned(),
            "p.yml:1: unknown key \"gloabl\" in prometheus.yml; did you mean \"global\"?",
        ),
        ("global: {scrape_interval: 0s}\n".to_owned(), "p.yml:1: scrape_interval must be more than 0"),
        (
            "global: {scrape_interval: 5s, scrape_timeout: 6s}\n".to_owned(),
            "p.yml:1: scrape_timeout 6s is longer than scrape_interval 5s",
        ),
        (job("scheme: ftp"), "p.yml:3: found \"ftp\", expected one of http, https"),
        (
            job("static_configs: [{targets: ['http://x:1/']}]"),
            "p.yml:3: found target \"http://x:1/\", expected host:port without a scheme or path",
        ),
        (
            job("file_sd_configs: [{files: [a.txt]}]"),
            "p.yml:3: found \"a.txt\", expected a name that ends in .yml, .yaml or .json",
        ),
        (
            job("relabel_configs: [{action: hashmod, target_label: a}]"),
            "p.yml:3: action hashmod needs a modulus of at least 1",
        ),
        (
            job("relabel_configs: [{source_labels: [a]}]"),
            "p.yml:3: key \"target_label\" is missing in relabel_configs[]",
        ),
        (
            job("static_configs: [{targets: [x], labels: {1a: b}}]"),
            "p.yml:3: found label name \"1a\", expected letters, digits and underscores, no digit first",
        ),
        (
            "scrape_configs: [{job_name: a}, {job_name: a}]\n".to_owned(),
            "p.yml:1: job_name \"a\" is used twice",
        ),
        ("scrape_configs: [{}]\n".to_owned(), "p.yml:1: key \"job_name\" is missing in scrape_configs[]"),
    ] {
        assert_eq!(parse("p.yml", &text).unwrap_err().to_string(), expected);
    }
    let bad_regex =
        parse("p.yml", &job("relabel_configs: [{target_label: a, regex: '('}]")).unwrap_err().to_string();
    assert!(bad_regex.starts_with("p.yml:3: invalid regular expression \"(\""), "{bad_regex}");
}

#[test]
fn what_is_left_out_is_a_warning() {
    let loaded =
        parse("p.yml", "remote_write: [{url: x}]\nscrape_configs:\n- {job_name: a, basic_auth: {}}\n")
            .unwrap();
    let lines: Vec<_> = loaded.warnings.iter().map(|warning| warning.at.place.line).collect();
    assert_eq!(lines, [1, 3]);
}

#[test]
fn target_files_are_lists_of_static_configs() {
    let json = r#"[{"targets": ["a:1", "b:2"], "labels": {"env": "local"}}]"#;
    let targets = parse_targets("t.json", json).unwrap();
    assert_eq!(targets[0].targets, ["a:1", "b:2"]);
    assert!(parse_targets("t.json", "{}").is_err());
}
