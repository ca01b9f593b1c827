//! What queries find in a small trace, against a store that is a list.

use super::*;
use crate::{Expr, parse};
use model::StoreError;
use model::logs::NanosRange;
use model::traces::*;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

pub(crate) const MS: i64 = 1_000_000;

pub(crate) struct List(pub Vec<Trace>);

impl TraceQuerier for List {
    fn trace(&self, id: TraceId) -> Result<Option<Trace>, StoreError> {
        Ok(self.0.iter().find(|trace| trace.id == id).cloned())
    }

    fn scan(
        &self,
        _: &TraceScan<'_>,
        visit: &mut dyn FnMut(&Trace) -> ControlFlow<()>,
    ) -> Result<TraceStats, StoreError> {
        let _ = self.0.iter().try_for_each(visit);
        Ok(TraceStats::default())
    }

    fn tag_names(&self, _: Option<NanosRange>) -> Result<Vec<(AttrScope, Vec<String>)>, StoreError> {
        Ok(Vec::new())
    }

    fn tag_values(
        &self,
        _: Option<AttrScope>,
        _: &str,
        _: Option<NanosRange>,
        _: usize,
    ) -> Result<Vec<AttrValue>, StoreError> {
        Ok(Vec::new())
    }

    fn stats(&self) -> TraceStats {
        TraceStats::default()
    }
}

pub(crate) struct Never;

impl Interrupt for Never {
    fn interrupted(&self) -> bool {
        false
    }
}

fn text(text: &str) -> AttrValue {
    AttrValue::Str(text.into())
}

/// A span named by its number, from `start` to `start + id` milliseconds.
pub(crate) fn span(
    trace: u8,
    id: u8,
    parent: Option<u8>,
    start: i64,
    attributes: Vec<(&str, AttrValue)>,
) -> Span {
    Span {
        trace_id: TraceId([trace; 16]),
        span_id: SpanId([id; 8]),
        parent: parent.map(|id| SpanId([id; 8])),
        trace_state: "".into(),
        flags: 0,
        name: id.to_string().as_str().into(),
        kind: SpanKind::Internal,
        start: start * MS,
        end: (start + i64::from(id)) * MS,
        status: StatusCode::Unset,
        status_message: "".into(),
        attributes: attributes.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        events: Vec::new(),
        links: Vec::new(),
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
    }
}

pub(crate) fn batch(service: &str, spans: Vec<Span>) -> SpanBatch {
    let name = (!service.is_empty()).then(|| ("service.name".into(), text(service)));
    let attributes = name.into_iter().chain([("both".into(), text("resource"))]).collect();
    SpanBatch {
        resource: Arc::new(Resource { attributes, dropped_attributes: 0 }),
        resource_schema_url: "".into(),
        scope: Arc::new(Scope { name: "lib".into(), version: "1".into(), ..Scope::default() }),
        scope_schema_url: "".into(),
        spans,
    }
}

/// ```text
/// 1 (front) ─ 2 ─ 4 ─ 5        9 (its parent 8 is missing) ─ 7
///           └ 3 (back, error)
/// ```
fn trace() -> Trace {
    let event = |t: i64, name: &str, n: i64| SpanEvent {
        t: t * MS,
        name: name.into(),
        attributes: vec![("n".into(), AttrValue::Int(n))],
        dropped_attributes: 0,
    };
    let mut one = span(
        1,
        1,
        None,
        0,
        vec![("both", text("span")), ("int", AttrValue::Int(5)), ("dbl", AttrValue::Double(5.0))],
    );
    one.kind = SpanKind::Server;
    let array = |values: &[&str]| AttrValue::Array(values.iter().map(|value| text(value)).collect());
    let two = span(1, 2, Some(1), 1, vec![("list", array(&["x", "y"])), ("flag", AttrValue::Bool(true))]);
    let mut three = span(1, 3, Some(1), 2, vec![("int", AttrValue::Int(7)), ("num", text("7"))]);
    three.status = StatusCode::Error;
    three.status_message = "broken".into();
    let mut four = span(1, 4, Some(2), 3, vec![("list", array(&["z"]))]);
    four.events = vec![event(4, "retry", 1), event(5, "retry", 2), event(6, "fail", 3)];
    let five = span(1, 5, Some(4), 4, vec![("raw", AttrValue::Bytes([1].as_slice().into()))]);
    let (nine, seven) = (span(1, 9, Some(8), 5, Vec::new()), span(1, 7, Some(9), 6, Vec::new()));
    Trace {
        id: TraceId([1; 16]),
        batches: vec![batch("front", vec![one, two, four, five, nine, seven]), batch("back", vec![three])],
    }
}

fn search(query: &str) -> Vec<FoundTrace> {
    let request = SearchRequest {
        range: None,
        limit: 10,
        spans_per_spanset: 100,
        min_duration: None,
        max_duration: None,
    };
    let expr: Expr = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    Engine::default()
        .search(&List(vec![trace()]), &expr, &request, &Never)
        .unwrap_or_else(|error| panic!("{query}: {error}"))
        .traces
}

