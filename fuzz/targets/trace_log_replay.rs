//! The log of the trace store: a file with any bytes behind a proper header, and one record with any payload behind a
//! proper checksum. The store opens, answers, takes more, and opens again with all of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::traces::{TraceQuerier, TraceScan};
use std::ops::ControlFlow;
use tracedb::{Options, TraceDb};

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let mut file = b"LABTRWAL\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    if kind % 4 == 0 {
        file.extend_from_slice(data);
    } else {
        file.extend_from_slice(&(data.len() as u32).to_le_bytes());
        file.extend_from_slice(&crc32fast::hash(data).to_le_bytes());
        file.extend_from_slice(data);
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("00000000.wal"), &file).expect("a file");
    let (store, _) = TraceDb::open(folder.path(), Options::default()).expect("damage is no error");
    let scan = TraceScan { range: None, hints: &[], same_span: false, newest_first: false };
    // Rows that make no sense are an error of the read, not a panic.
    let _ = store.scan(&scan, &mut |_| ControlFlow::Continue(()));
    let _ = store.tag_names(None);
    let _ = store.span_names(None, 10);
    let _ = store.flush();
});
