//! Spans in, rows out: what the metrics store is told.

use crate::Generator;
use model::clock::Nanos;
use model::metrics::*;
use model::traces::*;
use model::{Labels, StoreError};
use std::sync::{Arc, Mutex};

const S: Nanos = 1_000_000_000;
/// The present of these tests.
const NOW: Nanos = 1_000 * S;

#[derive(Default)]
struct Sink {
    rows: Mutex<Vec<(Labels, Sample, Option<Exemplar>)>>,
    known: Mutex<Vec<Labels>>,
    families: Mutex<Vec<String>>,
}

impl MetricAppender for Sink {
    fn append(&self, rows: &[AppendRow]) -> Result<AppendReport, StoreError> {
        let mut known = self.known.lock().unwrap();
        let mut report = AppendReport::default();
        for row in rows {
            let at = match &row.series {
                SeriesKey::Ref(number) => number.0 as usize,
                SeriesKey::Labels(labels) => known.iter().position(|of| of == labels).unwrap_or_else(|| {
                    known.push(labels.clone());
                    known.len() - 1
                }),
            };
            self.rows.lock().unwrap().push((known[at].clone(), row.sample, row.exemplar.clone()));
            report.outcomes.push(AppendOutcome::Appended(SeriesRef(at as u64)));
        }
        Ok(report)
    }

    fn set_metadata(&self, family: &str, _: Metadata) {
        self.families.lock().unwrap().push(family.to_owned());
    }
}

impl Sink {
    /// The newest values, as `series value`, sorted, of the families that start with `prefix`.
    fn newest(&self, prefix: &str) -> Vec<String> {
        let mut newest: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
        for (labels, sample, _) in self.rows.lock().unwrap().iter() {
            newest.insert(labels.to_string(), sample.v);
        }
        newest.retain(|labels, _| labels.starts_with(prefix));
        newest.into_iter().map(|(labels, value)| format!("{labels} {value}")).collect()
    }
}

const CONFIG: &str = "
metrics_generator:
  registry: {collection_interval: 5s, external_labels: {source: tempo}, stale_duration: 60s}
  processor:
    span_metrics: {histogram_buckets: [0.1, 1], dimensions: [http.route]}
    service_graphs: {wait: 5s, max_items: 3, histogram_buckets: [0.1, 1]}
overrides:
  defaults:
    metrics_generator: {processors: [service-graphs, span-metrics], trace_id_label_name: trace_id}
";

fn generator(config: &str) -> (Arc<Sink>, Generator) {
    let sink = Arc::new(Sink::default());
    let config = stackconf::tempo::parse("tempo.yaml", config).unwrap().config;
    (sink.clone(), Generator::new(config, sink))
}

fn span(trace: u8, id: u8, parent: Option<u8>, kind: SpanKind, seconds: f64) -> Span {
    Span {
        trace_id: TraceId([trace; 16]),
        span_id: SpanId([id; 8]),
        parent: parent.map(|id| SpanId([id; 8])),
        trace_state: "".into(),
        flags: 0,
        name: "op".into(),
        kind,
        start: NOW - (seconds * S as f64) as Nanos,
        end: NOW,
        status: StatusCode::Unset,
        status_message: "".into(),
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
    }
}

fn observe(generator: &Generator, service: &str, spans: Vec<Span>) {
    let attributes = vec![("service.name".into(), AttrValue::Str(service.into()))];
    let batch = SpanBatch {
        resource: Arc::new(Resource { attributes, dropped_attributes: 0 }),
        resource_schema_url: "".into(),
        scope: Arc::default(),
        scope_schema_url: "".into(),
        spans,
    };
    generator.observe(generator.prepare(&[batch]), NOW);
}

