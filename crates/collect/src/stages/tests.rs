use super::*;
use model::Labels;

const S: i64 = 1_000_000_000;

fn pipeline(yaml: &str) -> (Pipeline, Arc<StageMetrics>) {
    let indented: String = yaml.lines().map(|line| format!("      {line}\n")).collect();
    let text = format!(
        "clients: [{{url: http://loki/push}}]\nscrape_configs:\n  - job_name: x\n    static_configs: [{{targets: [localhost]}}]\n    pipeline_stages:\n{indented}"
    );
    let config =
        stackconf::promtail::parse("p.yml", &text).unwrap_or_else(|error| panic!("{text}\n{error}")).config;
    let metrics = Arc::new(StageMetrics::default());
    let pipeline = Pipeline::new(&config.scrape_configs[0].pipeline_stages, &metrics);
    (pipeline.unwrap_or_else(|error| panic!("{error}")), metrics)
}

fn entry(t: i64, line: &str) -> Entry {
    Entry::new(t * S, line.to_owned(), Labels::from_pairs([("job", "x")]).to_builder())
}

fn show(entry: Entry) -> String {
    let Entry { t, line, labels, metadata, .. } = entry;
    let metadata: String = metadata.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{} {}ms{metadata} {line}", labels.build(), t / 1_000_000)
}

fn run_all(yaml: &str, lines: &[(i64, &str)]) -> Vec<String> {
    let (mut pipeline, _) = pipeline(yaml);
    let mut out = Vec::new();
    for (t, line) in lines {
        pipeline.process(entry(*t, line), t * S, &mut |entry| out.push(show(entry)));
    }
    pipeline.flush(Nanos::MAX, &mut |entry| out.push(show(entry)));
    out
}

#[track_caller]
fn check(yaml: &str, line: &str, expected: &str) {
    assert_eq!(run_all(yaml, &[(1, line)]), [expected], "{yaml} on {line}");
}

#[track_caller]
fn drops(yaml: &str, line: &str, dropped: bool) {
    assert_eq!(run_all(yaml, &[(1, line)]).is_empty(), dropped, "{yaml} on {line}");
}

