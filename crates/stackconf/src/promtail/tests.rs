use super::*;
use crate::promtail::stages::{MatchAction, MetricKind, OnTimestampFailure, TenantStage};

/// Parses a file whose only job has these stages.
fn stages(body: &str) -> Result<Vec<Stage>, String> {
    let text =
        format!("scrape_configs:\n- job_name: a\n  pipeline_stages:\n  {}\n", body.replace('\n', "\n  "));
    parse("p.yml", &text)
        .map(|loaded| loaded.config.scrape_configs[0].pipeline_stages.clone())
        .map_err(|error| error.to_string())
}

#[test]
fn a_whole_file_is_read() {
    let text = r#"
server: {http_listen_port: 9080, grpc_listen_port: 0}
positions: {filename: /run/promtail/positions.yaml}
clients: [{url: "http://loki:3100/loki/api/v1/push", batchwait: 200ms, external_labels: {env: local}}]
scrape_configs:
  - job_name: containers
    docker_sd_configs:
      - host: unix:///var/run/docker.sock
        refresh_interval: 5s
        filters: [{name: label, values: ["lab.logs=true"]}]
    relabel_configs:
      - {source_labels: [__meta_docker_container_name], target_label: container}
    pipeline_stages:
      - json: {expressions: {level: , ts: timestamp}}
"#;
    let config = parse("p.yml", text).unwrap().config;
    assert_eq!(config.http_listen_port, 9080);
    assert_eq!(config.clients[0].batch_wait, Duration::from_millis(200));
    let job = &config.scrape_configs[0];
    let discovery = &job.docker_sd_configs[0];
    assert_eq!(discovery.refresh_interval, Duration::from_secs(5));
    assert!(discovery.accepts_labels([("lab.logs", "true")].into_iter()));
    assert!(!discovery.accepts_labels([("lab.logs", "false")].into_iter()));
    let Stage::Json(json) = &job.pipeline_stages[0] else { panic!("json comes first") };
    assert_eq!(json.expressions, [("level".into(), "level".into()), ("ts".into(), "timestamp".into())]);
}

#[test]
fn every_stage_is_read() {
    let all = stages(
        r#"- json: {expressions: {a: b.c}, source: x, drop_malformed: true}
- logfmt: {mapping: {a: }}
- regex: {expression: '(?P<level>\w+)'}
- timestamp: {source: ts, format: RFC3339Nano, action_on_failure: skip}
- labels: {level: , lvl: level}
- structured_metadata: {trace_id: }
- static_labels: {env: local, n: 1}
- template: {source: a, template: '{{ .Value }}'}
- match: {selector: '{a="b"}', stages: [{drop: {longer_than: 8kb}}]}
- match: {selector: '{a="b"} |= "x"', action: drop, drop_counter_reason: noise}
- drop: {source: [a, b], expression: '^x'}
- multiline: {firstline: '^\S', max_wait_time: 1s}
- output: {source: msg}
- labeldrop: [a]
- labelallow: [b]
- metrics: {lines: {type: Counter, config: {match_all: true, action: inc}}, took: {type: Histogram, source: ms, config: {buckets: [1, 2.5]}}}
- tenant: {value: t}
- replace: {expression: 'a(b)', replace: 'c'}
- limit: {rate: 10, burst: 20, drop: true}
- sampling: {rate: 0.5}
- pack: {labels: [a]}
- decolorize: {}
- docker: {}
- cri: {}"#,
    )
    .unwrap();
    assert_eq!(all.len(), 24);
    let Stage::Timestamp(timestamp) = &all[3] else { panic!("timestamp") };
    assert_eq!(timestamp.on_failure, OnTimestampFailure::Skip);
    let Stage::Labels(labels) = &all[4] else { panic!("labels") };
    assert_eq!(labels, &[("level".into(), "level".into()), ("lvl".into(), "level".into())]);
    let Stage::Match(matched) = &all[8] else { panic!("match") };
    assert!(matches!(&matched.stages[0], Stage::Drop(drop) if drop.longer_than == Some(8192)));
    assert!(matches!(&all[9], Stage::Match(matched) if matched.action == MatchAction::Drop));
    let Stage::Metrics(metrics) = &all[15] else { panic!("metrics") };
    assert_eq!(metrics[1].kind, MetricKind::Histogram { buckets: vec![1.0, 2.5] });
    assert_eq!(metrics[1].source, "ms");
    assert!(matches!(&all[16], Stage::Tenant(TenantStage::Value(value)) if value == "t"));
}

#[test]
fn mistakes_are_named() {
    for (body, expected) in [
        ("- jsn: {}", "p.yml:4: unknown key \"jsn\" in pipeline_stages[]; did you mean \"json\"?"),
        ("- json: {}", "p.yml:4: key \"expressions\" is missing in stage json"),
        ("- json: {expression: {a: b}}", "did you mean \"expressions\"?"),
        ("- {json: {expressions: {}}, drop: {}}", "expected one stage: a mapping with one key"),
        ("- regex: {expression: 'x'}", "has no named group"),
        ("- regex: {expression: '(?P<a>'}", "invalid regular expression"),
        (
            "- timestamp: {source: a, format: b, action_on_failure: skpi}",
            "found \"skpi\", expected one of fudge, skip",
        ),
        ("- labels: {a-b: }", "found \"a-b\", expected a label name"),
        ("- match: {selector: 'a'}", "expected a selector"),
        ("- match: {selector: '{a=\"b\"}'}", "key \"stages\" is missing"),
        ("- drop: {}", "stage drop needs source, expression"),
        ("- tenant: {}", "exactly one of label, source and value"),
        ("- sampling: {rate: 2}", "expected a share from 0 to 1"),
        ("- limit: {rate: 0, burst: 1}", "a rate and a burst above 0"),
        ("- metrics: {a: {type: countr}}", "found \"countr\", expected one of counter"),
        ("- metrics: {a: {type: histogram, config: {buckets: [2, 1]}}}", "buckets must rise"),
    ] {
        let error = stages(body).unwrap_err();
        assert!(error.contains(expected), "{body}: {error}");
    }
}

#[test]
fn match_stages_cannot_nest_without_end() {
    let mut body = "{decolorize: {}}".to_owned();
    for _ in 0..10 {
        body = format!("{{match: {{selector: '{{a=\"b\"}}', stages: [{body}]}}}}");
    }
    assert!(stages(&format!("- {body}")).unwrap_err().contains("nested deeper than 8"));
}

#[test]
fn a_stage_that_is_left_out_is_a_warning() {
    let text = "scrape_configs: [{job_name: a, pipeline_stages: [{geoip: {}}]}]\n";
    let loaded = parse("p.yml", text).unwrap();
    assert!(loaded.config.scrape_configs[0].pipeline_stages.is_empty());
    assert_eq!(loaded.warnings.len(), 1);
}
