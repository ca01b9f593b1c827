use super::*;
use model::logs::{
    LogAppender, LogEntry, LogQuerier, LogScan, LogStream, NanosRange, PushError, PushReport, ScanOrder,
};
use model::{ManualClock, Matcher};
use proptest::prelude::*;
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::time::Duration;

const S: i64 = 1_000_000_000;
const NOW: i64 = 1_767_225_600 * S;

fn config() -> Config {
    Config { discover_service_name: Vec::new(), ingestion_rate: 0, stream_rate: 0, ..Config::default() }
}

fn open(folder: &Path, config: Config) -> LogDb {
    LogDb::open(folder, config, Arc::new(ManualClock::at_nanos(NOW))).unwrap()
}

fn stream(job: &str, lines: &[(i64, &str)]) -> LogStream {
    let entry =
        |(t, line): &(i64, &str)| LogEntry { t: NOW + t, line: (*line).to_owned(), metadata: Vec::new() };
    LogStream {
        labels: Labels::from_pairs([("job", job), ("level", "info")]),
        entries: lines.iter().map(entry).collect(),
    }
}

fn push(db: &LogDb, job: &str, lines: &[(i64, &str)]) -> PushReport {
    db.push(vec![stream(job, lines)]).unwrap()
}

const ALL: NanosRange = NanosRange { start: i64::MIN, end: i64::MAX };

fn scan(db: &LogDb, matchers: &[Matcher], order: ScanOrder, range: NanosRange) -> Vec<String> {
    let scan = LogScan { matchers, range, order, line_contains: &[], metadata_equals: &[] };
    let mut found = Vec::new();
    db.scan(&scan, &mut |row| {
        found.push(format!("{}:{}:{}", row.labels.value("job"), row.t - NOW, row.line));
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

fn all(db: &LogDb) -> Vec<String> {
    scan(db, &[], ScanOrder::Forward, ALL)
}

#[test]
fn orders_of_a_scan() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path(), config());
    push(&db, "b", &[(1, "b1"), (5, "b5"), (3, "b3")]);
    push(&db, "a", &[(1, "a1"), (1, "a1 too"), (4, "a4")]);
    let forward = ["a:1:a1", "a:1:a1 too", "b:1:b1", "b:3:b3", "a:4:a4", "b:5:b5"];
    assert_eq!(all(&db), forward);
    let mut backward = scan(&db, &[], ScanOrder::Backward, ALL);
    backward.reverse();
    assert_eq!(backward, forward);
    let by_stream = scan(&db, &[], ScanOrder::ByStream, ALL);
    assert_eq!(by_stream, ["a:1:a1", "a:1:a1 too", "a:4:a4", "b:1:b1", "b:3:b3", "b:5:b5"]);
    let part = NanosRange { start: NOW + 3, end: NOW + 5 };
    assert_eq!(scan(&db, &[Matcher::equal("job", "b")], ScanOrder::Forward, part), ["b:3:b3"]);
}

#[test]
fn duplicates_are_dropped_also_over_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path(), config());
    let first = push(&db, "a", &[(1, "x"), (1, "x"), (1, "y"), (2, "x")]);
    assert_eq!((first.accepted, first.duplicates), (3, 1));
    assert_eq!(push(&db, "a", &[(1, "y")]).duplicates, 1);
    db.checkpoint().unwrap();
    // The chunk is on the disk now: the line comes in again and is left out when it is read.
    assert_eq!(push(&db, "a", &[(1, "y"), (3, "z")]).accepted, 2);
    assert_eq!(all(&db), ["a:1:x", "a:1:y", "a:2:x", "a:3:z"]);
}

