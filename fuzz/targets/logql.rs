//! LogQL: any text is parsed or refused; what is parsed prints to the same query and can be evaluated within limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logdb::{Config, LogDb};
use logql::{Direction, Engine, Expr, Limits, NeverInterrupted, parse};
use model::logs::{LogAppender, LogEntry, LogStream, NanosRange};
use model::{Labels, ManualClock};
use std::sync::{Arc, LazyLock};

const SECOND: i64 = 1_000_000_000;

/// A few lines of every kind.
static STORE: LazyLock<LogDb> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let store = LogDb::open(&folder, Config::default(), Arc::new(ManualClock::at_nanos(100 * SECOND))).expect("a store");
    let lines = ["{\"a\":1,\"b\":{\"c\":\"5ms\"}}", "a=1 b=\"x y\" c=2KB", "plain 10.0.0.1 text", "{\"broken", "\u{1b}[31mred\u{1b}[0m é"];
    for (index, job) in ["x", "y"].into_iter().enumerate() {
        let entries = (0..60).map(|step| LogEntry {
            t: (step + index as i64) * SECOND,
            line: lines[step as usize % lines.len()].to_owned(),
            metadata: vec![("id".to_owned(), (step % 7).to_string())],
        });
        let labels = Labels::from_pairs([("job", job), ("a", "b")]);
        store.push(vec![LogStream { labels, entries: entries.collect() }]).expect("lines");
    }
    store
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(expr) = parse(text) else { return };
    for printed in [expr.to_string(), expr.pretty()] {
        let again = parse(&printed).unwrap_or_else(|error| panic!("{text:?} prints {printed:?}: {error}"));
        assert_eq!(again.to_string(), expr.to_string(), "{text:?}");
    }
    let engine = Engine::new(Limits { max_samples: 10_000, ..Limits::default() });
    match &expr {
        Expr::Log(log) => {
            let range = NanosRange { start: 0, end: 100 * SECOND };
            for direction in [Direction::Forward, Direction::Backward] {
                let _ = engine.logs(&*STORE, log, range, 50, direction, &NeverInterrupted);
            }
        }
        Expr::Metric(_) => {
            let _ = engine.instant(&*STORE, &expr, 60 * SECOND, &NeverInterrupted);
            let _ = engine.range(&*STORE, &expr, 0, 90 * SECOND, 7 * SECOND, &NeverInterrupted);
        }
    }
});
