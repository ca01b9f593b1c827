use super::*;
use crate::options::{CUT_DELAY, WINDOW};
use model::metrics::{
    AppendOutcome, AppendRow, Exemplar, Metadata, MetricAppender, MetricQuerier, MetricType, MillisRange,
    Sample, SeriesKey, stale_marker,
};
use model::{ManualClock, MatchOp, Matcher};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

/// The beginning of a window, far from zero.
const T0: Millis = WINDOW * 200_000;

fn open(dir: &Path) -> Store {
    Store::open(dir, Options::default(), &ManualClock::default()).unwrap()
}

fn labels(name: &str, i: usize) -> Labels {
    Labels::from_pairs([("__name__", name), ("i", &i.to_string())])
}

fn row(labels: &Labels, t: Millis, v: f64) -> AppendRow {
    AppendRow { series: SeriesKey::Labels(labels.clone()), sample: Sample { t, v }, exemplar: None }
}

fn append(store: &Store, rows: &[AppendRow]) -> Vec<AppendOutcome> {
    store.append(rows).unwrap().outcomes
}

/// Everything in the store: by series, (time, bits).
fn dump(store: &Store, range: MillisRange) -> BTreeMap<String, Vec<(Millis, u64)>> {
    let read = |reader: Arc<dyn model::metrics::SeriesReader>| {
        let mut samples = Vec::new();
        reader.read(range, &mut samples).unwrap();
        let samples = samples.into_iter().map(|sample| (sample.t, sample.v.to_bits())).collect();
        (reader.labels().to_string(), samples)
    };
    store.select(range, &[]).unwrap().into_iter().map(read).collect()
}

fn exemplar(id: &str, t: Millis) -> Exemplar {
    Exemplar { labels: Labels::from_pairs([("trace_id", id)]), value: 0.25, t }
}

#[test]
fn rows_are_judged_one_by_one_even_within_a_batch() {
    let store = Store::in_memory(Options::default());
    let a = labels("a", 1);
    let outcomes = append(
        &store,
        &[row(&a, 10, 1.0), row(&a, 10, 1.0), row(&a, 10, 2.0), row(&a, 9, 1.0), row(&a, 11, stale_marker())],
    );
    let AppendOutcome::Appended(id) = outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(
        outcomes[1..],
        [
            AppendOutcome::Duplicate(id),
            AppendOutcome::DuplicateTimestamp(id),
            AppendOutcome::OutOfOrder(id),
            AppendOutcome::Appended(id)
        ]
    );
    let by_ref = AppendRow { series: SeriesKey::Ref(id), ..row(&a, 12, 3.0) };
    assert_eq!(append(&store, std::slice::from_ref(&by_ref)), [AppendOutcome::Appended(id)]);
    let unknown = AppendRow { series: SeriesKey::Ref(model::metrics::SeriesRef(99)), ..by_ref };
    assert_eq!(append(&store, &[unknown]), [AppendOutcome::UnknownRef]);
    let bits = [(10, 1.0_f64.to_bits()), (11, stale_marker().to_bits()), (12, 3.0_f64.to_bits())];
    assert_eq!(dump(&store, MillisRange::ALL)["a{i=\"1\"}"], bits);
    assert_eq!(store.counters().samples_out_of_order, 2);
}

#[test]
fn a_new_series_over_the_limit_is_refused_and_counted() {
    let store = Store::in_memory(Options { max_series: 2, ..Options::default() });
    let rows: Vec<_> = (0..3).map(|i| row(&labels("a", i), 1, 1.0)).collect();
    assert_eq!(append(&store, &rows)[2], AppendOutcome::SeriesLimit);
    assert_eq!(store.counters().series_refused, 1);
    assert!(matches!(append(&store, &[row(&labels("a", 0), 2, 1.0)])[0], AppendOutcome::Appended(_)));
}

#[test]
fn labels_values_and_series_respect_matchers_and_range() {
    let store = Store::in_memory(Options::default());
    append(
        &store,
        &[row(&labels("a", 1), 10, 1.0), row(&labels("a", 2), 20, 1.0), row(&labels("b", 3), 30, 1.0)],
    );
    let early = MillisRange { start: 0, end: 15 };
    let all = MillisRange::ALL;
    assert_eq!(store.label_values("i", all, &[]).unwrap(), ["1", "2", "3"]);
    assert_eq!(store.label_values("i", early, &[]).unwrap(), ["1"]);
    let a = vec![Matcher::equal("__name__", "a")];
    let three = vec![Matcher::new("i", MatchOp::Regex, "3|4").unwrap()];
    assert_eq!(store.label_values("i", all, std::slice::from_ref(&a)).unwrap(), ["1", "2"]);
    assert_eq!(store.label_names(all, &[]).unwrap(), ["__name__", "i"]);
    assert_eq!(store.series(all, &[a, three]).unwrap(), [labels("a", 1), labels("a", 2), labels("b", 3)]);
    assert_eq!(store.stats().series_by_name["a"], 2);
    assert_eq!(store.stats().values_by_label["i"], 3);
}

