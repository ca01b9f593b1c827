//! The write-ahead log: a file with any bytes, and records with any payload behind a proper checksum. The store opens,
//! answers, takes new samples and opens again without further damage.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::metrics::{AppendRow, MetricAppender, MetricQuerier, MillisRange, Sample, SeriesKey};
use model::{Labels, ManualClock};
use std::path::Path;
use tsdb::{Options, Store};

fn open(dir: &Path) -> Store {
    Store::open(dir, Options::default(), &ManualClock::default()).expect("damage is no error")
}

fn read_all(store: &Store) -> usize {
    let readers = store.select(MillisRange::ALL, &[]).expect("a selection");
    let mut samples = Vec::new();
    for reader in readers {
        // A chunk of a checkpoint that says more than it holds is an error of the read, not a panic.
        let _ = reader.read(MillisRange::ALL, &mut samples);
    }
    samples.len()
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let mut file = b"LABWAL_\x01".to_vec();
    if kind % 4 == 0 {
        file.extend_from_slice(data);
    } else {
        for payload in data.chunks(1 + usize::from(*kind)) {
            file.extend_from_slice(&(payload.len() as u32).to_le_bytes());
            file.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
            file.extend_from_slice(payload);
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("wal")).expect("a folder");
    let name = if kind % 2 == 0 { "wal/00000001.log" } else { "wal/00000001.checkpoint" };
    std::fs::write(dir.path().join(name), file).expect("a file");
    let store = open(dir.path());
    read_all(&store);
    let row = AppendRow {
        series: SeriesKey::Labels(Labels::from_pairs([("__name__", "fuzz_after")])),
        sample: Sample { t: 1, v: 1.0 },
        exemplar: None,
    };
    store.append(&[row]).expect("new samples are taken");
    let _ = store.maintain(1);
    let before = read_all(&store);
    drop(store);
    let store = open(dir.path());
    assert!(store.recovery().damages.is_empty(), "damage is reported once: {:?}", store.recovery());
    assert_eq!(read_all(&store), before);
});
