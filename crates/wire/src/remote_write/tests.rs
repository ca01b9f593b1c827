use super::*;
use model::metrics::STALE_NAN_BITS;
use proptest::prelude::*;

fn request() -> WriteRequest {
    let exemplar = Exemplar { labels: Labels::from_pairs([("trace_id", "ab")]), value: 0.5, t: 7 };
    WriteRequest {
        series: vec![
            WriteSeries {
                labels: Labels::from_pairs([("__name__", "up"), ("job", "x")]),
                samples: vec![(1, 1.0_f64.to_bits()), (2, STALE_NAN_BITS)],
                exemplars: vec![],
            },
            WriteSeries {
                labels: Labels::from_pairs([("__name__", "up")]),
                samples: vec![],
                exemplars: vec![exemplar],
            },
        ],
        metadata: vec![(
            "up".into(),
            Metadata { kind: MetricType::Gauge, help: "Is it up?".into(), unit: "bool".into() },
        )],
        histograms: 0,
    }
}

/// A request with labels as given, which the model's types would not allow.
fn raw(labels: &[(&str, &str)]) -> Vec<u8> {
    let labels =
        labels.iter().map(|(name, value)| proto::Label { name: (*name).into(), value: (*value).into() });
    let histograms = vec![vec![8, 1]];
    let series = proto::TimeSeries { labels: labels.collect(), histograms, ..Default::default() };
    let request = proto::WriteRequest { timeseries: vec![series], metadata: vec![] };
    snap::raw::Encoder::new().compress_vec(&request.encode_to_vec()).unwrap()
}

#[test]
fn a_request_comes_back_stale_markers_included() {
    let decoded = decode(&encode(&request()).unwrap(), 1 << 20).unwrap();
    assert_eq!(decoded, request());
    assert_eq!(decoded.series[0].rows().last().unwrap().sample.v.to_bits(), STALE_NAN_BITS);
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let error = |body: &[u8], limit| decode(body, limit).unwrap_err().to_string();
    assert!(error(b"\xff\xff\xff\xff\xff\xff", 100).starts_with("not a snappy block"));
    let large = encode(&request()).unwrap();
    assert!(error(&large, 10).contains("expected at most 10"), "{}", error(&large, 10));
    assert_eq!(error(&raw(&[("job", "x")]), 100), "series 0: found {job=\"x\"}, expected a label __name__");
    assert_eq!(error(&raw(&[("a", "1"), ("a", "2")]), 100), "series 0: label \"a\" is there twice");
    let protobuf = snap::raw::Encoder::new().compress_vec(b"\x0a\xff").unwrap();
    assert!(error(&protobuf, 100).starts_with("not a write request"));
}

#[test]
fn histograms_are_counted_and_labels_sorted() {
    let decoded = decode(&raw(&[("z", "1"), ("__name__", "m"), ("e", "")]), 100).unwrap();
    assert_eq!(decoded.histograms, 1);
    assert_eq!(decoded.series[0].labels, Labels::from_pairs([("__name__", "m"), ("z", "1")]));
}

#[test]
fn version_two_and_other_encodings_are_refused_by_header() {
    assert!(check_headers("application/x-protobuf", "snappy").is_ok());
    assert!(check_headers("application/x-protobuf;proto=prometheus.WriteRequest", "snappy").is_ok());
    assert!(check_headers("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy").is_err());
    assert!(check_headers("application/x-protobuf", "zstd").is_err());
    assert!(check_headers("application/json", "snappy").is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, 1 << 16);
        let packed = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
        let _ = decode(&packed, 1 << 16);
    }
}
