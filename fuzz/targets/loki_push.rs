//! Loki's push requests: any bytes in any encoding, and any bytes within a proper snappy block.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::loki_push::{decode, encode_protobuf, parse_labels};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    for encoding in ["", "gzip", "deflate", "snappy"] {
        let _ = decode(data, "application/json", encoding, LIMIT);
        let _ = decode(data, "application/x-protobuf", encoding, LIMIT);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(labels) = parse_labels(text) {
            assert_eq!(parse_labels(&labels.to_string()).as_ref(), Ok(&labels));
        }
    }
    let Ok(packed) = snap::raw::Encoder::new().compress_vec(data) else { return };
    if let Ok(streams) = decode(&packed, "application/x-protobuf", "", LIMIT) {
        // What was understood is written and understood in the same way.
        let again = encode_protobuf(&streams).expect("what was read can be written");
        assert_eq!(decode(&again, "application/x-protobuf", "", usize::MAX).as_ref(), Ok(&streams));
    }
});
