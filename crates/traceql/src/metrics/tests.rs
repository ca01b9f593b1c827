//! Metrics over spans at known times.

use super::*;
use crate::eval::tests::{List, MS, Never, batch, span};
use crate::parse;
use model::traces::{AttrValue, Trace, TraceId};

const S: Nanos = NANOS_PER_SECOND;

/// One span a second from 1 s on, in service `a` (odd) or `b` (even); span `n` lasts `n` ms and has `x = n`.
fn store() -> List {
    let traces = (1..=8_u8).map(|n| {
        let service = if n % 2 == 1 { "a" } else { "b" };
        let of = span(n, n, None, i64::from(n) * 1_000, vec![("x", AttrValue::Int(i64::from(n)))]);
        Trace { id: TraceId([n; 16]), batches: vec![batch(service, vec![of])] }
    });
    List(traces.collect())
}

fn run(query: &str, start: Nanos, end: Nanos, step: Option<Nanos>) -> Vec<String> {
    let request = MetricsRequest { start, end, step, exemplars: 0 };
    let answer = Engine::default().metrics(&store(), &parse(query).unwrap(), &request, &Never);
    let answer = answer.unwrap_or_else(|error| panic!("{query}: {error}"));
    let mut out: Vec<String> = answer
        .series
        .iter()
        .map(|series| {
            let labels: Vec<String> =
                series.labels.iter().map(|(name, value)| format!("{name}={}", value.plain())).collect();
            let samples: Vec<String> =
                series.samples.iter().map(|(t, value)| format!("{}:{value}", t / S)).collect();
            format!("{} {}", labels.join(","), samples.join(" "))
        })
        .collect();
    out.sort();
    out
}

#[track_caller]
fn range(query: &str, expected: &[&str]) {
    assert_eq!(run(query, 0, 8 * S, Some(4 * S)), expected, "{query}");
}

#[test]
fn samples_sit_at_the_end_of_their_interval_on_multiples_of_the_step() {
    range("{} | count_over_time()", &["__name__=count_over_time 0:0 4:4 8:4"]);
    range("{} | rate()", &["__name__=rate 0:0 4:1 8:1"]);
    assert_eq!(
        run("{} | count_over_time()", S, 7 * S, Some(4 * S)),
        ["__name__=count_over_time 0:0 4:4 8:4"]
    );
    assert_eq!(
        run("{} | count_over_time()", 2 * S, 6 * S, Some(2 * S)),
        ["__name__=count_over_time 2:1 4:2 6:2"]
    );
}

#[test]
fn groups_and_functions() {
    range(
        "{} | count_over_time() by (resource.service.name)",
        &["resource.service.name=a 0:0 4:2 8:2", "resource.service.name=b 0:0 4:2 8:2"],
    );
    range("{} | min_over_time(span.x)", &["__name__=min_over_time 4:1 8:5"]);
    range("{} | max_over_time(duration)", &["__name__=max_over_time 4:0.004 8:0.008"]);
    range("{} | sum_over_time(span.x)", &["__name__=sum_over_time 4:10 8:26"]);
    range("{} | avg_over_time(span.x)", &["__name__=avg_over_time 4:2.5 8:6.5"]);
    range("{} | count_over_time() by (span.nosuch)", &["span.nosuch=nil 0:0 4:4 8:4"]);
    range("{} | count_over_time() by (event:name)", &["event:name= 0:0 4:4 8:4"]);
    range("{} | min_over_time(name)", &[]);
    range("{ name = \"nosuch\" } | rate()", &["__name__=rate 0:0 4:0 8:0"]);
    range("{ name = \"nosuch\" } | rate() by (name)", &[]);
}

#[test]
fn histograms_have_powers_of_two_and_quantiles_lie_between() {
    range(
        "{ span.x > 2 } | histogram_over_time(span.x)",
        &["__bucket=4 0:0 4:2 8:0", "__bucket=8 0:0 4:0 8:4"],
    );
    range("{} | quantile_over_time(span.x, 1)", &["p=1 0:0 4:4 8:8"]);
    // Of 2, 3, 4 (1 has no bucket) two of three: halfway, on a logarithmic scale, from 2 to 4.
    range("{ span.x < 5 } | quantile_over_time(span.x, 0.5)", &["p=0.5 0:0 4:2.8284271247461903 8:0"]);
}

