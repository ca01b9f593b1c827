//! The whole store against a plain model, through flushes, restarts, torn logs and damaged files.

use super::*;
use model::logs::NanosRange;
use model::traces::*;
use std::ops::ControlFlow;
use std::sync::Arc;

const S: Nanos = 1_000_000_000;

fn batch(service: &str, spans: Vec<Span>) -> SpanBatch {
    let resource = Resource {
        attributes: vec![("service.name".into(), AttrValue::Str(service.into()))],
        dropped_attributes: 0,
    };
    let scope = Scope { name: "lib".into(), version: "1".into(), ..Scope::default() };
    SpanBatch {
        resource: Arc::new(resource),
        resource_schema_url: "".into(),
        scope: Arc::new(scope),
        scope_schema_url: "".into(),
        spans,
    }
}

pub(crate) fn span(trace: u8, id: u8, start: Nanos, attributes: Attributes) -> Span {
    Span {
        trace_id: TraceId([trace; 16]),
        span_id: SpanId([id; 8]),
        parent: (id > 1).then_some(SpanId([1; 8])),
        trace_state: "".into(),
        flags: 0,
        name: format!("op {}", id % 3).as_str().into(),
        kind: SpanKind::Server,
        start,
        end: start + i64::from(id) * 1_000,
        status: if id.is_multiple_of(4) { StatusCode::Error } else { StatusCode::Unset },
        status_message: "".into(),
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
    }
}

fn attribute(name: &str, value: &str) -> Attributes {
    vec![(name.into(), AttrValue::Str(value.into()))]
}

fn open(folder: &Path) -> TraceDb {
    TraceDb::open(folder, Options::default()).unwrap().0
}

fn ids(db: &TraceDb, hints: &[SpanHint], range: Option<NanosRange>, newest_first: bool) -> Vec<u8> {
    let mut found = Vec::new();
    db.scan(&TraceScan { range, hints, same_span: false, newest_first }, &mut |trace| {
        found.push(trace.id.0[0]);
        ControlFlow::Continue(())
    })
    .unwrap();
    if !newest_first {
        found.sort_unstable();
    }
    found
}

fn count(db: &TraceDb, id: u8) -> usize {
    db.trace(TraceId([id; 16])).unwrap().map_or(0, |trace| trace.spans().count())
}

#[test]
fn spans_are_found_at_once_and_after_a_flush_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    let long = "L".repeat(300);
    let pushed = batch(
        "shop",
        vec![span(1, 1, 5 * S, attribute("k", "v")), span(1, 2, 6 * S, attribute("long", &long))],
    );
    assert_eq!(db.push(vec![pushed.clone()]).unwrap().accepted, 2);
    let check = |db: &TraceDb| {
        assert_eq!(db.trace(TraceId([1; 16])).unwrap().unwrap().batches, std::slice::from_ref(&pushed));
        assert_eq!(ids(db, &[], None, false), [1]);
        assert_eq!(
            db.tag_names(None).unwrap()[0],
            (AttrScope::Span, vec!["k".to_owned(), "long".to_owned()])
        );
        let values = db.tag_values(Some(AttrScope::Span), "long", None, 10).unwrap();
        assert_eq!(values, [AttrValue::Str(long.as_str().into())]);
        assert_eq!((db.stats().traces, db.stats().spans), (1, 2));
    };
    check(&db);
    drop(db);
    let (db, recovery) = TraceDb::open(folder.path(), Options::default()).unwrap();
    assert_eq!((recovery.replayed_spans, recovery.segments), (2, 0));
    check(&db);
    db.flush().unwrap();
    check(&db);
    drop(db);
    let (db, recovery) = TraceDb::open(folder.path(), Options::default()).unwrap();
    assert_eq!((recovery.replayed_spans, recovery.segments), (0, 1));
    check(&db);
}

#[test]
fn late_spans_join_their_trace_wherever_its_parts_are() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    for id in 1..=4 {
        db.push(vec![batch("shop", vec![span(7, id, 5 * S, attribute("part", &id.to_string()))])]).unwrap();
        if id < 4 {
            db.flush().unwrap();
        }
    }
    let check = |db: &TraceDb| {
        assert_eq!(count(db, 7), 4);
        assert_eq!(ids(db, &[], None, false), [7], "a scan shows it once");
        let hint = |value: &str| SpanHint::Attribute {
            scope: Some(AttrScope::Span),
            name: "part".into(),
            value: AttrValue::Str(value.into()),
        };
        assert_eq!(ids(db, &[hint("1"), hint("4")], None, false), [7], "hints are met by different parts");
        assert_eq!(ids(db, &[], None, true), [7]);
    };
    check(&db);
    drop(db);
    check(&open(folder.path()));
}

#[test]
fn a_span_that_is_sent_twice_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    let push = || db.push(vec![batch("shop", vec![span(1, 1, S, Vec::new())])]).unwrap();
    push();
    push();
    assert_eq!(count(&db, 1), 1);
    db.flush().unwrap();
    push();
    assert_eq!(count(&db, 1), 1);
}