/// The numbers of the spans that a query finds, over all its sets.
#[track_caller]
fn finds(query: &str, expected: &[u8]) {
    let found: BTreeSet<u8> = search(query)
        .iter()
        .flat_map(|trace| &trace.spansets)
        .flat_map(|set| set.spans.iter().map(|span| span.id.0[0]))
        .collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{query}");
}

/// What the first span of a result shows.
fn shown(query: &str) -> String {
    let traces = search(query);
    let span = &traces[0].spansets[0].spans[0];
    let mut parts: Vec<String> =
        span.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    parts.sort();
    parts.join(" ")
}

#[test]
fn number_types_are_strict_in_conditions_and_not_in_arithmetic() {
    finds("{ span.int = 5 }", &[1]);
    finds("{ span.int = 5.0 }", &[]);
    finds("{ span.dbl = 5 }", &[]);
    finds("{ span.dbl >= 5.0 }", &[1]);
    finds("{ span.num = 7 }", &[]);
    finds("{ 5 < span.int }", &[3]);
    finds("{ span.dbl - 1 > 3 }", &[1]);
    finds("{ span.int / 2 = 3 }", &[3]);
    finds("{ span.int % 5 = 0 }", &[1]);
    finds("{ -span.int = -7 }", &[3]);
    finds("{ span.int ^ 2 = 49 }", &[3]);
}

#[test]
fn absence_matches_nothing_but_nil() {
    finds("{ span.num != \"8\" }", &[3]);
    finds("{ span.num !~ \"8\" }", &[3]);
    finds("{ span.int != nil }", &[1, 3]);
    finds("{ span.int = nil && span.list = nil && duration < 6ms }", &[5]);
    finds("{ span.raw != nil }", &[]);
    assert_eq!(shown("{ span.nosuch = nil && name = \"5\" }"), "nosuch=nil");
}

#[test]
fn arrays_match_by_any_element_and_not_by_none() {
    finds("{ span.list = \"y\" }", &[2]);
    finds("{ span.list != \"y\" }", &[4]);
    finds("{ span.list =~ \"x|z\" }", &[2, 4]);
    finds("{ span.list !~ \"x|q\" }", &[4]);
    assert_eq!(shown("{ span.list = \"y\" }"), "list=`y`");
    assert_eq!(shown("{ name = \"2\" } | select(span.list)"), "list=[x, y]");
}

#[test]
fn scopes_and_intrinsics() {
    finds("{ .both = \"span\" }", &[1]);
    finds("{ resource.both = \"resource\" && name = \"1\" }", &[1]);
    finds("{ .both = \"resource\" }", &[1, 2, 3, 4, 5, 7, 9]);
    finds("{ resource.service.name = \"back\" }", &[3]);
    finds("{ kind = server }", &[1]);
    finds("{ status = error && statusMessage =~ \"bro.*\" }", &[3]);
    finds("{ duration > 6ms }", &[7, 9]);
    finds("{ span:childCount = 2 }", &[1]);
    finds("{ span:parentID = \"0808080808080808\" }", &[9]);
    finds("{ rootName = \"1\" && rootServiceName = \"front\" && name = \"5\" }", &[5]);
    finds("{ nestedSetParent = -1 }", &[1]);
    finds("{ nestedSetLeft = 0 }", &[7, 9]);
    finds("{ instrumentation:name = \"lib\" && name = \"4\" }", &[4]);
    finds("{ span.flag }", &[2]);
    finds("{ !span.flag }", &[]);
}

#[test]
fn one_event_satisfies_all_conditions_and_the_last_is_shown() {
    finds("{ event:name = \"retry\" && event.n = 2 }", &[4]);
    finds("{ event:name = \"fail\" && event.n = 1 }", &[]);
    assert_eq!(shown("{ event:name = \"retry\" }"), "event:name=`retry`");
    assert_eq!(shown("{ event.n > 1 }"), "n=3");
    assert_eq!(
        shown("{ event:timeSinceStart >= 2ms && event:name = \"retry\" }"),
        "event:name=`retry` event:timeSinceStart=2ms"
    );
}

#[test]
fn structure_holds_between_connected_spans_only() {
    finds("{ name = \"1\" } > { }", &[2, 3]);
    finds("{ name = \"1\" } >> { }", &[2, 3, 4, 5]);
    finds("{ name = \"5\" } < { }", &[4]);
    finds("{ name = \"5\" } << { }", &[1, 2, 4]);
    finds("{ name = \"2\" } ~ { }", &[3]);
    finds("{ name = \"9\" } > { name = \"7\" }", &[]);
    finds("{ name = \"1\" } !> { }", &[1, 4, 5, 7, 9]);
    finds("{ name = \"2\" } !>> { }", &[1, 2, 3, 7, 9]);
    finds("{ name = \"nosuch\" } !> { name = \"5\" }", &[5]);
    finds("{ name = \"5\" } !<< { }", &[3, 5, 7, 9]);
    finds("{ name = \"2\" } &>> { }", &[2, 4, 5]);
    finds("{ name = \"4\" } &< { }", &[2, 4]);
    finds("{ name = \"2\" } &~ { }", &[2, 3]);
}

