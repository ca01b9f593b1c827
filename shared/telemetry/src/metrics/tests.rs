use std::time::{Duration, UNIX_EPOCH};

use axum::http::Method;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use prometheus::core::Collector;

use super::{exemplar::ExemplarHistogramVec, *};
use crate::telemetry::Endpoint;

const SERVICE: Service = Service {
    name: "catalog",
    endpoints: &[
        Endpoint { method: "GET", path: "/items", success: 200 },
        Endpoint { method: "POST", path: "/orders", success: 201 },
    ],
    more_errors: &[502],
};

fn metrics() -> Metrics {
    Metrics::new(&SERVICE, UNIX_EPOCH).unwrap()
}

fn span(flags: TraceFlags) -> SpanContext {
    SpanContext::new(TraceId::from(0xabc), SpanId::from(0xdef), flags, false, TraceState::default())
}

#[test]
fn series_exist_before_the_first_request() {
    let text = metrics().render(Format::Text).unwrap();
    for (method, route, status) in [
        ("GET", "/items", "200"),
        ("GET", "/items", "500"),
        ("GET", "/items", "502"),
        ("POST", "/orders", "201"),
        ("POST", "/orders", "500"),
        ("POST", "/orders", "502"),
    ] {
        let labels = format!("method=\"{method}\",route=\"{route}\",service=\"catalog\",status=\"{status}\"");
        assert!(text.contains(&format!("http_requests_total{{{labels}}} 0\n")), "{labels}\n{text}");
        assert!(text.contains(&format!("http_request_duration_seconds_count{{{labels}}} 0\n")), "{labels}");
        assert!(text.contains(&format!("http_request_duration_seconds_bucket{{{labels},le=\"0.3\"}} 0\n")));
    }
    assert_eq!(text.matches("\nhttp_requests_total{").count(), 6);
}

#[test]
fn unknown_routes_and_methods_have_one_label_value_each() {
    let metrics = metrics();
    let requests = &metrics.requests;
    for path in [None, Some("/secret"), Some("/other")] {
        for method in ["BREW", "PROPFIND"] {
            let place = requests.place(path, &Method::from_bytes(method.as_bytes()).unwrap());
            requests.handles(place, 404).total.inc();
        }
    }
    let text = metrics.render(Format::Text).unwrap();
    assert!(text.contains(
        "http_requests_total{method=\"_OTHER\",route=\"unmatched\",service=\"catalog\",status=\"404\"} 6\n"
    ));
}

#[test]
fn handles_are_made_once() {
    let metrics = metrics();
    let place = metrics.requests.place(Some("/items"), &Method::GET);
    assert!(std::ptr::eq(metrics.requests.handles(place, 200), metrics.requests.handles(place, 200)));
    assert_eq!(metrics.requests.method(place).span_name.as_ref(), "GET /items");
    // Statuses that HTTP has no room for do not reach beyond the table.
    metrics.requests.handles(place, 0);
    metrics.requests.handles(place, 999);
}

#[test]
fn openmetrics_text_with_exemplars() {
    let registry = Registry::new();
    let histogram =
        ExemplarHistogramVec::new("latency_seconds", "How \"long\"\\\nit takes.", &[0.5, 1.0], &["a", "b"])
            .unwrap();
    registry.register(Box::new(histogram.clone())).unwrap();
    let counter = IntCounterVec::new(Opts::new("things_total", "Things."), &["kind"]).unwrap();
    registry.register(Box::new(counter.clone())).unwrap();
    counter.with_label_values(&["a\\b\"c\nd"]).inc_by(3);
    let series = histogram.with_label_values(&["x", "y"]);
    let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    series.observe(0.25, &span(TraceFlags::SAMPLED), time);
    series.observe(0.75, &span(TraceFlags::default()), time);
    series.observe(2.0, &span(TraceFlags::SAMPLED), time);
    histogram.with_label_values(&["x", "z"]);
    let ids = "trace_id=\"00000000000000000000000000000abc\",span_id=\"0000000000000def\"";
    assert_eq!(
        openmetrics::encode(&registry.gather(), &[&histogram]),
        format!(
            r#"# HELP latency_seconds How \"long\"\\\nit takes.
# TYPE latency_seconds histogram
latency_seconds_bucket{{a="x",b="y",le="0.5"}} 1 # {{{ids}}} 0.25 1700000000.123
latency_seconds_bucket{{a="x",b="y",le="1.0"}} 2
latency_seconds_bucket{{a="x",b="y",le="+Inf"}} 3 # {{{ids}}} 2 1700000000.123
latency_seconds_sum{{a="x",b="y"}} 3
latency_seconds_count{{a="x",b="y"}} 3
latency_seconds_bucket{{a="x",b="z",le="0.5"}} 0
latency_seconds_bucket{{a="x",b="z",le="1.0"}} 0
latency_seconds_bucket{{a="x",b="z",le="+Inf"}} 0
latency_seconds_sum{{a="x",b="z"}} 0
latency_seconds_count{{a="x",b="z"}} 0
# HELP things Things.
# TYPE things counter
things_total{{kind="a\\b\"c\nd"}} 3
# EOF
"#
        )
    );
}

#[test]
fn a_bound_belongs_to_its_bucket() {
    let histogram = ExemplarHistogramVec::new("h", "H.", &[0.5, 1.0], &[]).unwrap();
    let series = histogram.with_label_values(&[]);
    series.observe(0.5, &span(TraceFlags::SAMPLED), UNIX_EPOCH);
    let kept = histogram.exemplars(&[]);
    assert_eq!(kept.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(series.count(), 1);
}

#[test]
fn labels_have_to_be_in_order() {
    assert!(ExemplarHistogramVec::new("h", "H.", &[1.0], &["b", "a"]).is_err());
}

#[test]
fn observed_values_are_read_when_asked_for() {
    let observed = Observed::new(Kind::Gauge, "g", "G.", &["a"])
        .unwrap()
        .series(&["1"], || Some(2.5))
        .series(&["2"], || None);
    let families = observed.collect();
    assert_eq!(families[0].get_metric().len(), 1);
    assert_eq!(families[0].get_metric()[0].get_gauge().get_value(), 2.5);
    // A family without a series is no family: the registry would refuse it.
    assert!(Observed::new(Kind::Gauge, "g", "G.", &[]).unwrap().series(&[], || None).collect().is_empty());
}

#[test]
fn every_metric_has_its_name_from_the_list() {
    let text = metrics().render(Format::OpenMetrics).unwrap();
    let known = [
        metric::HTTP_REQUESTS_TOTAL,
        metric::HTTP_REQUEST_DURATION_SECONDS,
        metric::HTTP_REQUESTS_IN_FLIGHT,
        metric::PROCESS_START_TIME_SECONDS,
        metric::PROCESS_CPU_SECONDS_TOTAL,
        metric::PROCESS_RESIDENT_MEMORY_BYTES,
    ];
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let name = if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
        assert!(known.contains(&name.as_str()), "{name}");
    }
    assert!(text.ends_with("# EOF\n"));
}