#[test]
fn selections_are_sorted_by_labels_also_when_large() {
    let store = Store::in_memory(Options::default());
    let rows: Vec<_> = (0..500).rev().map(|i| row(&labels("a", i), 1, 1.0)).collect();
    append(&store, &rows);
    let found = store.series(MillisRange::ALL, &[]).unwrap();
    assert!(found.is_sorted() && found.len() == 500);
    append(&store, &[row(&labels("A", 1), 1, 1.0)]);
    assert_eq!(store.series(MillisRange::ALL, &[]).unwrap()[0], labels("A", 1), "ranks are made anew");
}

#[test]
fn exemplars_repeat_quietly_and_go_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let a = labels("a", 1);
    let with = |t: Millis, exemplar: Exemplar| AppendRow { exemplar: Some(exemplar), ..row(&a, t, 1.0) };
    let store = open(dir.path());
    let refused = |rows: &[AppendRow]| store.append(rows).unwrap().exemplars_refused;
    assert_eq!(refused(&[with(T0, exemplar("x", T0)), with(T0 + 5, exemplar("x", T0))]), 0, "shown again");
    assert_eq!(refused(&[with(T0 + 10, exemplar("old", T0 - 1))]), 1, "older than the newest");
    assert_eq!(refused(&[with(T0 + 15, exemplar(&"x".repeat(130), T0 + 15))]), 1, "over 128 characters");
    assert_eq!(refused(&[with(T0 + 20, exemplar("y", T0 + 20))]), 0);
    let expected = vec![exemplar("x", T0), exemplar("y", T0 + 20)];
    let found = |store: &Store| {
        let all = store.exemplars(MillisRange::ALL, &[vec![Matcher::equal("__name__", "a")]]).unwrap();
        assert_eq!(all[0].series, labels("a", 1));
        all[0].exemplars.clone()
    };
    assert_eq!(found(&store), expected);
    store.checkpoint().unwrap();
    drop(store);
    assert_eq!(found(&open(dir.path())), expected, "back from the checkpoint");
}

#[test]
fn exemplars_without_a_sample_need_a_known_series() {
    let store = Store::in_memory(Options::default());
    let key = SeriesKey::Labels(labels("a", 1));
    assert_eq!(store.append_exemplars(&key, &[exemplar("x", 1)]).unwrap(), 1, "unknown series");
    append(&store, &[row(&labels("a", 1), 1, 1.0)]);
    assert_eq!(
        store.append_exemplars(&key, &[exemplar("x", 1), exemplar("y", 2), exemplar("z", 0)]).unwrap(),
        1
    );
    assert_eq!(store.exemplars(MillisRange::ALL, &[]).unwrap()[0].exemplars.len(), 2);
    assert_eq!(store.counters().exemplars_refused, 2);
}

#[test]
fn the_ring_forgets_the_oldest() {
    let store = Store::in_memory(Options { max_exemplars: 3, ..Options::default() });
    for t in 1..=5 {
        let exemplar = Some(exemplar(&t.to_string(), t));
        append(&store, &[AppendRow { exemplar, ..row(&labels("a", 1), t, 1.0) }]);
    }
    let kept: Vec<_> =
        store.exemplars(MillisRange::ALL, &[]).unwrap()[0].exemplars.iter().map(|e| e.t).collect();
    assert_eq!(kept, [3, 4, 5]);
}

#[test]
fn metadata_comes_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let metadata = |help: &str| Metadata { kind: MetricType::Gauge, help: help.into(), unit: String::new() };
    let store = open(dir.path());
    store.set_metadata("up", metadata("one"));
    store.set_metadata("up", metadata("two"));
    store.set_metadata("up", metadata("one"));
    drop(store);
    let store = open(dir.path());
    let all = MetricQuerier::metadata(&store);
    assert_eq!(all["up"], [metadata("one"), metadata("two")]);
}

#[test]
fn one_store_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let _held = open(dir.path());
    let error = Store::open(dir.path(), Options::default(), &ManualClock::default()).unwrap_err();
    assert!(error.to_string().contains("another process uses this store"), "{error}");
}

