use super::*;

const FILE: &str = r#"
stream_over_http_enabled: true
server: {http_listen_port: 3200, log_level: warn}
distributor: {receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}, http: }}}}
live_store: {max_trace_idle: 1s, flush_check_period: 500ms}
query_frontend: {query_end_cutoff: 1s}
metrics_generator:
  registry: {collection_interval: 5s, external_labels: {source: tempo}}
  processor:
    span_metrics: {histogram_buckets: [0.1, 0.3]}
    service_graphs: {wait: 5s}
  storage: {path: /x, remote_write: [{url: "http://prometheus:9090/api/v1/write", send_exemplars: true}]}
overrides: {defaults: {metrics_generator: {processors: [service-graphs, span-metrics], trace_id_label_name: trace_id}}}
backend_worker: {compaction: {block_retention: 72h}}
"#;

#[test]
fn a_whole_file_is_read() {
    let loaded = parse("t.yaml", FILE).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let config = loaded.config;
    assert_eq!(config.otlp_grpc.as_deref(), Some("0.0.0.0:4317"));
    assert_eq!(config.otlp_http.as_deref(), Some("localhost:4318"));
    assert_eq!(
        (config.max_trace_idle, config.max_trace_live),
        (Duration::from_secs(1), Duration::from_secs(30))
    );
    assert_eq!(config.query_end_cutoff, Duration::from_secs(1));
    assert_eq!(config.generator.span_metrics.histogram_buckets, [0.1, 0.3]);
    assert!(config.overrides.span_metrics && config.overrides.service_graphs);
    assert_eq!(config.overrides.trace_id_label_name, "trace_id");
    assert!(config.generator.remote_write[0].send_exemplars);
    assert_eq!(config.block_retention, Duration::from_secs(72 * 3600));
}

#[test]
fn nothing_is_a_valid_configuration_without_receivers() {
    let config = parse("t.yaml", "").unwrap().config;
    assert_eq!((config.otlp_grpc, config.query_end_cutoff.as_secs()), (None, 30));
    assert_eq!(config.overrides.trace_id_label_name, "traceID");
}

#[test]
fn mistakes_are_named_and_blocks_of_tempo_2_are_refused() {
    for (text, expected) in [
        ("ingester: {}\n", "t.yaml:1: unknown key \"ingester\" in tempo.yaml"),
        ("compactor: {}\n", "t.yaml:1: unknown key \"compactor\" in tempo.yaml"),
        ("live_store: {max_trace_idel: 1s}\n", "did you mean \"max_trace_idle\"?"),
        ("live_store: {max_trace_idle: soon}\n", "t.yaml:1: found \"soon\", expected a duration"),
        (
            "overrides: {defaults: {metrics_generator: {processors: [local-blocks]}}}\n",
            "found processor \"local-blocks\", expected one of service-graphs",
        ),
        (
            "metrics_generator: {processor: {span_metrics: {histogram_buckets: [1, 1]}}}\n",
            "histogram_buckets must rise",
        ),
    ] {
        let error = parse("t.yaml", text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