#[test]
fn limits_refuse_lines_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let db =
        open(folder.path(), Config { max_line_size: 10, max_streams: 2, max_label_names: 3, ..config() });
    let report = push(
        &db,
        "a",
        &[
            (0, "fine"),
            (1, "much too long a line"),
            (-8 * 86_400 * S, "old"),
            (3_600 * S, "new"),
            (-2 * 3_600 * S, "late"),
            (-1_800 * S, "in time"),
        ],
    );
    assert_eq!((report.accepted, report.refused_lines), (2, 4));
    let texts: Vec<_> = report.refused.iter().map(ToString::to_string).collect();
    assert!(texts[0].contains("max entry size 10 bytes exceeded"), "{texts:?}");
    assert!(texts[1].contains("timestamp too old: 2025-12-24T00:00:00Z"), "{texts:?}");
    assert!(texts[2].contains("timestamp too new: 2026-01-01T01:00:00Z"), "{texts:?}");
    assert!(texts[3].contains("oldest acceptable timestamp is 2025-12-31T23:00:00Z"), "{texts:?}");
    assert!(report.refused.iter().all(|error| error.status() == 400));
    push(&db, "b", &[(0, "x")]);
    let third = push(&db, "c", &[(0, "x")]);
    assert!(matches!(third.refused[..], [PushError::StreamLimit { limit: 2, .. }]));
    assert_eq!(third.refused[0].status(), 429);
    let many = Labels::from_pairs([("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
    let entries = stream("x", &[(0, "x")]).entries;
    let report = db.push(vec![
        LogStream { labels: many, entries: entries.clone() },
        LogStream { labels: Labels::empty(), entries },
    ]);
    assert!(matches!(
        report.unwrap().refused[..],
        [PushError::TooManyLabels { found: 4, limit: 3, .. }, PushError::NoLabels]
    ));
}

#[test]
fn labels_and_metadata_have_limits() {
    let folder = tempfile::tempdir().unwrap();
    let limited = Config {
        max_label_name: 5,
        max_label_value: 5,
        max_metadata_size: 20,
        max_metadata_pairs: 2,
        ..config()
    };
    let db = open(folder.path(), limited.clone());
    let refused = |db: &LogDb, labels: &[(&str, &str)], metadata: &[(&str, &str)]| {
        let metadata =
            metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let entries = vec![LogEntry { t: NOW, line: "x".to_owned(), metadata }];
        let labels = Labels::from_pairs(labels.iter().copied());
        let mut report = db.push(vec![LogStream { labels, entries }]).unwrap();
        report.refused.pop().map(|error| (error.status(), error.to_string()))
    };
    let job = [("job", "a")];
    assert_eq!(refused(&db, &job, &[("a", "b"), ("c", "d")]), None);
    for (labels, metadata, part) in [
        (&[("job", "a"), ("longer", "a")][..], &[][..], "label name too long: 'longer'"),
        (&[("job", "longer")], &[], "label value too long: label 'job', 6 bytes, limit 5"),
        (
            &job,
            &[("a", "01234567890123456789")],
            "structured metadata too large: '21' bytes, limit: '20' bytes",
        ),
        (&job, &[("a", "1"), ("b", "2"), ("c", "3")], "too many structured metadata labels: '3', limit: '2'"),
    ] {
        let (status, text) = refused(&db, labels, metadata).unwrap();
        assert!(status == 400 && text.contains(part), "{text}");
    }
    drop(db);
    let db = open(folder.path(), Config { allow_metadata: false, ..limited });
    let (_, text) = refused(&db, &job, &[("a", "b")]).unwrap();
    assert!(text.contains("includes structured metadata, but this feature is disallowed"), "{text}");
}

#[test]
fn one_stream_may_not_take_all() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path(), Config { stream_rate: 10, stream_burst: 20, ..config() });
    assert!(push(&db, "a", &[(1, "012345678901234")]).refused.is_empty());
    let report = push(&db, "a", &[(2, "0123456789"), (3, "x")]);
    assert_eq!((report.accepted, report.refused_lines), (0, 2));
    assert_eq!(report.refused[0].status(), 429);
    assert!(
        report.refused[0].to_string().starts_with("per stream rate limit exceeded (limit: 10 bytes/sec)")
    );
    assert!(push(&db, "b", &[(1, "0123456789")]).refused.is_empty());
    assert!(db.stats().exposition().contains("loki_ingester_memory_streams 2\n"));
}