#[test]
fn windows_move_to_disk_and_old_ones_go() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { retention: Duration::from_secs(5 * 3600), ..Options::default() };
    let store = Store::open(dir.path(), options, &ManualClock::default()).unwrap();
    let (a, gone) = (labels("a", 1), labels("gone", 1));
    append(&store, &[row(&gone, T0 + 1, 7.0)]);
    let end = T0 + 5 * WINDOW;
    for t in (T0..end).step_by(60_000) {
        append(&store, &[row(&a, t + 1, (t % 977) as f64)]);
    }
    let before = dump(&store, MillisRange::ALL);
    let report = store.maintain(end).unwrap();
    assert_eq!((report.segments_written, report.checkpoint), (4, true), "the last window is still open");
    assert_eq!(report.segments_deleted, 2, "two windows ended more than five hours before the newest sample");
    assert_eq!(report.series_removed, 1);
    let oldest = T0 + 2 * WINDOW;
    let kept: Vec<_> = before[&a.to_string()].iter().copied().filter(|(t, _)| *t >= oldest).collect();
    assert_eq!(dump(&store, MillisRange::ALL), BTreeMap::from([(a.to_string(), kept.clone())]));
    assert_eq!(store.label_values("__name__", MillisRange::ALL, &[]).unwrap(), ["a"]);
    let late = append(&store, &[row(&labels("late", 1), T0 + WINDOW, 1.0)]);
    assert!(matches!(late[0], AppendOutcome::OutOfOrder(_)), "its window is on disk: {late:?}");
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.recovery().segments, 2);
    assert_eq!(dump(&store, MillisRange::ALL), BTreeMap::from([(a.to_string(), kept)]));
}

#[test]
fn a_limit_on_bytes_deletes_the_oldest_segments() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { max_bytes: Some(1), ..Options::default() };
    let store = Store::open(dir.path(), options, &ManualClock::default()).unwrap();
    for window in 0..4 {
        append(&store, &[row(&labels("a", 1), T0 + window * WINDOW, 1.0)]);
    }
    let report = store.maintain(T0 + 4 * WINDOW).unwrap();
    assert_eq!((report.segments_written, report.segments_deleted), (2, 2));
    assert_eq!(dump(&store, MillisRange::ALL).len(), 1, "what is in memory stays");
}

#[test]
fn a_clock_that_jumps_ahead_cuts_and_deletes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, &[row(&labels("a", 1), T0, 1.0), row(&labels("a", 1), T0 + WINDOW + CUT_DELAY, 2.0)]);
    let report = store.maintain(T0 + 1000 * 86_400_000).unwrap();
    assert_eq!(
        (report.segments_written, report.segments_deleted),
        (1, 0),
        "what the data itself says is over"
    );
    let next = append(&store, &[row(&labels("a", 1), T0 + WINDOW + CUT_DELAY + 1, 3.0)]);
    assert!(matches!(next[0], AppendOutcome::Appended(_)), "time goes on: {next:?}");
}

#[test]
fn a_damaged_segment_is_set_aside_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for window in 0..3 {
        append(&store, &[row(&labels("a", 1), T0 + window * WINDOW, window as f64)]);
    }
    store.maintain(T0 + 3 * WINDOW).unwrap();
    drop(store);
    let mut segments: Vec<_> =
        std::fs::read_dir(dir.path().join("segments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    let mut bytes = std::fs::read(&segments[0]).unwrap();
    let end = bytes.len() - 30;
    bytes[end] ^= 1;
    std::fs::write(&segments[0], &bytes).unwrap();
    let store = open(dir.path());
    let [damage] = &store.recovery().damages[..] else { panic!("{:?}", store.recovery()) };
    assert_eq!((&damage.file, damage.reason.as_str()), (&segments[0], "checksum of the index"));
    assert!(segments[0].with_extension("damaged").exists());
    let times: Vec<_> = dump(&store, MillisRange::ALL)["a{i=\"1\"}"].iter().map(|(t, _)| *t).collect();
    assert_eq!(times, [T0 + WINDOW, T0 + 2 * WINDOW]);
}

#[test]
fn damaged_samples_in_a_segment_are_an_error_of_the_query() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, &[row(&labels("a", 1), T0, 1.0), row(&labels("a", 1), T0 + 2 * WINDOW, 1.0)]);
    store.maintain(T0 + 2 * WINDOW).unwrap();
    let path = store.segments()[0].path.clone();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[crate::segment::HEADER_BYTES + 3] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let reader = store.select(MillisRange::ALL, &[]).unwrap().remove(0);
    let error = reader.read(MillisRange::ALL, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_log_cut_at_any_byte_keeps_whole_batches_and_takes_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for t in 0..6 {
        append(&store, &[row(&labels("a", 1), T0 + t, 1.0), row(&labels("b", 1), T0 + t, 2.0)]);
    }
    drop(store);
    let log = dir.path().join("wal/00000001.log");
    let whole = std::fs::read(&log).unwrap();
    let mut seen = Vec::new();
    for length in 0..=whole.len() {
        let copy = tempfile::tempdir().unwrap();
        std::fs::create_dir(copy.path().join("wal")).unwrap();
        std::fs::write(copy.path().join("wal/00000001.log"), &whole[..length]).unwrap();
        let store = open(copy.path());
        let found = dump(&store, MillisRange::ALL);
        let count = |name: &str| found.get(&labels(name, 1).to_string()).map_or(0, Vec::len);
        assert_eq!(count("a"), count("b"), "a batch is there whole or not at all");
        seen.push(count("a"));
        append(&store, &[row(&labels("a", 1), T0 + 100, 5.0)]);
        drop(store);
        let store = open(copy.path());
        assert_eq!(store.recovery().damages, [], "damage is reported once");
        assert_eq!(dump(&store, MillisRange::ALL)["a{i=\"1\"}"].len(), seen[length] + 1);
    }
    assert!(seen.is_sorted() && seen[whole.len()] == 6, "{seen:?}");
}

