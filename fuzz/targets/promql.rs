//! PromQL: any text is parsed or refused; what is parsed prints to the same expression and can be evaluated within limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Labels;
use model::metrics::{AppendRow, MetricAppender, Sample, SeriesKey};
use promql::{Engine, Limits, Never, parse};
use std::sync::LazyLock;
use tsdb::{Options, Store};

/// A few series of every kind of value.
static STORE: LazyLock<Store> = LazyLock::new(|| {
    let store = Store::in_memory(Options::default());
    let mut rows = Vec::new();
    for (index, le) in ["0.1", "1.0", "+Inf"].into_iter().enumerate() {
        for step in 0..60_i64 {
            let v = if step == 30 { f64::NAN } else { (step * (index as i64 + 1)) as f64 };
            let labels = Labels::from_pairs([("__name__", "a"), ("le", le), ("job", if index == 0 { "x" } else { "y" })]);
            rows.push(AppendRow { series: SeriesKey::Labels(labels), sample: Sample { t: step * 5_000, v }, exemplar: None });
        }
    }
    store.append(&rows).expect("samples");
    store
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(expr) = parse(text) else { return };
    let printed = expr.to_string();
    let again = parse(&printed).unwrap_or_else(|error| panic!("{text:?} prints {printed:?}: {error}"));
    assert_eq!(again.to_string(), printed);
    let engine = Engine::new(Limits { max_samples: 100_000, max_points: 100, ..Limits::default() });
    let _ = engine.instant(&*STORE, &expr, 200_000, &Never);
    let _ = engine.range(&*STORE, &expr, 0, 300_000, 15_000, &Never);
});
