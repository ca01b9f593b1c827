//! Random queries over a little data: nothing panics, what is printed reads back, and a range query gives at each step what an
//! instant query gives at that time.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

use model::Labels;
use model::metrics::{is_stale, stale_marker};
use promql::testing::MemoryStore;
use promql::{Engine, Limits, Never, Value, function_names, parse};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (-5_i32..20).prop_map(|value| value.to_string()),
        Just("0.5".to_owned()),
        Just("NaN".to_owned()),
        Just("Inf".to_owned()),
        Just("1e300".to_owned()),
    ]
}

fn duration() -> impl Strategy<Value = String> {
    prop_oneof![Just("10s"), Just("25s"), Just("1m"), Just("3m"), Just("1s"), Just("7")]
        .prop_map(str::to_owned)
}

fn modifier() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(String::new()),
        1 => Just(" offset 15s".to_owned()),
        1 => Just(" offset -10s".to_owned()),
        1 => Just(" @ 30".to_owned()),
        1 => Just(" @ 30 offset 10s".to_owned()),
    ]
}

fn selector() -> impl Strategy<Value = String> {
    let matchers = prop_oneof![
        4 => Just(""),
        1 => Just("{a=\"1\"}"),
        1 => Just("{a!=\"1\"}"),
        1 => Just("{a=~\"1|2\",b!~\"x.*\"}"),
    ];
    let name = prop_oneof![Just("m"), Just("n_total"), Just("h_bucket"), Just("nothing")];
    (name, matchers).prop_map(|(name, matchers)| format!("{name}{matchers}"))
}

/// An instant vector.
fn vector() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => (selector(), modifier()).prop_map(|(selector, modifier)| selector + &modifier),
        1 => number().prop_map(|value| format!("vector({value})")),
        1 => Just("{__name__=~\"m|n_total\"}".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let range = prop_oneof![
            (selector(), duration(), modifier()).prop_map(|(selector, range, modifier)| format!("{selector}[{range}]{modifier}")),
            (inner.clone(), duration(), modifier())
                .prop_map(|(expr, range, modifier)| format!("({expr})[{range}:10s]{modifier}")),
        ];
        let matching = prop::sample::select(vec!["", "", "", "", "on(a)", "ignoring(b)", "on(a) group_left(b)", "on() group_right()", "on(a) fill(0)", "ignoring(b) fill_left(1)"]);
        let set_matching = prop::sample::select(vec!["", "", "", "", "on(a)", "ignoring(b)"]);
        let number_op = prop_oneof![
            Just("+"), Just("-"), Just("*"), Just("/"), Just("%"), Just("^"), Just("atan2"), Just("=="), Just("!="),
            Just("<"), Just(">="), Just("> bool"), Just("== bool"),
        ];
        let set_op = prop_oneof![Just("and"), Just("or"), Just("unless")];
        let fold = prop_oneof![
            Just("sum"), Just("avg"), Just("min"), Just("max"), Just("count"), Just("group"), Just("stddev"), Just("stdvar"),
        ];
        let grouping = prop::sample::select(vec!["", "", "", "", "by (a)", "without (b)", "by (__name__)", "by (le)", "without ()"]);
        let ranked = prop_oneof![
            Just("topk"), Just("bottomk"), Just("quantile"), Just("limitk"), Just("limit_ratio"),
        ];
        let windows: Vec<&str> = function_names()
            .map(|(name, _)| name)
            .filter(|name| name.ends_with("_over_time") && *name != "quantile_over_time")
            .chain(["rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets"])
            .collect();
        let maps = prop::sample::select(vec![
            "abs", "ceil", "exp", "ln", "sqrt", "sgn", "round", "timestamp", "absent", "day_of_year", "hour", "sort_desc",
            "deg", "acosh", "days_in_month",
        ]);
        prop_oneof![
            2 => (prop::sample::select(windows), range.clone()).prop_map(|(name, range)| format!("{name}({range})")),
            1 => (number(), range.clone()).prop_map(|(q, range)| format!("quantile_over_time({q}, {range})")),
            1 => range.prop_map(|range| format!("predict_linear({range}, 60)")),
            1 => (maps, inner.clone()).prop_map(|(name, expr)| format!("{name}({expr})")),
            2 => (inner.clone(), number_op.clone(), matching, inner.clone())
                .prop_map(|(left, op, matching, right)| format!("({left}) {op} {matching} ({right})")),
            1 => (inner.clone(), number_op, number()).prop_map(|(left, op, right)| format!("({left}) {op} {right}")),
            1 => (inner.clone(), set_op, set_matching, inner.clone())
                .prop_map(|(left, op, matching, right)| format!("({left}) {op} {matching} ({right})")),
            2 => (fold, grouping.clone(), inner.clone()).prop_map(|(op, by, expr)| format!("{op} {by} ({expr})")),
            1 => (ranked, grouping, number(), inner.clone()).prop_map(|(op, by, k, expr)| format!("{op} {by} ({k}, {expr})")),
            1 => inner.clone().prop_map(|expr| format!("histogram_quantile(0.9, {expr})")),
            1 => inner.clone().prop_map(|expr| format!("histogram_fraction(0, 1, {expr})")),
            1 => inner.clone().prop_map(|expr| format!("count_values(\"v\", {expr})")),
            1 => inner.clone().prop_map(|expr| format!("label_replace({expr}, \"a\", \"$1\", \"b\", \"(.).*\")")),
            1 => inner.clone().prop_map(|expr| format!("label_join({expr}, \"b\", \"-\", \"a\", \"le\")")),
            1 => inner.clone().prop_map(|expr| format!("clamp({expr}, scalar({expr}), 3)")),
            1 => inner.prop_map(|expr| format!("-({expr})")),
        ]
    })
}