#[test]
fn a_rate_is_allowed_and_comes_back_with_time() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at_nanos(NOW));
    let config = Config { ingestion_rate: 100, ingestion_burst: 150, ..config() };
    let db = LogDb::open(folder.path(), config, clock.clone()).unwrap();
    let line = "x".repeat(60);
    let refused = |t| push(&db, "a", &[(t, line.as_str())]).refused;
    assert!(refused(1).is_empty() && refused(2).is_empty());
    let error = refused(3).remove(0);
    assert_eq!(error.status(), 429);
    assert!(error.to_string().starts_with("ingestion rate limit exceeded (limit: 100 bytes/sec)"), "{error}");
    clock.advance_millis(500);
    assert!(refused(4).is_empty());
    assert_eq!(all(&db).len(), 3);
}

#[test]
fn levels_and_services_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let db = LogDb::open(
        folder.path(),
        Config { ingestion_rate: 0, stream_rate: 0, ..Config::default() },
        Arc::new(ManualClock::at_nanos(NOW)),
    )
    .unwrap();
    let labels = Labels::from_pairs([("app", "shop")]);
    let entry = |t: i64, line: &str| LogEntry {
        t: NOW + t,
        line: line.to_owned(),
        metadata: vec![("id".to_owned(), "1".to_owned())],
    };
    db.push(vec![LogStream { labels, entries: vec![entry(1, "level=warn"), entry(2, "nothing")] }]).unwrap();
    let mut seen = Vec::new();
    let scan = LogScan {
        matchers: &[],
        range: ALL,
        order: ScanOrder::Forward,
        line_contains: &[],
        metadata_equals: &[],
    };
    db.scan(&scan, &mut |row| {
        seen.push(format!("{} {:?}", row.labels, row.metadata));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(
        seen,
        [
            "{app=\"shop\", service_name=\"shop\"} [(\"id\", \"1\"), (\"detected_level\", \"warn\")]",
            "{app=\"shop\", service_name=\"shop\"} [(\"id\", \"1\"), (\"detected_level\", \"unknown\")]"
        ]
    );
}

#[test]
fn everything_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let db = open(folder.path(), config());
        push(&db, "a", &[(1, "one"), (2, "two")]);
        db.checkpoint().unwrap();
        push(&db, "a", &[(3, "three")]);
        push(&db, "b", &[(2, "é")]);
        db.checkpoint().unwrap();
        push(&db, "b", &[(9, "in the log")]);
        assert_eq!((db.stats().segments, db.stats().chunks, db.stats().checkpoints), (2, 3, 2));
        all(&db)
    };
    let db = open(folder.path(), config());
    assert_eq!(all(&db), before);
    assert_eq!(*db.recovery(), Recovery { segments: 2, records: 1, lines: 1, ..Recovery::default() });
    assert_eq!(db.label_values("job", ALL, &[]).unwrap(), ["a", "b"]);
    assert_eq!(db.label_names(ALL, &[vec![Matcher::equal("job", "a")]]).unwrap(), ["job", "level"]);
    let late = NanosRange { start: NOW + 5, end: NOW + 10 };
    assert_eq!(db.streams(late, &[]).unwrap().len(), 1);
}

#[test]
fn a_long_log_is_not_left_to_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(200_000);
    {
        let db = open(folder.path(), config());
        for t in 0..50 {
            push(&db, "a", &[(t, long.as_str())]);
        }
    }
    let db = open(folder.path(), config());
    assert_eq!((db.recovery().segments, db.recovery().records), (1, 0));
    assert_eq!(all(&db).len(), 50);
}

#[test]
fn volumes_count_what_is_in_the_range() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path(), config());
    push(&db, "a", &[(1, "12345"), (2, "123"), (3, "1")]);
    db.checkpoint().unwrap();
    push(&db, "a", &[(4, "1234567")]);
    let size = |start, end| {
        let range = NanosRange { start: NOW + start, end: NOW + end };
        let found = db.volumes(range, &[]).unwrap();
        found.first().map(|(_, stats)| (stats.lines, stats.bytes))
    };
    assert_eq!(size(2, 4), Some((2, 4)));
    assert_eq!(size(2, 5), Some((3, 11)));
    assert_eq!(size(5, 9), None);
}