#[test]
fn sets_combine_and_pipelines_go_on() {
    finds("{ name = \"2\" } && { name = \"5\" }", &[2, 5]);
    finds("{ name = \"2\" } && { name = \"nosuch\" }", &[]);
    finds("{ name = \"2\" } || { name = \"nosuch\" }", &[2]);
    finds("{ .both = \"resource\" } | { duration < 3ms }", &[1, 2]);
    finds("({ name = \"1\" } | count() = 1) >> { name = \"5\" }", &[5]);
    finds("{ } | count() > 7", &[]);
    finds("{ duration > 6ms } | avg(duration) = 8ms", &[7, 9]);
    finds("{ span.int != nil } | sum(span.int) = 12", &[1, 3]);
    finds("{ span.int != nil } | min(span.int) > 5", &[]);
    finds("{ } | by(resource.service.name) | count() < 2", &[3]);
    finds("{ } | by(resource.service.name) | coalesce() | count() = 7", &[1, 2, 3, 4, 5, 7, 9]);
}

#[test]
fn a_result_says_what_was_found_out() {
    let traces = search("{ } | by(resource.service.name) | max(duration) > 2ms");
    let found = &traces[0];
    assert_eq!((found.root_service.as_str(), found.root_name.as_deref()), ("front", Some("1")));
    assert_eq!((found.start, found.duration), (0, 14 * MS));
    assert_eq!(found.services["front"], ServiceStats { spans: 6, errors: 0 });
    assert_eq!(found.services["back"], ServiceStats { spans: 1, errors: 1 });
    let back = found.spansets.iter().find(|set| set.matched == 1).unwrap();
    let shown: Vec<String> = back.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(shown, ["by(resource.service.name)=`back`", "max(duration)=3ms"]);
}

#[test]
fn only_what_a_query_mentions_and_accepts_is_shown() {
    assert_eq!(shown("{ name = \"1\" }"), "");
    assert_eq!(search("{ name = \"1\" }")[0].spansets[0].spans[0].name.as_deref(), Some("1"));
    assert_eq!(search("{ kind = server }")[0].spansets[0].spans[0].name, None);
    assert_eq!(shown("{ kind = server && (span.int = 5 || span.dbl = 5) }"), "int=5 kind=server");
}

#[test]
fn newest_first_keeps_the_newest_by_start() {
    let store = List(
        (1..=9)
            .rev()
            .map(|id| Trace {
                id: TraceId([id; 16]),
                batches: vec![batch("a", vec![span(id, 1, None, i64::from(id) * 10, Vec::new())])],
            })
            .collect(),
    );
    let request =
        SearchRequest { range: None, limit: 3, spans_per_spanset: 1, min_duration: None, max_duration: None };
    let expr = parse("{} with (most_recent=true)").unwrap();
    let answer = Engine::default().search(&store, &expr, &request, &Never).unwrap();
    assert_eq!(answer.traces.iter().map(|trace| trace.id.0[0]).collect::<Vec<_>>(), [9, 8, 7]);
}

#[test]
fn a_search_ends_when_it_is_interrupted() {
    struct Now;
    impl Interrupt for Now {
        fn interrupted(&self) -> bool {
            true
        }
    }
    let request =
        SearchRequest { range: None, limit: 3, spans_per_spanset: 1, min_duration: None, max_duration: None };
    let answer = Engine::default().search(&List(vec![trace()]), &parse("{}").unwrap(), &request, &Now);
    assert!(matches!(answer, Err(crate::EvalError::Interrupted)));
}

#[test]
fn hints_hold_for_every_trace_that_matches() {
    let hints = |query: &str| {
        let expr = parse(query).unwrap();
        crate::plan::hints(expr.pipelines()[0])
    };
    assert_eq!(hints("{ status = error && name = \"x\" }").len(), 2);
    assert_eq!(hints("{ .a = 1 } >> { .b = 2 }").len(), 2);
    assert_eq!(hints("{ .a = 1 } !>> { .b = 2 }").len(), 1);
    assert_eq!(hints("{ .a = 1 } || { .b = 2 }").len(), 0);
    assert_eq!(hints("{ .a = 1 || .b = 2 }").len(), 0);
    assert_eq!(hints("{ .a != 1 && !(.b = 2) && .c > 3 }").len(), 0);
    let same = |query: &str| crate::plan::same_span(parse(query).unwrap().pipelines()[0]);
    assert!(same("{ .a = 1 && .b = 2 } | { .c = 3 } | count() > 1"));
    assert!(!same("{ .a = 1 } >> { .b = 2 }") && !same("({ .a } && { .b }) | { .c }"));
    assert_eq!(hints("{ 2s < duration && resource.service.name = \"x\" } | count() > 1").len(), 2);
}