#[test]
fn scans_keep_to_the_range_and_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    for id in 1..=9 {
        db.push(vec![batch("shop", vec![span(id, 1, i64::from(id) * S, Vec::new())])]).unwrap();
        if id.is_multiple_of(3) {
            db.flush().unwrap();
        }
    }
    let range = Some(NanosRange { start: 3 * S + 1, end: 7 * S });
    assert_eq!(ids(&db, &[], range, false), [3, 4, 5, 6]);
    assert_eq!(ids(&db, &[], None, true), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let mut seen = 0;
    let scan = TraceScan { range: None, hints: &[], same_span: false, newest_first: true };
    db.scan(&scan, &mut |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(seen, 2, "a scan ends when the visitor says so");
}

#[test]
fn hints_leave_out_what_cannot_match_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    let long = "x".repeat(200);
    db.push(vec![
        batch("a", vec![span(1, 1, S, attribute("k", "v")), span(2, 4, S, attribute("k", "w"))]),
        batch("b", vec![span(3, 2, S, attribute("k", &long))]),
        batch(
            "b",
            vec![span(4, 3, S, vec![("k".into(), AttrValue::Array(vec![AttrValue::Str("v".into())]))])],
        ),
    ])
    .unwrap();
    let attribute =
        |scope, name: &str, value: AttrValue| SpanHint::Attribute { scope, name: name.into(), value };
    let text = |text: &str| AttrValue::Str(text.into());
    for round in 0..2 {
        for (hint, expected) in [
            (SpanHint::ServiceName("a".into()), &[1, 2][..]),
            (SpanHint::ServiceName("nobody".into()), &[]),
            (SpanHint::Name("op 1".into()), &[1, 2]),
            (SpanHint::Name("never".into()), &[]),
            (SpanHint::Status(StatusCode::Error), &[2]),
            (SpanHint::Kind(SpanKind::Client), &[]),
            (SpanHint::DurationAtLeast(3_000), &[2, 4]),
            (attribute(Some(AttrScope::Span), "k", text("v")), &[1, 4]),
            (attribute(None, "k", text("w")), &[2, 4]),
            (attribute(Some(AttrScope::Span), "k", text(&long)), &[1, 2, 3, 4]),
            (attribute(Some(AttrScope::Span), "k", AttrValue::Int(1)), &[4]),
            (attribute(Some(AttrScope::Resource), "service.name", text("b")), &[3, 4]),
            (attribute(None, "service.name", text("b")), &[3, 4]),
            (attribute(Some(AttrScope::Event), "k", text("v")), &[]),
        ] {
            assert_eq!(
                ids(&db, std::slice::from_ref(&hint), None, false),
                expected,
                "round {round}: {hint:?}"
            );
        }
        db.flush().unwrap();
    }
}

#[test]
fn hints_for_one_span_are_not_met_by_two() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    db.push(vec![batch("a", vec![span(1, 1, S, attribute("k", "v")), span(1, 4, S, Vec::new())])]).unwrap();
    let value = AttrValue::Str("v".into());
    let hints =
        [SpanHint::Status(StatusCode::Error), SpanHint::Attribute { scope: None, name: "k".into(), value }];
    for (same_span, expected) in [(false, 1), (true, 0)] {
        let mut found = 0;
        let scan = TraceScan { range: None, hints: &hints, same_span, newest_first: false };
        db.scan(&scan, &mut |_| {
            found += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(found, expected);
    }
}

#[test]
fn names_and_missing_resource_attributes_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    let mut long = span(2, 1, S, Vec::new());
    long.name = "n".repeat(100).as_str().into();
    let mut nobody = batch("x", vec![long]);
    nobody.resource = Arc::default();
    db.push(vec![batch("a", vec![span(1, 1, S, Vec::new()), span(1, 2, S, Vec::new())]), nobody]).unwrap();
    for _ in 0..2 {
        let names: Vec<String> =
            db.span_names(None, 10).unwrap().unwrap().iter().map(|name| name.to_string()).collect();
        assert_eq!(names, ["n".repeat(100), "op 1".to_owned(), "op 2".to_owned()]);
        let mut services = db.tag_values(Some(AttrScope::Resource), "service.name", None, 10).unwrap();
        services.sort_by_key(|value| format!("{value:?}"));
        assert_eq!(services, [AttrValue::Empty, AttrValue::Str("a".into())]);
        assert_eq!(db.tag_values(Some(AttrScope::Span), "nosuch", None, 10).unwrap(), []);
        db.flush().unwrap();
    }
}

