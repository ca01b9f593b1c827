//! The log store's files: a log or a segment with any bytes, and records with any payload behind a proper checksum. The
//! store opens, answers, takes new lines and opens again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logdb::{Config, LogDb};
use model::logs::{LogAppender, LogEntry, LogQuerier, LogScan, LogStream, NanosRange, ScanOrder};
use model::{Labels, ManualClock, StoreError};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

fn open(folder: &Path) -> Option<LogDb> {
    match LogDb::open(folder, Config::default(), Arc::new(ManualClock::default())) {
        Ok(store) => Some(store),
        Err(StoreError::Version { .. }) => None,
        Err(error) => panic!("damage is no error: {error}"),
    }
}

fn lines(store: &LogDb) -> usize {
    let range = NanosRange { start: i64::MIN, end: i64::MAX };
    let scan = LogScan { matchers: &[], range, order: ScanOrder::Backward, line_contains: &[], metadata_equals: &[] };
    let mut seen = 0;
    // A chunk that is not what its index says is an error of the scan, not a panic.
    let _ = store.scan(&scan, &mut |_| {
        seen += 1;
        ControlFlow::Continue(())
    });
    seen
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["wal", "segments"] {
        std::fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    if kind % 3 == 0 {
        std::fs::write(folder.path().join("segments/0000000001.seg"), data).expect("a file");
    } else {
        let mut file = b"LABLWAL\x01".to_vec();
        if kind % 3 == 1 {
            file.extend_from_slice(data);
        } else {
            for payload in data.chunks(1 + usize::from(*kind)) {
                file.extend_from_slice(&(payload.len() as u32).to_le_bytes());
                file.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
                file.extend_from_slice(payload);
            }
        }
        std::fs::write(folder.path().join("wal/0000000001.wal"), file).expect("a file");
    }
    let Some(store) = open(folder.path()) else { return };
    let before = lines(&store);
    let entries = vec![LogEntry { t: 0, line: "a new line".to_owned(), metadata: Vec::new() }];
    store.push(vec![LogStream { labels: Labels::from_pairs([("a", "b")]), entries }]).expect("a line");
    store.checkpoint().expect("a segment");
    assert!(lines(&store) >= before);
    drop(store);
    assert!(open(folder.path()).is_some_and(|store| lines(&store) >= before));
});
