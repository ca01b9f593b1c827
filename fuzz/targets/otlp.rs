//! OTLP: any bytes are read or refused, in both encodings; the spans that are read come back from a store as they were.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::traces::{TraceAppender, TraceQuerier};
use tracedb::{Options, TraceDb};
use wire::otlp::{Encoding, decode_logs, decode_metrics, decode_traces, trace_json, trace_protobuf};

fuzz_target!(|data: &[u8]| {
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let _ = decode_logs(data, encoding, 1);
        let _ = decode_metrics(data, encoding);
        let Ok(request) = decode_traces(data, encoding) else { continue };
        let Some(id) =
            request.batches.first().and_then(|batch| batch.spans.first()).map(|span| span.trace_id)
        else {
            continue;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (store, _) = TraceDb::open(folder.path(), Options::default()).expect("an empty store");
        store.push(request.batches).expect("a push");
        let before = store.trace(id).expect("readable");
        store.flush().expect("a segment");
        assert_eq!(
            store.trace(id).expect("readable").map(|trace| trace.spans().count()),
            before.as_ref().map(|trace| trace.spans().count())
        );
        if let Some(trace) = before {
            let _ = trace_json(&trace, "batches");
            assert!(decode_traces(&trace_protobuf(&trace), Encoding::Protobuf).is_ok());
        }
    }
});