#[test]
fn filters_skip_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path(), Config { block_size: 2_000, ..config() });
    for n in 0..400i64 {
        let metadata = vec![("trace_id".to_owned(), format!("{n:032x}"))];
        let entry = LogEntry { t: NOW + n, line: format!("line number {n:06}"), metadata };
        db.push(vec![LogStream {
            labels: Labels::from_pairs([("job", "a"), ("level", "info")]),
            entries: vec![entry],
        }])
        .unwrap();
    }
    db.checkpoint().unwrap();
    let run = |metadata: &[(String, String)], contains: &[String]| {
        let scan = LogScan {
            matchers: &[],
            range: ALL,
            order: ScanOrder::ByStream,
            line_contains: contains,
            metadata_equals: metadata,
        };
        db.scan(&scan, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let whole = run(&[], &[]);
    assert!(whole.chunks > 5 && whole.lines == 400, "{whole:?}");
    let one = run(&[("trace_id".to_owned(), format!("{:032x}", 123))], &[]);
    assert!(one.chunks <= 2 && one.lines < 100, "{one:?}");
    assert_eq!(run(&[("trace_id".to_owned(), "nosuch".to_owned())], &[]).lines, 0);
    // A pair that the stream's labels have needs no filter.
    assert_eq!(run(&[("job".to_owned(), "a".to_owned())], &[]).lines, 400);
    let text = run(&[], &["number 000321".to_owned()]);
    assert!(text.lines < 100, "{text:?}");
}

#[test]
fn retention_deletes_whole_segments_and_hides_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at_nanos(NOW));
    let config = Config { retention: Duration::from_secs(3_600), ..config() };
    let db = LogDb::open(folder.path(), config, clock.clone()).unwrap();
    push(&db, "a", &[(0, "old")]);
    db.checkpoint().unwrap();
    push(&db, "b", &[(500 * S, "b1"), (500 * S + 1, "b2")]);
    clock.advance_millis(3_600_000);
    assert_eq!(all(&db).len(), 3);
    clock.advance_millis(1);
    assert_eq!(all(&db).len(), 2, "a line is hidden before its segment is deleted");
    db.apply_retention();
    assert_eq!(db.stats().segments, 0);
    assert_eq!(db.label_values("job", ALL, &[]).unwrap(), ["b"]);
    assert_eq!(std::fs::read_dir(folder.path().join("segments")).unwrap().count(), 0);
}

#[test]
fn tails_are_bounded_and_end_with_their_reader() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path(), config());
    let mut tail = db.tail(vec![Matcher::equal("job", "a")], 2);
    push(&db, "b", &[(1, "other")]);
    push(&db, "a", &[(1, "x"), (1, "x"), (2, "y"), (3, "z")]);
    let (lines, dropped) = tail.drain();
    let texts: Vec<_> = lines.iter().map(|(_, entry)| entry.line.as_str()).collect();
    assert_eq!((texts, dropped), (vec!["x", "y"], 1));
    assert_eq!(lines[0].1.metadata, [("detected_level".to_owned(), "info".to_owned())]);
    assert!(tail.drain().0.is_empty());
    drop(tail);
    push(&db, "a", &[(4, "w")]);
    assert!(db.inner.tails.active().is_empty());
}

#[test]
fn damaged_segments_are_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    {
        let db = open(folder.path(), config());
        push(&db, "a", &[(1, "lost")]);
        db.checkpoint().unwrap();
        push(&db, "a", &[(2, "kept")]);
    }
    let path = segment::path_of(&folder.path().join("segments"), 1);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let db = open(folder.path(), config());
    assert_eq!(all(&db), ["a:2:kept"]);
    assert_eq!(db.recovery().damaged.len(), 1);
    assert!(path.with_extension("seg.damaged").exists());
}