fn store() -> MemoryStore {
    let store = MemoryStore::new();
    let put = |name: &str, labels: &[(&str, &str)], values: &[f64]| {
        let labels = Labels::from_pairs(labels.iter().copied().chain([("__name__", name)]));
        for (at, value) in values.iter().enumerate() {
            store.add(&labels, at as i64 * 10_000, *value);
        }
    };
    let stale = stale_marker();
    put("m", &[("a", "1"), ("b", "x")], &[1.0, 2.0, f64::NAN, 4.0, stale, 6.0, 7.0]);
    put("m", &[("a", "1"), ("b", "y")], &[5.0, 5.0, 5.0, stale]);
    put("m", &[("a", "2"), ("b", "x")], &[-1.0, f64::INFINITY, 0.0, -0.0, 1e308, 1e308, -1e308]);
    put("n_total", &[("a", "1")], &[0.0, 10.0, 20.0, 5.0, 15.0, 25.0, 35.0]);
    put("n_total", &[("a", "2"), ("b", "x")], &[3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]);
    for (le, count) in [("0.1", 1.0), ("1", 3.0), ("+Inf", 4.0), ("much", 9.0)] {
        put("h_bucket", &[("a", "1"), ("le", le)], &[count, count + 1.0, count, 0.0]);
    }
    store
}

type Points = BTreeMap<Labels, f64>;