#[test]
fn span_metrics_have_tempos_names_labels_and_exemplars() {
    let (sink, generator) = generator(CONFIG);
    let mut routed = span(1, 1, None, SpanKind::Server, 0.5);
    routed.attributes.push(("http.route".into(), AttrValue::Str("/x".into())));
    routed.status = StatusCode::Error;
    observe(&generator, "shop", vec![routed.clone(), routed]);
    generator.collect(NOW).unwrap();
    let labels = r#"http_route="/x", service="shop", source="tempo", span_kind="SPAN_KIND_SERVER", span_name="op", status_code="STATUS_CODE_ERROR""#;
    let with_le = |le: &str| labels.replacen(", service", &format!(", le=\"{le}\", service"), 1);
    let mut expected = vec![
        format!("traces_spanmetrics_calls_total{{{labels}}} 2"),
        format!("traces_spanmetrics_latency_bucket{{{}}} 2", with_le("+Inf")),
        format!("traces_spanmetrics_latency_bucket{{{}}} 0", with_le("0.1")),
        format!("traces_spanmetrics_latency_bucket{{{}}} 2", with_le("1")),
        format!("traces_spanmetrics_latency_count{{{labels}}} 2"),
        format!("traces_spanmetrics_latency_sum{{{labels}}} 1"),
    ];
    expected.sort();
    let mut newest = sink.newest("traces_spanmetrics");
    newest.retain(|line| !line.contains("size_total"));
    assert_eq!(newest, expected);
    let rows = sink.rows.lock().unwrap();
    let exemplars: Vec<&Exemplar> = rows.iter().filter_map(|(_, _, exemplar)| exemplar.as_ref()).collect();
    assert_eq!(exemplars.len(), 1, "one bucket was hit");
    assert_eq!(exemplars[0].labels, Labels::from_pairs([("trace_id", "01".repeat(16))]));
    assert!((exemplars[0].value - 0.5).abs() < 1e-9);
}

#[test]
fn the_size_is_that_of_the_protobuf_message() {
    let (sink, generator) = generator(CONFIG);
    let mut sized = span(1, 1, Some(2), SpanKind::Internal, 0.5);
    sized.attributes.push(("k".into(), AttrValue::Int(300)));
    observe(&generator, "shop", vec![sized]);
    generator.collect(NOW).unwrap();
    // ids 18 + 10 + 10, name 4, kind 2, times 18, attribute 2 + 3 + 2 + 3, status 2.
    assert!(
        sink.newest("traces_spanmetrics_size_total")[0].ends_with(" 74"),
        "{:?}",
        sink.newest("traces_spanmetrics_size")
    );
}

#[test]
fn a_new_series_starts_from_zero_and_goes_on_by_number() {
    let (sink, generator) = generator(CONFIG);
    observe(&generator, "shop", vec![span(1, 1, None, SpanKind::Internal, 0.5)]);
    generator.collect(NOW).unwrap();
    observe(&generator, "shop", vec![span(2, 1, None, SpanKind::Internal, 0.5)]);
    generator.collect(NOW + 5 * S).unwrap();
    let rows = sink.rows.lock().unwrap();
    let calls: Vec<(i64, f64)> = rows
        .iter()
        .filter(|(labels, ..)| labels.metric_name() == Some("traces_spanmetrics_calls_total"))
        .map(|(_, sample, _)| (sample.t, sample.v))
        .collect();
    assert_eq!(calls, [(995_000, 0.0), (1_000_000, 1.0), (1_005_000, 2.0)]);
}

#[test]
fn old_spans_are_not_counted_and_silent_series_end() {
    let (sink, generator) = generator(CONFIG);
    let mut old = span(1, 1, None, SpanKind::Internal, 0.5);
    old.end = NOW - 31 * S;
    observe(&generator, "shop", vec![old, span(1, 2, None, SpanKind::Internal, 0.5)]);
    generator.collect(NOW).unwrap();
    assert_eq!(generator.stats().discarded, 1);
    assert!(sink.newest("traces_spanmetrics_calls")[0].ends_with(" 1"));
    generator.collect(NOW + 61 * S).unwrap();
    let last = sink.rows.lock().unwrap().last().unwrap().1.v;
    assert!(is_stale(last), "a series without news ends with a stale marker");
    let before = sink.rows.lock().unwrap().len();
    generator.collect(NOW + 66 * S).unwrap();
    assert_eq!(sink.rows.lock().unwrap().len(), before, "and is not written again");
}

