//! `kill -9` in the middle of writing: every push that was acknowledged is there afterwards, whole.
//!
//! The test starts itself as a child that pushes and prints the number of each push that was acknowledged; the parent
//! kills it at some moment, opens the folder and compares. No test harness, because the child needs `main`.
//!
//! `cargo test -p tracedb --test kill -- 100` kills a hundred times.

use model::traces::{
    AttrValue, Resource, Scope, Span, SpanBatch, SpanId, SpanKind, StatusCode, TraceAppender, TraceId,
    TraceQuerier,
};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tracedb::{Options, TraceDb};

/// Kills of a plain `cargo test`; the first argument asks for more.
const ROUNDS: u32 = 8;
/// Spans of one push, all of one trace.
const SPANS: u64 = 20;
/// Small, so that heads are written out all the time.
const HEAD_BYTES: usize = 64 << 10;

/// A child that does not outlive the test.
struct Kill(Child);

impl Drop for Kill {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("child") => child(Path::new(&arguments[2]), arguments[3].parse().expect("a number")),
        rounds => parent(rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)),
    }
}

fn open(folder: &Path) -> TraceDb {
    let options = Options { head_bytes: HEAD_BYTES, ..Options::default() };
    let (db, recovery) = TraceDb::open(folder, options).expect("the store opens");
    assert!(recovery.set_aside.is_empty(), "a segment is whole or not there: {recovery:?}");
    db
}

fn id(push: u64) -> TraceId {
    let mut id = [1; 16];
    id[8..].copy_from_slice(&push.to_be_bytes());
    TraceId(id)
}

fn batch(push: u64) -> SpanBatch {
    let spans = (1..=SPANS).map(|number| Span {
        trace_id: id(push),
        span_id: SpanId(number.to_be_bytes()),
        parent: (number > 1).then_some(SpanId(1_u64.to_be_bytes())),
        trace_state: "".into(),
        flags: 0,
        name: "op".into(),
        kind: SpanKind::Server,
        start: 1_700_000_000_000_000_000 + push as i64 * 1_000,
        end: 1_700_000_000_000_000_000 + push as i64 * 1_000 + 500,
        status: StatusCode::Ok,
        status_message: "".into(),
        attributes: vec![("push".into(), AttrValue::Str(push.to_string().as_str().into()))],
        events: Vec::new(),
        links: Vec::new(),
        dropped_attributes: 0,
        dropped_events: 0,
        dropped_links: 0,
    });
    let attributes = vec![("service.name".into(), AttrValue::Str("kill".into()))];
    SpanBatch {
        resource: Arc::new(Resource { attributes, dropped_attributes: 0 }),
        resource_schema_url: "".into(),
        scope: Arc::new(Scope::default()),
        scope_schema_url: "".into(),
        spans: spans.collect(),
    }
}

/// Pushes from number `first` on until it is killed.
fn child(folder: &Path, first: u64) {
    let db = open(folder);
    let mut out = std::io::stdout();
    for push in first.. {
        let report = db.push(vec![batch(push)]).expect("the push is written");
        assert_eq!(report.accepted, SPANS);
        writeln!(out, "{push}").and_then(|()| out.flush()).expect("the parent reads");
    }
}

fn parent(rounds: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let me = std::env::current_exe().expect("the path of this program");
    let mut acknowledged = 0;
    for round in 0..rounds {
        let first = acknowledged + 1;
        let mut child = Kill(
            Command::new(&me)
                .args(["child", &folder.path().to_string_lossy(), &first.to_string()])
                .stdout(Stdio::piped())
                .spawn()
                .expect("the child starts"),
        );
        let lines = BufReader::new(child.0.stdout.take().expect("its output")).lines();
        let reader = std::thread::spawn(move || {
            lines.map_while(Result::ok).filter_map(|line| line.parse().ok()).last()
        });
        std::thread::sleep(Duration::from_millis(60 + RandomState::new().build_hasher().finish() % 120));
        drop(child);
        acknowledged = reader.join().expect("the reader ends").unwrap_or(acknowledged);
        let db = open(folder.path());
        for push in 1..=acknowledged {
            let trace =
                db.trace(id(push)).expect("readable").unwrap_or_else(|| panic!("push {push} is lost"));
            assert_eq!(trace.batches, [batch(push)], "round {round}, push {push}");
        }
        // One push may be there that was written and not yet acknowledged; it is whole, or it is not there.
        let extra = db.trace(id(acknowledged + 1)).expect("readable");
        assert!(extra.is_none_or(|trace| trace.batches == [batch(acknowledged + 1)]));
        assert!(db.trace(id(acknowledged + 2)).expect("readable").is_none());
    }
    assert!(acknowledged > 0, "the children never got to push");
    println!("{rounds} kills, {acknowledged} pushes acknowledged, none lost");
}
