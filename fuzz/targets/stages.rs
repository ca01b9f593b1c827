//! Promtail's stages: any line goes through all of them.
#![no_main]

use collect::stages::{Entry, Pipeline, StageMetrics};
use libfuzzer_sys::fuzz_target;
use model::Labels;
use std::sync::Arc;

const CONFIG: &str = r#"
clients: [{url: http://loki:3100/loki/api/v1/push}]
scrape_configs:
  - job_name: all
    static_configs: [{targets: [localhost]}]
    pipeline_stages:
      - cri: {}
      - docker: {}
      - decolorize:
      - json: {expressions: {a: , b: 'x.y[0]', all: x}}
      - logfmt: {mapping: {k: , v: other}}
      - regex: {expression: '(?P<word>\w+)\s+(?P<rest>.*)'}
      - timestamp: {source: a, format: RFC3339Nano, fallback_formats: [UnixMs, '2006-01-02']}
      - template: {source: word, template: '{{ .Value | ToUpper | trunc 3 }}'}
      - replace: {expression: '(\d+)', replace: '<{{ .Value }}>'}
      - labels: {word: , k: }
      - structured_metadata: {b: }
      - match: {selector: '{job="x"} |= "drop"', action: drop}
      - metrics: {n: {type: Histogram, source: a, config: {buckets: [1, 10]}}}
      - multiline: {firstline: '^\S', max_lines: 3}
      - pack: {labels: [word]}
      - output: {source: rest}
"#;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let config = stackconf::promtail::parse("p.yml", CONFIG).expect("a configuration").config;
    let metrics = Arc::new(StageMetrics::default());
    let mut pipeline = Pipeline::new(&config.scrape_configs[0].pipeline_stages, &metrics).expect("stages");
    let mut out = 0;
    for line in text.split('\n') {
        let labels = Labels::from_pairs([("job", "x")]).to_builder();
        pipeline.process(Entry::new(1, line.to_owned(), labels), 1, &mut |_| out += 1);
    }
    pipeline.flush(i64::MAX, &mut |_| out += 1);
    let _ = metrics.render(1);
});
