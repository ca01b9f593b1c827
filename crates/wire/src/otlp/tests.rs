use super::*;
use model::traces::{AttrValue, SpanKind, StatusCode};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

const SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
  "scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[
   {"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","parentSpanId":"1112131415161718",
    "name":"caf\u00e9","kind":2,"startTimeUnixNano":"1500","endTimeUnixNano":2500,
    "attributes":[{"key":"i","value":{"intValue":"-7"}},{"key":"n","value":{"intValue":9}},{"key":"d","value":{"doubleValue":2}},
      {"key":"b","value":{"boolValue":true}},{"key":"raw","value":{"bytesValue":"AAH/"}},
      {"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":1}]}}},
      {"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}},{"key":"e","value":{}}],
    "events":[{"timeUnixNano":"1600","name":"ev"}],
    "links":[{"traceId":"0102030405060708090a0b0c0d0e0f11","spanId":"0102030405060709"}],
    "status":{"code":"STATUS_CODE_ERROR","message":"broken"},"unknownField":{"x":[1]}},
   {"traceId":"zz","spanId":"0102030405060708","name":"bad id"}]}]}]}"#;

#[test]
fn json_spans_are_read_and_a_bad_one_is_refused_alone() {
    let request = decode_traces(SPANS.as_bytes(), Encoding::Json).unwrap();
    assert_eq!(request.refused.count, 1);
    assert!(request.refused.reason.as_ref().is_some_and(|reason| reason.contains("expected 16")));
    let batch = &request.batches[0];
    assert_eq!(batch.resource.service_name(), Some("shop"));
    let span = &batch.spans[0];
    assert_eq!((&*span.name, span.kind, span.start, span.end), ("café", SpanKind::Server, 1500, 2500));
    assert_eq!((span.status, &*span.status_message), (StatusCode::Error, "broken"));
    assert_eq!(span.attributes[0].1, AttrValue::Int(-7));
    assert_eq!(span.attributes[2].1, AttrValue::Double(2.0));
    assert_eq!(span.attributes[4].1, AttrValue::Bytes([0, 1, 255].as_slice().into()));
    assert_eq!(span.attributes[7].1, AttrValue::Empty);
    assert_eq!((span.events.len(), span.links.len()), (1, 1));
}

#[test]
fn protobuf_and_json_give_the_same_spans() {
    let from_json = decode_traces(SPANS.as_bytes(), Encoding::Json).unwrap();
    let trace = model::traces::Trace {
        id: from_json.batches[0].spans[0].trace_id,
        batches: from_json.batches.clone(),
    };
    let message = ExportTraceServiceRequest { resource_spans: trace_to_proto(&trace).resource_spans };
    let from_proto = decode_traces(&message.encode_to_vec(), Encoding::Protobuf).unwrap();
    assert_eq!(from_proto.batches, from_json.batches);
}

#[test]
fn tempo_json_leaves_out_defaults_and_names_enums() {
    let request = decode_traces(SPANS.as_bytes(), Encoding::Json).unwrap();
    let trace = model::traces::Trace { id: request.batches[0].spans[0].trace_id, batches: request.batches };
    let json = trace_json(&trace, "batches");
    let span = &json["batches"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["traceId"], "AQIDBAUGBwgJCgsMDQ4PEA==");
    assert_eq!(span["kind"], "SPAN_KIND_SERVER");
    assert_eq!(span["startTimeUnixNano"], "1500");
    assert_eq!(span["status"]["code"], "STATUS_CODE_ERROR");
    assert!(span.get("traceState").is_none() && span.get("droppedEventsCount").is_none());
}

#[test]
fn what_is_not_otlp_is_an_error_with_a_position() {
    let error = decode_traces(b"{\"resourceSpans\": 3}", Encoding::Json).unwrap_err().to_string();
    assert!(error.contains("line 1 column"), "{error}");
    assert!(decode_traces(&[0xff, 0xff], Encoding::Protobuf).is_err());
    let deep = format!("{}1{}", "{\"arrayValue\":{\"values\":[".repeat(500), "]}}".repeat(500));
    let body =
        format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"a","value":{deep}}}]}}}}]}}"#);
    assert!(decode_traces(body.as_bytes(), Encoding::Json).is_err(), "nesting is bounded");
}

