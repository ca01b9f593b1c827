use super::*;
use crate::db::tests::span;
use model::traces::AttrValue;

#[test]
fn every_field_comes_back() {
    let mut dict = Dict::default();
    let nested =
        AttrValue::Map(vec![("m".into(), AttrValue::Array(vec![AttrValue::Bool(true), AttrValue::Empty]))]);
    let mut full = span(
        1,
        2,
        1_700_000_000_000_000_000,
        vec![
            ("s".into(), AttrValue::Str("text".into())),
            ("long".into(), AttrValue::Str("y".repeat(1_000).as_str().into())),
            ("i".into(), AttrValue::Int(i64::MIN)),
            ("d".into(), AttrValue::Double(-0.0)),
            ("b".into(), AttrValue::Bool(false)),
            ("raw".into(), AttrValue::Bytes([0, 255].as_slice().into())),
            ("nested".into(), nested),
        ],
    );
    full.trace_state = "a=b".into();
    full.status_message = "broken".into();
    full.flags = 257;
    (full.dropped_attributes, full.dropped_events, full.dropped_links) = (1, 2, 3);
    full.end = full.start - 5;
    full.events.push(SpanEvent {
        t: 3,
        name: "ev".into(),
        attributes: vec![("k".into(), AttrValue::Int(1))],
        dropped_attributes: 9,
    });
    full.links.push(SpanLink {
        trace_id: TraceId([9; 16]),
        span_id: SpanId([8; 8]),
        trace_state: "".into(),
        attributes: vec![("l".into(), AttrValue::Double(1.5))],
        dropped_attributes: 0,
        flags: 1,
    });
    let mut row = Vec::new();
    put_span(&mut row, &full, 1_700_000_000_000_000_000, &mut dict);
    let read = span_from(&row, TraceId([1; 16]), 1_700_000_000_000_000_000, &dict).unwrap();
    assert_eq!(read, full);
    for cut in 0..row.len() {
        assert!(span_from(&row[..cut], TraceId([1; 16]), 0, &dict).is_none(), "cut at {cut}");
    }
}
