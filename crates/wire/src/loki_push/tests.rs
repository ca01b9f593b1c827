use super::*;
use model::Labels;
use model::logs::LogEntry;
use proptest::prelude::*;
use std::io::Write;

const LIMIT: usize = 1 << 20;

fn json(body: &str) -> Result<Vec<LogStream>, PushFormatError> {
    decode(body.as_bytes(), "application/json; charset=utf-8", "", LIMIT)
}

#[test]
fn reads_json_with_metadata() {
    let streams = json(
        r#"{"streams":[{"stream":{"job":"shop","level":"info"},
            "values":[["17","a \"line\" é"],["18","b",{"trace_id":"ab","a":"1","empty":""}],[19,"c",{},{"new":1}]]}]}"#,
    )
    .unwrap();
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].labels.to_string(), r#"{job="shop", level="info"}"#);
    let lines: Vec<_> = streams[0].entries.iter().map(|entry| (entry.t, entry.line.as_str())).collect();
    assert_eq!(lines, [(17, "a \"line\" é"), (18, "b"), (19, "c")]);
    let pairs = [("a".to_owned(), "1".to_owned()), ("trace_id".to_owned(), "ab".to_owned())];
    assert_eq!(streams[0].entries[1].metadata, pairs);
}

#[test]
fn says_what_is_wrong_with_json() {
    for (body, part) in [
        ("", "EOF"),
        (r#"{"streams":[{"stream":{"a":1},"values":[]}]}"#, "expected a string"),
        (r#"{"streams":[{"stream":{"a":"b"},"values":[["x","l"]]}]}"#, "found \"x\", expected nanoseconds"),
        (r#"{"streams":[{"stream":{"a":"b"},"values":[["1"]]}]}"#, "invalid length 1"),
        (r#"{"streams":[{"values":[]}]}"#, "missing field `stream`"),
        (r#"{"streams":[{"stream":{"a":"b"},"values":[["1","l",{"n":5}]]}]}"#, "expected a string"),
    ] {
        let error = json(body).unwrap_err().to_string();
        assert!(error.contains(part), "{body}: {error}");
    }
}

#[test]
fn unpacks_within_the_limit_only() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&vec![b' '; 100_000]).unwrap();
    let packed = gzip.finish().unwrap();
    assert_eq!(decompress(&packed, "GZIP", 100_000).unwrap().len(), 100_000);
    let too_large = Err(PushFormatError::TooLarge { limit: 99_999 });
    assert_eq!(decompress(&packed, "gzip", 99_999), too_large);
    let packed = snap::raw::Encoder::new().compress_vec(&vec![b' '; 100_000]).unwrap();
    assert_eq!(decompress(&packed, "snappy", 99_999), too_large);
    assert_eq!(decompress(&[b' '; 100_000], "", 99_999), too_large);
    assert!(matches!(decompress(b"", "zstd", 10), Err(PushFormatError::Encoding { .. })));
    assert!(matches!(decompress(b"no gzip", "gzip", 10), Err(PushFormatError::Compression { .. })));
}

#[test]
fn reads_label_texts() {
    let labels = parse_labels(" { a = \"x\\n\\\"é\\u00e9\" , b=`raw\\n`,} ").unwrap();
    assert_eq!(labels.get("a"), Some("x\n\"éé"));
    assert_eq!(labels.get("b"), Some("raw\\n"));
    for (text, part) in [
        ("a=\"b\"", "expected {"),
        ("{1a=\"b\"}", "expected a label name"),
        ("{a~\"b\"}", "expected = after a"),
        ("{a=b}", "expected a quoted value"),
        ("{a=\"b\" c=\"d\"}", "expected , or }"),
        ("{a=\"b\"} x", "behind the closing brace"),
        ("{a=\"b", "expected a quoted value"),
    ] {
        let error = parse_labels(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

fn entry() -> impl Strategy<Value = LogEntry> {
    let metadata = proptest::collection::btree_map("[a-z]{1,4}", "[ -~é]{1,6}", 0..3);
    (any::<i64>(), ".*", metadata).prop_map(|(t, line, metadata)| LogEntry {
        t,
        line,
        metadata: metadata.into_iter().collect(),
    })
}

proptest! {
    #[test]
    fn protobuf_comes_back(
        labels in proptest::collection::btree_map("[a-z_][a-z0-9_]{0,5}", "[ -~é\n\t]{1,8}", 1..4),
        entries in proptest::collection::vec(entry(), 0..8),
    ) {
        let stream = LogStream { labels: Labels::from_pairs(labels), entries };
        let body = encode_protobuf(std::slice::from_ref(&stream)).unwrap();
        prop_assert_eq!(decode(&body, "application/x-protobuf", "", LIMIT).unwrap(), vec![stream]);
    }

    #[test]
    fn any_bytes_are_refused_or_read(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in ["application/json", "application/x-protobuf"] {
            for encoding in ["", "gzip", "deflate", "snappy"] {
                let _ = decode(&body, kind, encoding, LIMIT);
            }
        }
    }
}