#[test]
fn log_records_become_streams_with_structured_metadata() {
    let body = r#"{"resourceLogs":[{"resource":{"attributes":[
        {"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"h"}}]},
      "scopeLogs":[{"scope":{"name":"lib"},"logRecords":[
        {"timeUnixNano":"1000","severityNumber":17,"severityText":"ERROR","body":{"stringValue":"boom"},
         "attributes":[{"key":"http.status","value":{"intValue":"500"}},{"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}}}],
         "traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"},
        {"body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}}]}}}]}]}]}"#;
    let request = decode_logs(body.as_bytes(), Encoding::Json, 42).unwrap();
    assert_eq!(request.streams.len(), 1);
    assert_eq!(request.streams[0].labels.to_string(), r#"{service_name="shop"}"#);
    let [first, second] = request.streams[0].entries.as_slice() else { panic!("two entries") };
    assert_eq!((first.t, first.line.as_str()), (1000, "boom"));
    let metadata: Vec<String> =
        first.metadata.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        metadata.join(" "),
        "host_name=h http_status=500 m_k=true scope_name=lib severity_number=17 severity_text=ERROR \
         span_id=0102030405060708 trace_id=0102030405060708090a0b0c0d0e0f10"
    );
    assert_eq!((second.t, second.line.as_str()), (42, r#"{"a":1}"#));
}

fn rows(body: &str) -> (Vec<String>, MetricRequest) {
    let request = decode_metrics(body.as_bytes(), Encoding::Json).unwrap();
    let shown = request
        .rows
        .iter()
        .map(|row| match &row.series {
            model::metrics::SeriesKey::Labels(labels) => format!("{labels} {}", row.sample.v),
            model::metrics::SeriesKey::Ref(number) => format!("{number:?}"),
        })
        .collect();
    (shown, request)
}

#[test]
fn metrics_take_prometheus_names_and_labels() {
    let (rows, request) = rows(
        r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
          {"key":"service.namespace","value":{"stringValue":"ns"}},{"key":"host.name","value":{"stringValue":"h"}}]},
        "scopeMetrics":[{"metrics":[
         {"name":"http.requests","unit":"1","description":"d","sum":{"aggregationTemporality":2,"isMonotonic":true,
           "dataPoints":[{"timeUnixNano":"5000000","asInt":"3","attributes":[{"key":"http.route","value":{"stringValue":"/x"}}]}]}},
         {"name":"took","unit":"s","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE",
           "dataPoints":[{"timeUnixNano":"5000000","count":"3","sum":1.5,"bucketCounts":["1",2],"explicitBounds":[0.5],
             "exemplars":[{"asDouble":0.7,"traceId":"0102030405060708090a0b0c0d0e0f10","timeUnixNano":"4000000"}]}]}},
         {"name":"old","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":1},{"asInt":2}]}}]}]}]}"#,
    );
    assert_eq!(
        rows,
        [
            r#"http_requests_total{http_route="/x", job="ns/shop"} 3"#,
            r#"took_seconds_bucket{job="ns/shop", le="0.5"} 1"#,
            r#"took_seconds_bucket{job="ns/shop", le="+Inf"} 3"#,
            r#"took_seconds_sum{job="ns/shop"} 1.5"#,
            r#"took_seconds_count{job="ns/shop"} 3"#,
            r#"target_info{host_name="h", job="ns/shop"} 1"#,
        ]
    );
    assert_eq!((request.points, request.refused.count), (2, 2));
    assert_eq!(request.rows[2].exemplar.as_ref().map(|exemplar| exemplar.value), Some(0.7));
    assert_eq!(request.metadata["http_requests_total"].help, "d");
}

#[test]
fn metric_names_get_units_and_suffixes_once() {
    for (name, unit, kind, expected) in [
        ("a.b", "By", NameKind::Gauge, "a_b_bytes"),
        ("a.b.bytes", "By", NameKind::Counter, "a_b_bytes_total"),
        ("load", "1", NameKind::Gauge, "load_ratio"),
        ("x_total", "", NameKind::Counter, "x_total"),
        ("disk.io", "By/s", NameKind::Gauge, "disk_io_bytes_per_second"),
        ("q", "{items}", NameKind::Other, "q"),
        ("9lives", "", NameKind::Other, "_9lives"),
    ] {
        assert_eq!(metric_name(name, unit, kind), expected);
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let _ = decode_traces(&bytes, encoding);
            let _ = decode_logs(&bytes, encoding, 1);
            let _ = decode_metrics(&bytes, encoding);
        }
        let _ = ExportMetricsServiceRequest::decode(bytes.as_slice());
    }

    #[test]
    fn base64_reads_back_what_it_writes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
        proptest::prop_assert_eq!(base64::decode(&encode_base64(&bytes)), Some(bytes));
    }
}