/// Whether two answers are the same but for the order in which values were added.
fn same(a: &Points, b: &Points) -> bool {
    let close = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
    };
    let never_stale = a.values().chain(b.values()).all(|value| !is_stale(*value));
    never_stale && a.len() == b.len() && a.iter().zip(b).all(|((x, v), (y, w))| x == y && close(*v, *w))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_range_query_is_many_instant_queries(query in vector()) {
        let expr = parse(&query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let printed = expr.to_string();
        prop_assert_eq!(&parse(&printed).unwrap().to_string(), &printed, "{}", query);
        let (store, engine) = (store(), Engine::new(Limits::default()));
        let range = engine.range(&store, &expr, 0, 60_000, 15_000, &Never);
        let mut found: BTreeMap<i64, Points> = BTreeMap::new();
        if let Ok(answer) = &range {
            let Value::Matrix(series) = &answer.value else { panic!("{query}: no matrix") };
            for series in series {
                for sample in &series.samples {
                    found.entry(sample.t).or_default().insert(series.labels.clone(), sample.v);
                }
            }
        }
        let mut failed = false;
        for t in (0..=60_000).step_by(15_000) {
            let Ok(answer) = engine.instant(&store, &expr, t, &Never) else {
                failed = true;
                continue;
            };
            let Value::Vector(samples) = answer.value else { panic!("{query}: no vector") };
            let count = samples.len();
            let points: Points = samples.into_iter().map(|sample| (sample.labels, sample.sample.v)).collect();
            prop_assert_eq!(points.len(), count, "{} at {}: labels occur twice", query, t);
            if range.is_ok() {
                let ranged = found.remove(&t).unwrap_or_default();
                prop_assert!(same(&ranged, &points), "{} at {}: {:?} and {:?}", query, t, ranged, points);
            }
        }
        // Where an instant fails the range has to fail as well.
        prop_assert!(!(failed && range.is_ok()), "{}: an instant query fails and the range query does not", query);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z0-9_(){}\\[\\]\"',:=~!+*/^@% .#\\\\\n-]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn a_mangled_query_is_read_or_refused(query in vector(), at in 0_usize..200, with in "[\\x00-\\x7f\\u{e9}]{0,3}") {
        let at = (0..=at.min(query.len())).rev().find(|at| query.is_char_boundary(*at)).unwrap();
        let mangled = format!("{}{with}{}", &query[..at], &query[(at + 1).min(query.len())..]);
        if let Ok(expr) = parse(&mangled) {
            let _ = Engine::new(Limits::default()).instant(&store(), &expr, 30_000, &Never);
        }
    }
}

#[test]
fn limits_hold() {
    let store = store();
    let limits = Limits { max_samples: 1_000, max_points: 100, ..Limits::default() };
    let engine = Engine::new(limits);
    let kind = |query: &str, end: i64| {
        let error = engine.range(&store, &parse(query).unwrap(), 0, end, 1_000, &Never).unwrap_err();
        (error.kind(), error.to_string())
    };
    assert!(kind("m", 100_000).1.starts_with("exceeded maximum resolution of 100 points per timeseries"));
    assert_eq!(kind("m", 100_000).0, promql::ErrorKind::BadData);
    assert_eq!(kind("sum_over_time(vector(1)[1000d:1s])", 10_000).0, promql::ErrorKind::Execution);
    assert_eq!(kind("m[5m]", 10_000).0, promql::ErrorKind::BadData);
    assert_eq!(kind("{__name__=~\".+\"} + 0", 99_000).0, promql::ErrorKind::Execution);
}

/// Nested subqueries touch billions of samples; the caller's word ends it.
#[test]
fn an_interrupt_ends_a_long_query() {
    struct After(std::cell::Cell<u32>);
    impl promql::Interrupt for After {
        fn interrupted(&self) -> bool {
            self.0.set(self.0.get() + 1);
            self.0.get() > 3
        }
    }
    let query = "sum_over_time(sum_over_time(vector(1)[10h:1s])[10h:1s])";
    let after = After(std::cell::Cell::new(0));
    let error =
        Engine::new(Limits::default()).instant(&store(), &parse(query).unwrap(), 0, &after).unwrap_err();
    assert_eq!(error.kind(), promql::ErrorKind::Timeout);
}

/// As deep as the parser lets an expression be, on a thread of the usual size.
#[test]
fn the_deepest_expression_fits_the_stack() {
    let wrap = |mut query: String, with: &str| {
        while let Ok(expr) = parse(&format!("{with}({query})")) {
            query = expr.to_string();
        }
        query
    };
    for query in [
        wrap("m".to_owned(), "abs"),
        wrap("m".to_owned(), "-"),
        wrap("m".to_owned(), "sum by (a) "),
        wrap("m".to_owned(), "1 + "),
    ] {
        let expr = parse(&query).unwrap();
        let engine = Engine::new(Limits::default());
        let store = store();
        assert!(engine.range(&store, &expr, 0, 60_000, 10_000, &Never).is_ok(), "{query}");
    }
}