#[test]
fn a_batch_that_cannot_be_written_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let with = |t: Millis, exemplar: Exemplar| AppendRow {
        exemplar: Some(exemplar),
        ..row(&labels("a", 1), t, 1.0)
    };
    append(&store, &[row(&labels("a", 1), T0, 1.0)]);
    store.writer().log.as_mut().unwrap().fail_writes();
    assert!(store.append(&[with(T0 + 1, exemplar("x", T0 + 1)), row(&labels("b", 1), T0 + 1, 1.0)]).is_err());
    assert_eq!(dump(&store, MillisRange::ALL).len(), 1, "no new series");
    // Room again: the same batch is news, and its series are defined in the log.
    let report =
        store.append(&[with(T0 + 1, exemplar("x", T0 + 1)), row(&labels("b", 1), T0 + 1, 1.0)]).unwrap();
    assert!(
        report.outcomes.iter().all(|outcome| matches!(outcome, AppendOutcome::Appended(_))),
        "{report:?}"
    );
    let before = dump(&store, MillisRange::ALL);
    drop(store);
    let store = open(dir.path());
    assert_eq!(dump(&store, MillisRange::ALL), before);
    assert_eq!(store.exemplars(MillisRange::ALL, &[]).unwrap().len(), 1);
}

/// One step of a random life of a store.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(usize, i64, u64)>),
    Maintain,
    Checkpoint,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let rows = prop::collection::vec((0_usize..5, 0_i64..WINDOW / 3, any::<u64>()), 1..30);
    prop_oneof![5 => rows.prop_map(Step::Append), 1 => Just(Step::Maintain), 1 => Just(Step::Checkpoint), 1 => Just(Step::Reopen)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_acknowledged_is_lost_or_changed(steps in prop::collection::vec(step(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let options = || Options { checkpoint_bytes: 2_000, ..Options::default() };
        let mut store = Store::open(dir.path(), options(), &ManualClock::default()).unwrap();
        let mut expected: BTreeMap<String, Vec<(Millis, u64)>> = BTreeMap::new();
        let mut now = T0;
        for step in steps {
            match step {
                Step::Append(rows) => {
                    let mut batch = Vec::new();
                    for (series, ahead, bits) in rows {
                        let (labels, t) = (labels("a", series), now + ahead);
                        batch.push(row(&labels, t, f64::from_bits(bits)));
                    }
                    now += 60_000;
                    for (row, outcome) in batch.iter().zip(append(&store, &batch)) {
                        if let (AppendOutcome::Appended(_), SeriesKey::Labels(labels)) = (outcome, &row.series) {
                            let sample = (row.sample.t, row.sample.v.to_bits());
                            expected.entry(labels.to_string()).or_default().push(sample);
                        }
                    }
                }
                Step::Maintain => {
                    now += WINDOW;
                    store.maintain(now).unwrap();
                }
                Step::Checkpoint => store.checkpoint().unwrap(),
                Step::Reopen => {
                    drop(store);
                    store = Store::open(dir.path(), options(), &ManualClock::default()).unwrap();
                    prop_assert_eq!(&store.recovery().damages, &[]);
                    prop_assert_eq!(store.recovery().orphans, 0);
                }
            }
            prop_assert_eq!(&dump(&store, MillisRange::ALL), &expected);
        }
        let range = MillisRange { start: T0 + 100_000, end: T0 + WINDOW };
        for (series, samples) in dump(&store, range) {
            let within: Vec<_> = expected[&series].iter().copied().filter(|(t, _)| range.contains(*t)).collect();
            prop_assert_eq!(samples, within);
        }
    }
}