#[test]
fn a_log_cut_anywhere_keeps_every_whole_record() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    let mut ends = Vec::new();
    for id in 1..=3 {
        db.push(vec![batch("shop", vec![span(id, 1, S, attribute("k", &format!("v{id}")))])]).unwrap();
        ends.push(db.read().wal.len());
    }
    drop(db);
    let path = wal_path(folder.path(), 0);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let (db, recovery) = TraceDb::open(folder.path(), Options::default()).unwrap();
        let kept = ends.iter().filter(|end| **end <= cut as u64).count();
        assert_eq!(ids(&db, &[], None, false).len(), kept, "cut at {cut}");
        let clean = cut == 0 || cut == 20 || ends.contains(&(cut as u64));
        assert_eq!(recovery.torn.is_empty(), clean, "cut at {cut}: {recovery:?}");
        // What is left takes more, and outlasts another restart.
        db.push(vec![batch("shop", vec![span(99, 1, S, Vec::new())])]).unwrap();
        drop(db);
        assert_eq!(ids(&open(folder.path()), &[], None, false).len(), kept + 1, "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_never_panics_and_never_invents_spans() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    for id in 1..=3 {
        db.push(vec![batch("shop", vec![span(id, 1, S, attribute("k", "v"))])]).unwrap();
    }
    drop(db);
    let path = wal_path(folder.path(), 0);
    let whole = std::fs::read(&path).unwrap();
    for at in 20..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bytes).unwrap();
        let (db, recovery) = TraceDb::open(folder.path(), Options::default()).unwrap();
        assert_eq!(recovery.torn.len(), 1, "byte {at}");
        assert!(ids(&db, &[], None, false).iter().all(|id| (1..=3).contains(id)));
    }
}

#[test]
fn a_damaged_segment_is_set_aside_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(folder.path());
    db.push(vec![batch("shop", (1..=20).map(|id| span(1, id, S, attribute("k", "v"))).collect())]).unwrap();
    db.flush().unwrap();
    drop(db);
    let path = segment_path(folder.path(), 0);
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        let Ok((db, recovery)) = TraceDb::open(folder.path(), Options::default()) else {
            // The version is wrong: nothing is touched.
            assert!((8..12).contains(&at), "byte {at}");
            continue;
        };
        if recovery.set_aside.is_empty() {
            let scan = TraceScan { range: None, hints: &[], same_span: false, newest_first: false };
            let error = db.scan(&scan, &mut |_| ControlFlow::Continue(())).expect_err("damage is named");
            assert!(error.to_string().contains("is damaged at byte"), "{error}");
        }
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (_, recovery) = TraceDb::open(folder.path(), Options::default()).unwrap();
    assert_eq!(recovery.set_aside.len(), 1);
}

#[test]
fn a_full_head_becomes_a_segment_and_retention_drops_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { head_bytes: 20_000, retention: Duration::from_secs(60), ..Options::default() };
    let (db, _) = TraceDb::open(folder.path(), options).unwrap();
    for id in 1..=200 {
        let spans = (1..=5).map(|number| span(id, number, i64::from(id) * S, attribute("k", "v"))).collect();
        db.push(vec![batch("shop", spans)]).unwrap();
    }
    let segments = db.read().segments.len();
    assert!(segments >= 2, "{segments}");
    assert_eq!(ids(&db, &[], None, false).len(), 200);
    db.maintain(230 * S).unwrap();
    let left = ids(&db, &[], None, false);
    assert!(left.len() < 200 && left.contains(&200), "{left:?}");
    assert_eq!(count(&db, 1), 0, "beyond retention");
    db.maintain(4_000 * S).unwrap();
    assert_eq!(ids(&db, &[], None, false), [], "an old head is written out, and goes as well");
}

#[test]
fn a_trace_that_grows_without_end_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) =
        TraceDb::open(folder.path(), Options { max_trace_bytes: 500, ..Options::default() }).unwrap();
    let long = "x".repeat(200);
    let mut refused = 0;
    for id in 1..=5 {
        let report = db.push(vec![batch("shop", vec![span(1, id, S, attribute("k", &long))])]).unwrap();
        refused += report.refused;
        assert!(report.refused == 0 || report.reason.unwrap().contains("trace too large"));
    }
    assert!(refused >= 2, "{refused}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]
    #[test]
    fn agrees_with_a_plain_map(steps in proptest::collection::vec((1_u8..20, 1_u8..10, 0_u8..12), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut db = open(folder.path());
        let mut model: std::collections::BTreeMap<u8, std::collections::BTreeSet<u8>> = std::collections::BTreeMap::new();
        for (trace, id, action) in steps {
            let service = if id % 2 == 0 { "even" } else { "odd" };
            db.push(vec![batch(service, vec![span(trace, id, i64::from(trace) * S, attribute("k", &id.to_string()))])]).unwrap();
            model.entry(trace).or_default().insert(id);
            match action {
                0 => db.flush().unwrap(),
                1 => {
                    drop(db);
                    db = open(folder.path());
                }
                _ => {}
            }
        }
        let expected: Vec<u8> = model.keys().copied().collect();
        proptest::prop_assert_eq!(ids(&db, &[], None, false), expected);
        for (trace, spans) in &model {
            proptest::prop_assert_eq!(count(&db, *trace), spans.len());
        }
        let even: Vec<u8> = model.iter().filter(|(_, spans)| spans.iter().any(|id| id % 2 == 0)).map(|(id, _)| *id).collect();
        // A hint may let too much through (a trace in several parts), but never too little.
        let found = ids(&db, &[SpanHint::ServiceName("even".into())], None, false);
        proptest::prop_assert!(even.iter().all(|id| found.contains(id)));
    }
}