#[test]
fn client_and_server_make_an_edge_in_either_order() {
    let (sink, generator) = generator(CONFIG);
    observe(&generator, "gateway", vec![span(1, 5, None, SpanKind::Client, 0.5)]);
    observe(&generator, "catalog", vec![span(1, 6, Some(5), SpanKind::Server, 0.05)]);
    let mut failed = span(2, 6, Some(5), SpanKind::Server, 0.05);
    failed.status = StatusCode::Error;
    observe(&generator, "catalog", vec![failed]);
    observe(&generator, "gateway", vec![span(2, 5, None, SpanKind::Client, 0.5)]);
    generator.collect(NOW).unwrap();
    let of = |name: &str| sink.newest(name);
    let labels = r#"client="gateway", server="catalog", source="tempo""#;
    assert_eq!(
        of("traces_service_graph_request_total"),
        [format!("traces_service_graph_request_total{{{labels}}} 2")]
    );
    assert_eq!(of("traces_service_graph_request_failed_total").len(), 1);
    let sums = |side: &str| of(&format!("traces_service_graph_request_{side}_seconds_sum"))[0].clone();
    assert!(
        sums("server").ends_with(" 0.1") && sums("client").ends_with(" 1"),
        "{} {}",
        sums("server"),
        sums("client")
    );
}

#[test]
fn databases_messages_users_and_peers_have_their_connection_types() {
    let (sink, generator) = generator(CONFIG);
    let mut database = span(1, 1, None, SpanKind::Client, 0.1);
    database.attributes.push(("db.system.name".into(), AttrValue::Str("postgresql".into())));
    observe(&generator, "catalog", vec![database]);
    observe(&generator, "checkout", vec![span(2, 1, None, SpanKind::Producer, 0.1)]);
    observe(&generator, "notifier", vec![span(2, 2, Some(1), SpanKind::Consumer, 0.1)]);
    observe(&generator, "gateway", vec![span(3, 1, None, SpanKind::Server, 0.1)]);
    let mut peer = span(4, 1, None, SpanKind::Client, 0.1);
    peer.attributes.push(("peer.service".into(), AttrValue::Str("mail".into())));
    observe(&generator, "notifier", vec![peer]);
    observe(&generator, "lonely", vec![span(5, 1, None, SpanKind::Client, 0.1)]);
    generator.collect(NOW + 4 * S).unwrap();
    assert_eq!(sink.newest("traces_service_graph_request_total").len(), 2, "the rest still waits");
    generator.collect(NOW + 5 * S).unwrap();
    assert_eq!(
        sink.newest("traces_service_graph_request_total"),
        [
            r#"traces_service_graph_request_total{client="catalog", connection_type="database", server="postgresql", source="tempo"} 1"#,
            r#"traces_service_graph_request_total{client="checkout", connection_type="messaging_system", server="notifier", source="tempo"} 1"#,
            r#"traces_service_graph_request_total{client="notifier", connection_type="virtual_node", server="mail", source="tempo"} 1"#,
            r#"traces_service_graph_request_total{client="user", connection_type="virtual_node", server="gateway", source="tempo"} 1"#,
        ]
    );
    assert_eq!(generator.stats().unpaired_spans, 1);
}

#[test]
fn what_waits_is_bounded() {
    let (_, generator) = generator(CONFIG);
    observe(&generator, "a", (1..=5).map(|id| span(id, 1, None, SpanKind::Client, 0.1)).collect());
    let stats = generator.stats();
    assert_eq!((stats.waiting_edges, stats.dropped_edges), (3, 2));
}

#[test]
fn series_are_bounded() {
    let (sink, generator) =
        generator(&CONFIG.replace("trace_id_label_name", "max_active_series: 10, trace_id_label_name"));
    let mut other = span(1, 2, None, SpanKind::Internal, 0.1);
    other.name = "other".into();
    observe(&generator, "shop", vec![span(1, 1, None, SpanKind::Internal, 0.1), other]);
    generator.collect(NOW).unwrap();
    assert_eq!(sink.newest("traces_spanmetrics_calls_total").len(), 1);
    assert_eq!(generator.stats().over_limit, 1);
}

#[test]
fn processors_are_off_unless_they_are_switched_on() {
    let (sink, generator) = generator("metrics_generator: {}\n");
    observe(&generator, "shop", vec![span(1, 1, None, SpanKind::Server, 0.1)]);
    generator.collect(NOW + 60 * S).unwrap();
    assert!(sink.rows.lock().unwrap().is_empty());
}
