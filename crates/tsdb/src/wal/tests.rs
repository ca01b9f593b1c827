use super::record::{LoggedChunk, LoggedSample, Record, Visit, visit};
use super::replay::replay;
use super::*;
use crate::exemplars::Packed;
use model::Labels;
use model::metrics::{Exemplar, Metadata, MetricType};
use proptest::prelude::*;

/// Writes down what it is shown.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    series: Vec<(u64, Labels)>,
    samples: Vec<LoggedSample>,
    exemplars: Vec<(u64, Exemplar)>,
    metadata: Vec<(String, Metadata)>,
    chunks: Vec<(u64, i64, i64, u16, bool, Vec<u8>)>,
}

impl Visit for Seen {
    fn series(&mut self, id: u64, labels: Labels) {
        self.series.push((id, labels));
    }
    fn sample(&mut self, sample: LoggedSample) {
        self.samples.push(sample);
    }
    fn exemplar(&mut self, exemplar: Packed) {
        self.exemplars.push((exemplar.series, exemplar.unpack()));
    }
    fn metadata(&mut self, family: &str, metadata: Metadata) {
        self.metadata.push((family.to_owned(), metadata));
    }
    fn chunk(&mut self, c: LoggedChunk<'_>) {
        self.chunks.push((c.series, c.min_time, c.max_time, c.samples, c.open, c.bytes.to_vec()));
    }
}

fn record(samples: &[LoggedSample]) -> Vec<u8> {
    let mut record = Record::default();
    for sample in samples {
        record.sample(*sample);
    }
    record.payload()
}

fn sample(series: u64, t: i64, value: f64) -> LoggedSample {
    LoggedSample { series, t, bits: value.to_bits() }
}

#[test]
fn every_section_comes_back() {
    let labels = Labels::from_pairs([("__name__", "up"), ("job", "ä")]);
    let exemplar = Exemplar { labels: labels.clone(), value: 0.5, t: 77 };
    let metadata = Metadata { kind: MetricType::StateSet, help: "a\nb".into(), unit: "s".into() };
    let mut record = Record::default();
    record.series(7, &labels);
    record.sample(sample(7, 5, 1.5));
    record.exemplar(&Packed::new(7, &exemplar));
    record.metadata("up", &metadata);
    record.chunk(LoggedChunk {
        series: 7,
        min_time: -4,
        max_time: 9,
        samples: 3,
        open: true,
        bytes: &[1, 2],
    });
    let mut seen = Seen::default();
    visit(&record.payload(), &mut seen).unwrap();
    let expected = Seen {
        series: vec![(7, labels)],
        samples: vec![sample(7, 5, 1.5)],
        exemplars: vec![(7, exemplar)],
        metadata: vec![("up".into(), metadata)],
        chunks: vec![(7, -4, 9, 3, true, vec![1, 2])],
    };
    assert_eq!(seen, expected);
}

#[test]
fn a_whole_number_costs_three_or_four_bytes() {
    let samples: Vec<_> = (0..1000).map(|i| sample(i, 1_700_000_000_000, 100.0 + i as f64)).collect();
    let bytes = record(&samples).len();
    assert!(bytes < 4_000, "{bytes}");
}

#[test]
fn a_torn_or_damaged_tail_ends_the_reading_and_is_described() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::begin(dir.path(), 1, 0).unwrap();
    let mut ends = vec![HEADER_BYTES];
    for i in 0..5 {
        let written = log.append(&record(&[sample(i, 1, 2.0), sample(i + 1, 1, f64::NAN)])).unwrap();
        ends.push(ends[ends.len() - 1] + written);
    }
    let whole = std::fs::read(log.path()).unwrap();
    let path = dir.path().join("cut");
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let mut seen = Seen::default();
        let replayed = replay(&path, &mut seen).unwrap();
        let kept = ends.iter().filter(|end| **end <= length as u64).count().saturating_sub(1);
        assert_eq!((replayed.records as usize, seen.samples.len()), (kept, 2 * kept), "cut at {length}");
        let at_end = ends.contains(&(length as u64)) || length < HEADER_BYTES as usize;
        assert_eq!(replayed.damage.is_none(), at_end, "cut at {length}: {:?}", replayed.damage);
    }
    for at in HEADER_BYTES as usize..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        std::fs::write(&path, flipped).unwrap();
        let replayed = replay(&path, &mut Seen::default()).unwrap();
        let before = ends.iter().filter(|end| **end <= at as u64).count() - 1;
        assert_eq!(replayed.records as usize, before, "flipped at {at}");
        assert_eq!(replayed.damage.unwrap().offset, ends[before]);
    }
}

#[test]
fn a_record_that_makes_no_sense_is_not_half_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::begin(dir.path(), 1, 0).unwrap();
    let mut payload = record(&[sample(1, 1, 2.0)]);
    // The tag of no section behind a whole one, with a checksum that holds.
    payload.extend([99, 1, 0]);
    log.append(&payload).unwrap();
    let mut seen = Seen::default();
    let replayed = replay(log.path(), &mut seen).unwrap();
    assert_eq!((replayed.records, seen.samples.len()), (0, 0));
    assert_eq!(replayed.damage.unwrap().offset, HEADER_BYTES);
}

#[test]
fn a_newer_format_is_an_error_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new");
    std::fs::write(&path, b"LABWAL_\x02").unwrap();
    let error = replay(&path, &mut Seen::default()).unwrap_err();
    assert!(matches!(error, StoreError::Version { found: 2, expected: 1, .. }), "{error}");
}

#[test]
fn a_write_that_fails_leaves_the_file_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::begin(dir.path(), 1, 0).unwrap();
    log.append(&record(&[sample(1, 1, 1.0)])).unwrap();
    log.fail_writes();
    assert!(log.append(&record(&[sample(1, 2, 1.0)])).is_err());
    let replayed = replay(&log_path(dir.path(), 1), &mut Seen::default()).unwrap();
    assert_eq!((replayed.records, replayed.damage), (1, None));
    log.append(&record(&[sample(1, 3, 1.0)])).expect("goes on in a new file");
    assert_eq!(replay(&log_path(dir.path(), 2), &mut Seen::default()).unwrap().records, 1);
}

proptest! {
    #[test]
    fn samples_come_back(samples in prop::collection::vec((any::<u64>(), any::<i64>(), any::<u64>()), 1..50)) {
        let samples: Vec<_> = samples.into_iter().map(|(series, t, bits)| LoggedSample { series, t, bits }).collect();
        let mut seen = Seen::default();
        visit(&record(&samples), &mut seen).unwrap();
        prop_assert_eq!(seen.samples, samples);
    }

    #[test]
    fn any_payload_is_read_or_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = visit(&bytes, &mut Seen::default());
    }
}