#[test]
fn a_scan_sees_what_was_there_when_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path(), config());
    push(&db, "a", &[(1, "x"), (2, "y")]);
    let mut seen = 0;
    let scan = LogScan {
        matchers: &[],
        range: ALL,
        order: ScanOrder::Forward,
        line_contains: &[],
        metadata_equals: &[],
    };
    db.scan(&scan, &mut |row| {
        seen += 1;
        // A push from within a scan neither waits for it nor changes it.
        push(&db, "a", &[(row.t - NOW + 10, "new")]);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((seen, all(&db).len()), (2, 4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Whatever is pushed in whatever order, with checkpoints and restarts in between: all of it, sorted, once.
    #[test]
    fn nothing_is_lost_or_doubled(
        pushes in proptest::collection::vec(
            (0..3usize, proptest::collection::vec((0..50i64, "[ab]{1,2}"), 1..6), 0..5u8), 1..20
        )
    ) {
        let folder = tempfile::tempdir().unwrap();
        let small = Config { block_size: 30, ..config() };
        let mut db = Some(open(folder.path(), small.clone()));
        let mut expected = std::collections::BTreeSet::new();
        for (job, lines, then) in pushes {
            let job = ["a", "b", "c"][job];
            let refs: Vec<_> = lines.iter().map(|(t, line)| (*t, line.as_str())).collect();
            push(db.as_ref().unwrap(), job, &refs);
            expected.extend(lines.iter().map(|(t, line)| (*t, format!("{job}:{t}:{line}"))));
            match then {
                0 => db.as_ref().unwrap().checkpoint().unwrap(),
                1 => {
                    drop(db.take());
                    db = Some(open(folder.path(), small.clone()));
                }
                _ => {}
            }
        }
        let db = db.unwrap();
        let mut expected: Vec<_> = expected.into_iter().map(|(_, line)| line).collect();
        expected.sort();
        let forward = all(&db);
        let times: Vec<i64> = forward.iter().map(|line| line.split(':').nth(1).unwrap().parse().unwrap()).collect();
        prop_assert!(times.is_sorted());
        let mut backward = scan(&db, &[], ScanOrder::Backward, ALL);
        backward.reverse();
        prop_assert_eq!(&backward, &forward);
        let mut found = forward;
        found.sort();
        found.dedup();
        prop_assert_eq!(found, expected);
    }
}

/// Where the parent of the writer below says which folder to use.
fn order_of(parent: u32) -> PathBuf {
    std::env::temp_dir().join(format!("logdb-kill-test-{parent}"))
}

/// Not a test of its own: [`acknowledged_lines_outlive_a_kill`] runs it as a process that is killed. Without an order
/// from its parent it does nothing.
#[test]
fn writer_that_is_killed() {
    let Ok(folder) = fs::read_to_string(order_of(std::os::unix::process::parent_id())) else { return };
    let db = open(Path::new(&folder), Config { checkpoint_size: 40_000, block_size: 4_000, ..config() });
    let begun = all(&db).len() as i64;
    let mut out = std::io::stdout();
    for n in begun.. {
        let lines: Vec<_> = (0..3).map(|part| format!("line {n} {part} {}", "x".repeat(50))).collect();
        let refs: Vec<_> = lines.iter().map(|line| (n, line.as_str())).collect();
        push(&db, "a", &refs);
        writeln!(out, "ack {n}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn acknowledged_lines_outlive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let order = order_of(std::process::id());
    let mut acknowledged = std::collections::BTreeSet::new();
    for round in 0..6u64 {
        fs::write(&order, folder.path().to_str().unwrap()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "db::tests::writer_that_is_killed", "--nocapture", "--test-threads=1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        // Killed after a different number of acknowledgements each time, in the middle of whatever it does then.
        let mut left = 60 + round * 73;
        while left > 0 && reader.read_line(&mut text).unwrap() > 0 {
            if let Some(n) = text.trim().strip_prefix("ack ") {
                acknowledged.insert(n.parse::<i64>().unwrap());
                left -= 1;
            }
            text.clear();
        }
        child.kill().unwrap();
        while reader.read_line(&mut text).unwrap_or(0) > 0 {
            if let Some(n) = text.strip_suffix('\n').and_then(|line| line.trim().strip_prefix("ack ")) {
                acknowledged.insert(n.parse().unwrap());
            }
            text.clear();
        }
        child.wait().unwrap();
        assert_eq!(left, 0, "the writer ended by itself");
        let db = open(folder.path(), config());
        assert!(db.recovery().damaged.is_empty(), "{:?}", db.recovery());
        let mut counts = std::collections::HashMap::new();
        for line in all(&db) {
            let n: i64 = line.split(' ').nth(1).unwrap().parse().unwrap();
            *counts.entry(n).or_insert(0) += 1;
        }
        for n in &acknowledged {
            assert_eq!(counts.get(n), Some(&3), "line {n} in round {round}");
        }
    }
    let _ = fs::remove_file(order);
}
