use super::*;
use crate::parse;
use model::logs::{LogRow, LogScan, LogTail, ScanOrder, ScanStats};
use model::{Labels, Matcher, StoreError};
use std::ops::ControlFlow;

const S: i64 = 1_000_000_000;

/// A store that is only a list: stream labels, seconds, metadata, line.
struct List(Vec<Row>);

type Row = (Labels, i64, Vec<(&'static str, &'static str)>, &'static str);

fn store(lines: &[(&'static str, i64, &'static str)]) -> List {
    let row = |(stream, t, line): &(&'static str, i64, &'static str)| {
        let (job, metadata) = stream.split_once('/').unwrap_or((stream, ""));
        let metadata = if metadata.is_empty() { vec![] } else { vec![("id", metadata)] };
        (Labels::from_pairs([("job", "x"), ("svc", job)]), t * S, metadata, *line)
    };
    List(lines.iter().map(row).collect())
}

impl LogQuerier for List {
    fn scan(
        &self,
        scan: &LogScan<'_>,
        visit: &mut dyn FnMut(LogRow<'_>) -> ControlFlow<()>,
    ) -> Result<ScanStats, StoreError> {
        let mut rows: Vec<_> = self.0.iter().collect();
        rows.sort_by_key(|row| row.1);
        if scan.order == ScanOrder::Backward {
            rows.reverse();
        }
        for (labels, t, metadata, line) in rows {
            let wanted = scan.range.contains(*t) && model::matcher::all_match(scan.matchers, labels);
            let row = LogRow { stream: 0, labels, t: *t, line, metadata };
            let row = LogRow { stream: labels.fingerprint() as u32, ..row };
            if wanted && visit(row).is_break() {
                break;
            }
        }
        Ok(ScanStats::default())
    }

    fn streams(&self, _: NanosRange, _: &[Vec<Matcher>]) -> Result<Vec<Labels>, StoreError> {
        Ok(Vec::new())
    }

    fn label_names(&self, _: NanosRange, _: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn label_values(&self, _: &str, _: NanosRange, _: &[Vec<Matcher>]) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn volumes(&self, _: NanosRange, _: &[Matcher]) -> Result<Vec<(Labels, ScanStats)>, StoreError> {
        Ok(Vec::new())
    }

    fn tail(&self, _: Vec<Matcher>, _: usize) -> Box<dyn LogTail> {
        unreachable!("no test tails this store")
    }
}

/// The lines of all tests: two services, a counter that is reset once, and text.
fn lines() -> List {
    store(&[
        ("a", 10, "v=1 d=100ms b=1KB"),
        ("a", 20, "v=2 d=200ms b=2KB"),
        ("a", 30, "v=4 d=300ms b=3KB"),
        ("b/i1", 15, "v=10 d=1s b=1MB"),
        ("b/i2", 25, "v=20 d=2s b=1MB"),
        ("c", 30, "total=5"),
        ("c", 40, "total=8"),
        ("c", 50, "total=2"),
        ("t", 35, "no pairs here"),
    ])
}

fn show(answer: Result<Answer, EvalError>) -> String {
    let number = crate::units::format_sample;
    match answer {
        Err(error) => format!("error: {error}"),
        Ok(Answer::Scalar { value, .. }) => number(value),
        Ok(Answer::Vector(samples)) => samples
            .iter()
            .map(|(labels, _, value)| format!("{labels} {}", number(*value)))
            .collect::<Vec<_>>()
            .join("\n"),
        Ok(Answer::Matrix(series)) => {
            let points = |points: &[(i64, f64)]| {
                points.iter().map(|(t, value)| format!(" {}@{}", number(*value), t / S)).collect::<String>()
            };
            series
                .iter()
                .map(|(labels, values)| format!("{labels}{}", points(values)))
                .collect::<Vec<_>>()
                .join("\n")
        }
    }
}

fn instant(query: &str, t: i64) -> String {
    let expr = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    show(Engine::new(Limits::default()).instant(&lines(), &expr, t * S, &NeverInterrupted))
}

#[track_caller]
fn check(query: &str, expected: &str) {
    assert_eq!(instant(query, 60), expected, "{query}");
}

#[track_caller]
fn check_range(query: &str, start: i64, end: i64, step: i64, expected: &str) {
    let expr = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let answer = Engine::new(Limits::default()).range(
        &lines(),
        &expr,
        start * S,
        end * S,
        step * S,
        &NeverInterrupted,
    );
    assert_eq!(show(answer), expected, "{query}");
}

#[test]
fn counts_and_bytes() {
    check("count_over_time({svc=\"a\"}[60s])", "{job=\"x\", svc=\"a\"} 3");
    check("rate({svc=\"a\"}[60s])", "{job=\"x\", svc=\"a\"} 0.05");
    check("bytes_over_time({svc=\"a\"}[60s])", "{job=\"x\", svc=\"a\"} 51");
    check("bytes_rate({svc=\"a\"}[51s])", "{job=\"x\", svc=\"a\"} 1");
    check("absent_over_time({svc=\"a\"}[60s])", "");
    check("absent_over_time({svc=\"nosuch\", job=~\".+\", e=\"f\"}[60s])", "{e=\"f\", svc=\"nosuch\"} 1");
    // Metadata tells series apart; a sum groups while it reads.
    check(
        "count_over_time({svc=\"b\"}[60s])",
        "{id=\"i1\", job=\"x\", svc=\"b\"} 1\n{id=\"i2\", job=\"x\", svc=\"b\"} 1",
    );
    check("sum by (svc) (count_over_time({svc=~\"a|b\"}[60s]))", "{svc=\"a\"} 3\n{svc=\"b\"} 2");
    check("sum without (id, job) (count_over_time({svc=\"b\"}[60s]))", "{svc=\"b\"} 2");
}

#[test]
fn windows_exclude_their_start_and_steps_are_aligned() {
    check("count_over_time({svc=\"a\"}[30s] offset 30s)", "{job=\"x\", svc=\"a\"} 3");
    assert_eq!(instant("count_over_time({svc=\"a\"}[20s])", 30), "{job=\"x\", svc=\"a\"} 2");
    check_range(
        "count_over_time({svc=\"a\"}[20s])",
        12,
        48,
        10,
        "{job=\"x\", svc=\"a\"} 1@10 2@20 2@30 1@40",
    );
    check_range("sum(count_over_time({svc=\"a\"}[20s] offset -20s))", 0, 20, 10, "{} 2@0 2@10 1@20");
    check_range("absent_over_time({svc=\"a\"}[10s])", 0, 40, 10, "{svc=\"a\"} 1@0 1@40");
    check_range("vector(3) + 4", 0, 20, 10, "{} 7@0 7@10 7@20");
    check_range("1 + 1", 5, 15, 10, "{} 2@0 2@10 2@20");
}

#[test]
fn unwrapped_values() {
    let a = |function: &str, expected: &str| {
        let query = format!("{function}({{svc=\"a\"}} | logfmt | keep svc, v | unwrap v [60s])");
        check(&query, &format!("{{svc=\"a\"}} {expected}"));
    };
    a("sum_over_time", "7");
    a("avg_over_time", "2.333333333333333");
    a("min_over_time", "1");
    a("max_over_time", "4");
    a("first_over_time", "1");
    a("last_over_time", "4");
    a("stdvar_over_time", "1.5555555555555554");
    a("rate", "0.11666666666666667");
    for (q, expected) in
        [("0", "1"), ("0.5", "2"), ("0.75", "3"), ("1", "4"), ("1.5", "+Inf"), ("-1", "-Inf")]
    {
        let query = format!("quantile_over_time({q}, {{svc=\"a\"}} | logfmt | unwrap v [60s]) by (svc)");
        check(&query, &format!("{{svc=\"a\"}} {expected}"));
    }
    check("max_over_time({svc=\"b\"} | logfmt | unwrap duration(d) [60s]) by ()", "{} 2");
    check(
        "max_over_time({svc=\"a\"} | logfmt | unwrap bytes(b) [60s]) without (d, v)",
        "{job=\"x\", svc=\"a\"} 3000",
    );
    check("sum(sum_over_time({svc=\"a\"} | logfmt | unwrap v | v > 1 [60s]))", "{} 6");
    check("sum(sum_over_time({svc=\"a\"} | logfmt | unwrap nosuch [60s]))", "");
}

#[test]
fn a_counter_that_is_reset() {
    // 5, 8, 2 at 30, 40, 50 in (20, 60]: 3 + 2 in 20 s, reaching half a gap beyond at the far ends.
    assert_eq!(
        instant("rate_counter({svc=\"c\"} | logfmt | unwrap total [40s])", 60),
        "{job=\"x\", svc=\"c\"} 0.25"
    );
    assert_eq!(instant("rate_counter({svc=\"c\"} | logfmt | unwrap total [15s])", 60), "");
}

#[test]
fn errors_of_lines_stop_a_query_unless_asked_for() {
    let error = instant("count_over_time({svc=\"t\"} | json [60s])", 60);
    assert!(
        error.starts_with("error: pipeline error: 'JSONParserErr' for series: '{__error__=\"JSONParserErr\""),
        "{error}"
    );
    check(
        "sum by (__error__) (count_over_time({svc=~\"t|a\"} | json [60s]))",
        "{__error__=\"JSONParserErr\"} 4",
    );
    check("sum(count_over_time({svc=\"t\"} | json | __error__!=\"\" [60s]))", "{} 1");
    // Nothing of the line is needed, so nobody looks at it.
    check("sum(count_over_time({svc=\"t\"} | json [60s]))", "{} 1");
    let error = instant("sum(sum_over_time({svc=\"a\"} | logfmt | unwrap d [60s]))", 60);
    assert!(error.contains("SampleExtractionErr"), "{error}");
    check("sum(sum_over_time({svc=\"a\"} | logfmt | unwrap d | __error__=\"\" [60s]))", "");
}

#[test]
fn vector_aggregations() {
    let counts = "sum by (svc) (count_over_time({job=\"x\"}[60s]))";
    for (query, expected) in [
        (format!("sum({counts})"), "{} 9"),
        (format!("avg({counts})"), "{} 2.25"),
        (format!("min({counts})"), "{} 1"),
        (format!("max({counts})"), "{} 3"),
        (format!("count({counts})"), "{} 4"),
        (format!("stdvar({counts})"), "{} 0.6875"),
        (format!("topk(1, {counts} * 2 > 5)"), "{svc=\"a\"} 6"),
        (format!("bottomk(2, {counts})"), "{svc=\"t\"} 1\n{svc=\"b\"} 2"),
        (format!("sort({counts})"), "{svc=\"t\"} 1\n{svc=\"b\"} 2\n{svc=\"a\"} 3\n{svc=\"c\"} 3"),
        (format!("sort_desc({counts})"), "{svc=\"a\"} 3\n{svc=\"c\"} 3\n{svc=\"b\"} 2\n{svc=\"t\"} 1"),
        (
            format!("topk by (svc) (1, {counts})"),
            "{svc=\"a\"} 3\n{svc=\"c\"} 3\n{svc=\"b\"} 2\n{svc=\"t\"} 1",
        ),
        (
            format!("approx_topk(2, {counts})"),
            "error: approx_topk is not enabled. See -limits.shard_aggregations",
        ),
    ] {
        check(&query, expected);
    }
}

#[test]
fn operators_and_matching() {
    let counts = "sum by (svc) (count_over_time({svc=~\"a|b\"}[60s]))";
    for (query, expected) in [
        ("1 / 0".to_owned(), "NaN"),
        ("2 ^ 3 ^ 2".to_owned(), "512"),
        (format!("{counts} / 0"), "{svc=\"a\"} NaN\n{svc=\"b\"} NaN"),
        (format!("2 < {counts}"), "{svc=\"a\"} 3"),
        (format!("{counts} < bool 3"), "{svc=\"a\"} 0\n{svc=\"b\"} 1"),
        (format!("{counts} * {counts}"), "{svc=\"a\"} 9\n{svc=\"b\"} 4"),
        (format!("{counts} and {counts} > 2"), "{svc=\"a\"} 3"),
        (format!("{counts} unless {counts} > 2"), "{svc=\"b\"} 2"),
        (format!("{counts} > 2 or {counts}"), "{svc=\"a\"} 3\n{svc=\"b\"} 2"),
        (format!("{counts} or vector(0)"), "{} 0\n{svc=\"a\"} 3\n{svc=\"b\"} 2"),
        (format!("{counts} * on () group_left () vector(10)"), "{svc=\"a\"} 30\n{svc=\"b\"} 20"),
        (format!("vector(10) * on () group_right () {counts}"), "{svc=\"a\"} 30\n{svc=\"b\"} 20"),
        (
            format!("{counts} + ignoring (svc) vector(1) > 3"),
            "error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        ),
        (
            format!("vector(1) + on () {counts}"),
            "error: multiple matches for labels: many-to-many matching not allowed: {svc=\"a\"} and {svc=\"b\"} match the same labels on the one side",
        ),
        (
            format!("label_replace({counts}, \"to\", \"$1-x\", \"svc\", \"(.)\")"),
            "{svc=\"a\", to=\"a-x\"} 3\n{svc=\"b\", to=\"b-x\"} 2",
        ),
        (format!("label_replace({counts}, \"svc\", \"\", \"svc\", \"a\")"), "{} 3\n{svc=\"b\"} 2"),
    ] {
        assert_eq!(sorted(&instant(&query, 60)), sorted(expected), "{query}");
    }
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_ends_of_the_calendar_are_no_trouble() {
    let engine = Engine::new(Limits::default());
    let run = |query: &str, start, end, step| {
        show(engine.range(&lines(), &parse(query).unwrap(), start, end, step, &NeverInterrupted))
    };
    let rate = "rate_counter({svc=\"c\"} | logfmt | unwrap total [1000000h] offset -1000000h)";
    assert_eq!(run("count_over_time({svc=\"nosuch\"}[1000000h])", i64::MIN, i64::MAX, i64::MAX / 2), "");
    assert!(run("vector(1)", i64::MIN, i64::MAX, 1).contains("too many steps"));
    run(rate, i64::MAX - 5, i64::MAX, 3);
    for t in [i64::MIN, 0, i64::MAX] {
        let expr = parse(rate).unwrap();
        let _ = engine.instant(&lines(), &expr, t, &NeverInterrupted);
    }
}

#[test]
fn limits_and_interrupts() {
    let expr = parse("count_over_time({job=\"x\"}[60s])").unwrap();
    let run = |limits: Limits, interrupt: &dyn Interrupt| {
        show(Engine::new(limits).instant(&lines(), &expr, 60 * S, interrupt))
    };
    let series = run(Limits { max_series: 2, ..Limits::default() }, &NeverInterrupted);
    assert!(series.starts_with("error: maximum number of series (2) reached"), "{series}");
    let samples = run(Limits { max_samples: 2, ..Limits::default() }, &NeverInterrupted);
    assert!(samples.contains("found more than 2"), "{samples}");
    let bytes = run(Limits { max_bytes: 20, ..Limits::default() }, &NeverInterrupted);
    assert!(bytes.contains("too many bytes: limit 20"), "{bytes}");
    struct Stop;
    impl Interrupt for Stop {
        fn interrupted(&self) -> bool {
            true
        }
    }
    assert_eq!(run(Limits::default(), &Stop), "error: the query was interrupted");
}

fn logs(query: &str, limit: usize, direction: Direction) -> LogAnswer {
    let log = crate::parse_log(query).unwrap();
    let range = NanosRange { start: 0, end: 35 * S };
    Engine::new(Limits::default()).logs(&lines(), &log, range, limit, direction, &NeverInterrupted).unwrap()
}

#[test]
fn log_queries() {
    let texts = |answer: LogAnswer| {
        let streams = answer.merged();
        let lines = |stream: &OutStream| {
            stream.lines.iter().map(|line| (line.t / S).to_string()).collect::<Vec<_>>().join(" ")
        };
        streams
            .iter()
            .map(|stream| format!("{} {}", stream.labels, lines(stream)))
            .collect::<Vec<_>>()
            .join("\n")
    };
    // The end is excluded.
    assert_eq!(texts(logs("{svc=~\"a|t\"}", 10, Direction::Forward)), "{job=\"x\", svc=\"a\"} 10 20 30");
    assert_eq!(texts(logs("{svc=~\"a|t\"}", 2, Direction::Backward)), "{job=\"x\", svc=\"a\"} 30 20");
    assert_eq!(
        texts(logs("{svc=\"b\"}", 9, Direction::Forward)),
        "{id=\"i1\", job=\"x\", svc=\"b\"} 15\n{id=\"i2\", job=\"x\", svc=\"b\"} 25"
    );
    let streams =
        logs("{svc=\"b\"} | logfmt v | line_format \"{{.v}}\"", 9, Direction::Forward).categorized();
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].labels.to_string(), "{job=\"x\", svc=\"b\"}");
    let second = &streams[0].lines[1];
    assert_eq!(
        (second.line.as_str(), second.metadata.to_string(), second.parsed.to_string()),
        ("20", "{id=\"i2\"}".to_owned(), "{v=\"20\"}".to_owned())
    );
}