#[test]
fn second_stages_choose_at_each_instant() {
    range(
        "{} | sum_over_time(span.x) by (resource.service.name) | topk(1)",
        &["resource.service.name=b 4:6 8:14"],
    );
    range(
        "{} | sum_over_time(span.x) by (resource.service.name) | bottomk(1)",
        &["resource.service.name=a 4:4 8:12"],
    );
    range(
        "{} | sum_over_time(span.x) by (resource.service.name) > 6",
        &["resource.service.name=a 8:12", "resource.service.name=b 8:14"],
    );
    range(
        "{} | count_over_time() by (resource.service.name) | topk(1)",
        &["resource.service.name=a 0:0 4:2 8:2"],
    );
    range(
        "{} | count_over_time() by (resource.service.name) | bottomk(1)",
        &["resource.service.name=b 0:0 4:2 8:2"],
    );
}

#[test]
fn arithmetic_joins_by_labels_and_drops_what_is_no_number() {
    range(
        "({ span.x > 4 } | count_over_time()) / ({} | count_over_time())",
        &["__name__=(count_over_time / count_over_time) 4:0 8:1"],
    );
    range("2 * ({} | count_over_time()) - 1", &["__name__=((2 * count_over_time) - 1) 0:-1 4:7 8:7"]);
    range(
        "({} | count_over_time() by (resource.service.name)) + ({ span.x > 7 } | count_over_time() by (resource.service.name))",
        &["resource.service.name=b 0:0 4:2 8:3"],
    );
}

#[test]
fn an_instant_query_is_one_interval() {
    assert_eq!(run("{} | rate()", 0, 8 * S, None), ["__name__=rate 8:1"]);
    assert_eq!(run("{} | sum_over_time(span.x)", 4 * S, 6 * S, None), ["__name__=sum_over_time 6:15"]);
}

#[test]
fn compare_splits_by_attribute() {
    let lines = run("{} | compare({ resource.service.name = \"a\" }, 1)", 0, 8 * S, None);
    let has = |line: &str| assert!(lines.iter().any(|of| of == line), "{line} in {lines:#?}");
    has("__meta_type=selection,resource.service.name=a 8:4");
    has("__meta_type=baseline,resource.service.name=b 8:4");
    has("__meta_type=baseline_total,span.x=nil 8:4");
    assert_eq!(
        lines.iter().filter(|line| line.starts_with("__meta_type=selection,span.x")).count(),
        1,
        "top 1"
    );
}

#[test]
fn exemplars_name_a_trace_and_are_bounded() {
    let request = MetricsRequest { start: 0, end: 8 * S, step: Some(S), exemplars: 3 };
    let answer = Engine::default()
        .metrics(&store(), &parse("{} | avg_over_time(duration)").unwrap(), &request, &Never)
        .unwrap();
    let exemplars = &answer.series[0].exemplars;
    assert_eq!(exemplars.len(), 3);
    assert_eq!((exemplars[0].t, exemplars[0].value), (S, 0.001));
    assert_eq!(exemplars[0].labels[0], ("trace:id".to_owned(), Value::str("01".repeat(16))));
}

#[test]
fn limits_are_named() {
    let request = MetricsRequest { start: 0, end: 20_000 * MS, step: Some(MS), exemplars: 0 };
    let error =
        Engine::default().metrics(&store(), &parse("{} | rate()").unwrap(), &request, &Never).unwrap_err();
    assert_eq!(error.to_string(), "20001 samples a series exceed the limit of 11000");
    let engine = Engine::new(crate::Limits { max_series: 3, ..crate::Limits::default() });
    let request = MetricsRequest { start: 0, end: 8 * S, step: Some(S), exemplars: 0 };
    let error =
        engine.metrics(&store(), &parse("{} | rate() by (name)").unwrap(), &request, &Never).unwrap_err();
    assert_eq!(error.to_string(), "number of series exceeds the limit of 3");
}

#[test]
fn the_default_step_gives_about_240_samples() {
    assert_eq!(default_step_nanos(0, 540 * S), 2 * S);
    assert_eq!(default_step_nanos(0, 3_600 * S), 15 * S);
    assert_eq!(default_step_nanos(0, S), S);
}