#[test]
fn json_to_labels_metadata_and_output() {
    let yaml = "- json: {expressions: {lvl: level, id: 'a.b[0].\"c-d\"', last: 'a.b[-1]', all: a, none: nosuch}}\n- labels: {level: lvl, none: }\n- structured_metadata: {id: , last: }\n- output: {source: all}";
    check(
        yaml,
        r#"{"level":"warn","a":{"b":[{"c-d":12345678901234567890},true]}}"#,
        r#"{job="x", level="warn"} 1000ms id=12345678901234567890 last=true {"b":[{"c-d":12345678901234567890},true]}"#,
    );
    check(yaml, "no json", r#"{job="x"} 1000ms no json"#);
    drops("- json: {expressions: {a: }, drop_malformed: true}", "no json", true);
}

#[test]
fn other_parsers() {
    check(
        "- logfmt: {mapping: {lvl: level, msg: }}\n- labels: {lvl: , msg: }",
        "level=info msg=\"a b\"",
        r#"{job="x", lvl="info", msg="a b"} 1000ms level=info msg="a b""#,
    );
    check(
        "- regex: {expression: '(?P<verb>\\w+) (?P<n>\\d+)'}\n- labels: {verb: }\n- regex: {source: verb, expression: '^(?P<first>.)'}\n- labels: {first: }",
        "at GET 5",
        r#"{first="G", job="x", verb="GET"} 1000ms at GET 5"#,
    );
    check(
        "- docker: {}",
        r#"{"log":"text\n","stream":"stderr","time":"1970-01-01T00:00:05.5Z"}"#,
        r#"{job="x", stream="stderr"} 5500ms text"#,
    );
    let cri = run_all(
        "- cri: {}",
        &[
            (1, "1970-01-01T00:00:02Z stdout P first "),
            (1, "1970-01-01T00:00:03Z stdout F second"),
            (1, "odd"),
        ],
    );
    assert_eq!(cri, [r#"{job="x", stream="stdout"} 3000ms first second"#, r#"{job="x"} 1000ms odd"#]);
}

#[test]
fn timestamps() {
    let stage = |format: &str| {
        format!(
            "- regex: {{expression: '(?P<t>\\S+)'}}\n- timestamp: {{source: t, format: {format}, fallback_formats: [UnixMs], action_on_failure: skip}}"
        )
    };
    for (format, text, millis) in [
        ("RFC3339Nano", "1970-01-01T00:00:07.123456789Z", 7_123),
        ("RFC3339", "1970-01-01T01:00:07+01:00", 7_000),
        ("Unix", "7.25", 7_250),
        ("UnixNs", "7000000000", 7_000),
        ("2006-01-02", "1970-01-02", 86_400_000),
        ("RFC3339", "7500", 7_500),
        ("RFC3339", "nonsense", 1_000),
    ] {
        check(&stage(format), text, &format!("{{job=\"x\"}} {millis}ms {text}"));
    }
    let fudge = run_all(
        "- regex: {expression: '(?P<t>\\S+)'}\n- timestamp: {source: t, format: Unix}",
        &[(1, "bad"), (2, "9"), (3, "worse")],
    );
    assert_eq!(fudge, ["{job=\"x\"} 1000ms bad", "{job=\"x\"} 9000ms 9", "{job=\"x\"} 9000ms worse"]);
}

#[test]
fn labels_static_drop_allow() {
    check(
        "- static_labels: {a: '1', b: '2', c: '3'}\n- labeldrop: [a, job]",
        "l",
        r#"{b="2", c="3"} 1000ms l"#,
    );
    check("- static_labels: {a: '1', b: '2'}\n- labelallow: [b]", "l", r#"{b="2"} 1000ms l"#);
}

#[test]
fn templates_and_replacements() {
    let yaml = "- regex: {expression: '(?P<app>\\w+)'}\n- template: {source: app, template: '{{ ToUpper .Value }}-{{ .job }}'}\n- template: {source: new, template: '{{ .app }}!'}\n- template: {source: app, template: '{{ if false }}x{{ end }}'}\n- labels: {new: , app: }";
    check(yaml, "shop", r#"{job="x", new="SHOP-x!"} 1000ms shop"#);
    check(
        "- replace: {expression: 'password (\\S+) and (\\S+)', replace: '****'}",
        "password a and bc end",
        r#"{job="x"} 1000ms password **** and **** end"#,
    );
    check(
        "- replace: {expression: '\\d+', replace: '<{{ .Value }}>'}",
        "1 and 22",
        r#"{job="x"} 1000ms <1> and <22>"#,
    );
    check(
        "- regex: {expression: '(?P<ip>\\S+)'}\n- replace: {source: ip, expression: '\\.\\d+$', replace: '.0'}\n- labels: {ip: }",
        "10.0.0.7 x",
        r#"{ip="10.0.0.0", job="x"} 1000ms 10.0.0.7 x"#,
    );
    check("- decolorize:", "\u{1b}[31mred\u{1b}[0m", r#"{job="x"} 1000ms red"#);
}

#[test]
fn matching_and_dropping() {
    let yaml = "- match:\n    selector: '{job=\"x\"} |= \"err\"'\n    stages:\n      - static_labels: {hit: 'yes'}\n- match: {selector: '{hit=\"yes\"} |~ \"fatal\"', action: drop}";
    check(yaml, "an err", r#"{hit="yes", job="x"} 1000ms an err"#);
    check(yaml, "fine", r#"{job="x"} 1000ms fine"#);
    drops(yaml, "fatal err", true);
    drops("- drop: {expression: 'debug'}", "a debug line", true);
    drops("- drop: {longer_than: 5b}", "123456", true);
    drops("- drop: {longer_than: 5b}", "12345", false);
    let value = "- regex: {expression: '(?P<a>\\w) (?P<b>\\w)'}\n- drop: {source: [a, b], separator: '-', value: 'x-y'}";
    drops(value, "x y", true);
    drops(value, "x z", false);
    drops("- drop: {expression: 'a', longer_than: 100b}", "a", false);
    let (mut old, metrics) = pipeline("- drop: {older_than: 10s}");
    let mut kept = 0;
    old.process(entry(100, "new"), 105 * S, &mut |_| kept += 1);
    old.process(entry(90, "old"), 105 * S, &mut |_| kept += 1);
    assert_eq!(kept, 1);
    assert!(metrics.render(0).contains("logentry_dropped_lines_total{reason=\"drop_stage\"} 1"));
}

#[test]
fn lines_are_joined() {
    let yaml = "- multiline: {firstline: '^\\d', max_wait_time: 3s, max_lines: 3}";
    let lines = [(1, "before"), (1, "1 a"), (1, " b"), (1, " c"), (1, " d"), (2, "2 x"), (2, " y")];
    assert_eq!(
        run_all(yaml, &lines),
        [
            "{job=\"x\"} 1000ms before",
            "{job=\"x\"} 1000ms 1 a\n b\n c",
            "{job=\"x\"} 1000ms  d",
            "{job=\"x\"} 2000ms 2 x\n y"
        ]
    );
    let (mut pipeline, _) = pipeline(yaml);
    let mut out = 0;
    pipeline.process(entry(1, "1 a"), S, &mut |_| out += 1);
    pipeline.flush(3 * S, &mut |_| panic!("too early"));
    pipeline.flush(4 * S, &mut |_| out += 1);
    assert_eq!(out, 1);
}

#[test]
fn limits_and_samples() {
    let (mut dropping, metrics) = pipeline("- limit: {rate: 1, burst: 2, drop: true}");
    let mut kept = 0;
    for _ in 0..5 {
        dropping.process(entry(1, "x"), S, &mut |_| kept += 1);
    }
    dropping.process(entry(2, "x"), 2 * S, &mut |_| kept += 1);
    assert_eq!(kept, 3);
    assert!(metrics.render(0).contains("{reason=\"ratelimit_drop_stage\"} 3"));
    let (mut waiting, _) = pipeline("- limit: {rate: 1, burst: 1}");
    let mut out = Vec::new();
    for line in ["a", "b", "c"] {
        waiting.process(entry(1, line), S, &mut |entry| out.push(entry.line));
    }
    assert_eq!(out, ["a"]);
    waiting.flush(2 * S, &mut |entry| out.push(entry.line));
    assert_eq!(out, ["a", "b"]);
    waiting.flush(Nanos::MAX, &mut |entry| out.push(entry.line));
    assert_eq!(out, ["a", "b", "c"]);
    let lines: Vec<_> = (0..8).map(|_| (1, "x")).collect();
    assert_eq!(run_all("- sampling: {rate: 0.25}", &lines).len(), 2);
}

#[test]
fn packing() {
    let yaml = "- static_labels: {pod: 'a', other: 'b'}\n- pack: {labels: [pod], ingest_timestamp: false}";
    check(yaml, "the \"line\"", r#"{job="x", other="b"} 1000ms {"_entry":"the \"line\"","pod":"a"}"#);
}

#[test]
fn metrics_out_of_lines() {
    let yaml = "- regex: {expression: 'took=(?P<took>\\S+) code=(?P<code>\\d+)'}
- metrics:
    lines: {type: Counter, description: all lines, config: {match_all: true, action: inc}}
    bytes: {type: Counter, config: {match_all: true, count_entry_bytes: true, action: add}}
    errors: {type: Counter, source: code, config: {value: '500', action: inc}}
    took: {type: Histogram, source: took, prefix: lab_, config: {buckets: [0.1, 1]}}
    last: {type: Gauge, source: code, config: {action: set}, max_idle_duration: 1m}";
    let (mut pipeline, metrics) = pipeline(yaml);
    for line in ["took=50ms code=200", "took=0.5 code=500", "nothing"] {
        pipeline.process(entry(1, line), S, &mut |_| {});
    }
    let text = metrics.render(2 * S);
    for line in [
        "# HELP promtail_custom_lines all lines",
        "promtail_custom_lines{job=\"x\"} 3",
        "promtail_custom_bytes{job=\"x\"} 42",
        "promtail_custom_errors{job=\"x\"} 1",
        "promtail_custom_last{job=\"x\"} 500",
        "# TYPE lab_took histogram",
        "lab_took_bucket{job=\"x\", le=\"0.1\"} 1",
        "lab_took_bucket{job=\"x\", le=\"+Inf\"} 2",
        "lab_took_sum{job=\"x\"} 0.55",
        "lab_took_count{job=\"x\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!metrics.render(70 * S).contains("promtail_custom_last{"));
}

#[test]
fn broken_stages_are_named() {
    let broken = |yaml: &str| {
        let text = format!(
            "clients: [{{url: http://loki/push}}]\nscrape_configs:\n  - job_name: x\n    static_configs: [{{targets: [localhost]}}]\n    pipeline_stages:\n      {yaml}\n"
        );
        let config = stackconf::promtail::parse("p.yml", &text).unwrap().config;
        Pipeline::new(&config.scrape_configs[0].pipeline_stages, &Arc::default()).err().unwrap().to_string()
    };
    for (yaml, part) in [
        ("- json: {expressions: {a: 'b..c'}}", "stage json: cannot read expression \"b..c\""),
        ("- match: {selector: '{a=\"b\"} | bogus', action: drop}", "stage match: parse error"),
        (
            "- template: {source: a, template: '{{ nosuch }}'}",
            "stage template: template: pipeline_template:1",
        ),
        ("- timestamp: {source: a, format: Unix, location: Mars/Base}", "unknown location \"Mars/Base\""),
    ] {
        let error = broken(yaml);
        assert!(error.contains(part), "{yaml}: {error}");
    }
}
