use super::*;
use std::time::Duration;

const FILE: &str = r#"
auth_enabled: false
server: {http_listen_port: 3100, grpc_listen_port: 9095}
common: {path_prefix: /loki, ring: {kvstore: {store: inmemory}}}
schema_config:
  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
limits_config: {retention_period: 72h, ingestion_rate_mb: 2, per_stream_rate_limit: 1MB}
compactor: {retention_enabled: true, delete_request_store: filesystem}
ruler: {alertmanager_url: "http://alertmanager:9093", storage: {type: local, local: {directory: /etc/loki/rules}}}
"#;

#[test]
fn a_whole_file_is_read() {
    let loaded = parse("l.yml", FILE).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let config = loaded.config;
    assert!(!config.auth_enabled && config.retention_enabled);
    assert_eq!(config.limits.retention_period, Duration::from_secs(72 * 3600));
    assert_eq!(config.limits.ingestion_rate, 2.0 * 1_048_576.0);
    assert_eq!(config.limits.per_stream_rate, 1 << 20);
    assert_eq!(config.limits.max_label_names_per_series, 15);
    assert_eq!(config.limits.discover_service_name[0], "service");
    assert_eq!(config.rules_directory.as_deref(), Some("/etc/loki/rules"));
}

#[test]
fn mistakes_are_named_also_those_that_stop_loki() {
    for (text, expected) in [
        (
            "limits_config: {enforce_metric_name: false}\n",
            "l.yml:1: unknown key \"enforce_metric_name\" in limits_config",
        ),
        ("limits_config: {retention_period: 1h}\n", "0 or at least 24h"),
        ("compactor: {retention_enabled: true}\n", "l.yml:1: retention needs compactor.delete_request_store"),
        ("compactor: {shared_store: filesystem}\n", "unknown key \"shared_store\" in compactor"),
        (
            "schema_config: {configs: [{store: boltdb-shipper, schema: v11}]}\n",
            "found store \"boltdb-shipper\" with schema \"v11\", structured metadata needs tsdb and v13",
        ),
        ("limit_config: {}\n", "did you mean \"limits_config\"?"),
    ] {
        let error = parse("l.yml", text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
