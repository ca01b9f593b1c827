//! docs/reference/compat.md is made from the tables of the readers and engines. `UPDATE_DOCS=1 cargo test -p stackconf --test
//! compat` writes it anew.

use std::path::Path;

const HEAD: &str = "# What the embedded stack does of what upstream does

<!-- Made from the code by crates/stackconf/tests/compat.rs; UPDATE_DOCS=1 cargo test -p stackconf --test compat writes it. -->

The docker stack runs the real engines and has no such list. The embedded stack reads the same files and answers the same
queries; this is how far it goes.

";

/// Functions that Prometheus 3 documents.
const PROMQL: &str = "abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp clamp_max \
    clamp_min cos cosh count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv \
    double_exponential_smoothing exp first_over_time floor histogram_avg histogram_count histogram_fraction \
    histogram_quantile histogram_quantiles histogram_stddev histogram_stdvar histogram_sum hour idelta increase info irate \
    label_join label_replace last_over_time ln log10 log2 mad_over_time max_over_time min_over_time minute month pi \
    predict_linear present_over_time quantile_over_time rad rate resets round scalar sgn sin sinh sort sort_by_label \
    sort_by_label_desc sort_desc sqrt stddev_over_time stdvar_over_time sum_over_time tan tanh time timestamp \
    ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time vector year";

/// What Loki documents, one query for each thing: the table says whether it parses.
const LOGQL: &[(&str, &str)] = &[
    ("line filters `\\|=` `!=` `\\|~` `!~`, `or`", r#"{a="b"} |= "x" or "y" != "z" |~ "u" !~ "v""#),
    ("pattern filters `\\|>` `!>`", r#"{a="b"} |> "<_> x" !> "y <_>""#),
    ("`json`, with expressions", r#"{a="b"} | json | json x="y.z""#),
    ("`logfmt`, `--strict`, `--keep-empty`", r#"{a="b"} | logfmt --strict --keep-empty"#),
    ("`pattern`", r#"{a="b"} | pattern "<x> <_>""#),
    ("`regexp`", r#"{a="b"} | regexp "(?P<x>y)""#),
    ("`unpack`", r#"{a="b"} | unpack"#),
    (
        "label filters: text, number, duration, bytes, `ip()`",
        r#"{a="b"} | json | c="d" and e>1 or f>1s, g>1KB | h=ip("10.0.0.0/8")"#,
    ),
    ("`line_format`, `label_format`", r#"{a="b"} | line_format "{{.x}}" | label_format y=x"#),
    ("`drop`, `keep`, `decolorize`", r#"{a="b"} | drop x | keep y | decolorize"#),
    (
        "`rate` `count_over_time` `bytes_rate` `bytes_over_time` `absent_over_time`",
        r#"rate({a="b"}[1m]) + count_over_time({a="b"}[1m]) + bytes_rate({a="b"}[1m]) + bytes_over_time({a="b"}[1m]) + absent_over_time({a="b"}[1m])"#,
    ),
    ("`unwrap`, `duration()`, `bytes()`", r#"sum_over_time({a="b"} | json | unwrap duration(x) [1m])"#),
    (
        "`avg_over_time` … `quantile_over_time`, `rate_counter`",
        r#"quantile_over_time(0.9, {a="b"} | unwrap x [1m]) by (c)"#,
    ),
    (
        "`sum` `avg` `min` `max` `count` `stddev` `stdvar` `topk` `bottomk` `sort` `sort_desc`",
        r#"sort(topk(3, sum by (x) (rate({a="b"}[1m]))))"#,
    ),
    ("`approx_topk`", r#"approx_topk(3, sum by (x) (rate({a="b"}[1m])))"#),
    (
        "binary operators, `bool`, `on`, `group_left`",
        r#"rate({a="b"}[1m]) > bool on (x) group_left rate({c="d"}[1m])"#,
    ),
    ("`offset`", r#"rate({a="b"}[1m] offset 5m)"#),
    ("`label_replace`, `vector`", r#"label_replace(vector(1), "a", "b", "c", "d")"#),
    ("variants", r#"variants(count_over_time({a="b"}[1m])) of ({a="b"}[1m])"#),
];

/// What Tempo documents, likewise.
const TRACEQL: &[(&str, &str)] = &[
    (
        "attributes: `span.` `resource.` `event.` `link.` `instrumentation.` and unscoped",
        "{ span.a = 1 && resource.b = `c` && event.d != nil && link.e = true && instrumentation.f = 1.5 && .g =~ `h` }",
    ),
    (
        "intrinsics",
        "{ name = `a` && status = error && kind = server && duration > 1s && rootName = `b` && traceDuration > 2s && span:id != `` }",
    ),
    ("structural operators `>` `>>` `<` `<<` `~`", "{ } > { } >> { } < { } << { } ~ { }"),
    ("negated and union structural operators", "{ } !> { } !>> { } &>> { } &~ { }"),
    ("`count` `avg` `min` `max` `sum`", "{ } | count() > 1 | avg(duration) > 1s"),
    ("`by`, `coalesce`, `select`", "{ } | by(span.a) | coalesce() | select(span.b)"),
    ("arithmetic", "{ span.a * 2 + 1 > span.b ^ 2 }"),
    ("`rate` `count_over_time`, `by`", "{ } | rate() by (span.a)"),
    ("`min_` `max_` `avg_` `sum_over_time`", "{ } | avg_over_time(duration)"),
    ("`quantile_over_time`, `histogram_over_time`", "{ } | quantile_over_time(duration, .9, .99)"),
    ("`topk`, `bottomk`", "{ } | rate() by (span.a) | topk(3)"),
    ("`compare`", "{ } | compare({ status = error })"),
    ("`with (exemplars = …)`", "{ } | rate() with (exemplars = true)"),
    ("`parent.`", "{ parent.a = 1 }"),
];

fn probes(table: &[(&str, &str)], works: impl Fn(&str) -> bool) -> String {
    let row =
        |(what, query): &(&str, &str)| format!("| {what} | {} |\n", if works(query) { "yes" } else { "no" });
    format!("| | supported |\n|---|---|\n{}", table.iter().map(row).collect::<String>())
}

fn document() -> String {
    let known: Vec<(&str, bool)> = promql::function_names().collect();
    let marked =
        |(name, experimental): &(&str, bool)| format!("`{name}`{}", if *experimental { "\\*" } else { "" });
    let functions: Vec<String> = known.iter().map(marked).collect();
    let missing: Vec<String> = PROMQL
        .split_whitespace()
        .filter(|name| !known.iter().any(|(known, _)| known == name))
        .map(|name| format!("`{name}`"))
        .collect();
    let missing = if missing.is_empty() { "none".to_owned() } else { missing.join(" ") };
    format!(
        "{HEAD}## PromQL

All operators, aggregations, modifiers (`offset`, `@`, subqueries), and vector matching of Prometheus 3, evaluated with its
left-open windows. Not supported: native histograms. Functions ({}; a star marks what Prometheus calls experimental):

{}

Documented by Prometheus and missing: {missing}.

## LogQL

{}
## TraceQL

{}
{}",
        functions.len(),
        functions.join(" "),
        probes(LOGQL, |query| logql::parse(query).is_ok()),
        probes(TRACEQL, |query| traceql::parse(query).is_ok_and(|expr| traceql::check(&expr).is_ok())),
        stackconf::compat::markdown()
    )
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not of the program")]
fn update() -> bool {
    std::env::var("UPDATE_DOCS").as_deref() == Ok("1")
}

#[test]
fn the_document_is_what_the_tables_give() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/compat.md");
    if update() {
        std::fs::write(&path, document()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document(),
        "docs/reference/compat.md is out of date: UPDATE_DOCS=1 cargo test -p stackconf --test compat"
    );
}

#[test]
fn no_key_stands_in_two_columns() {
    let text = stackconf::compat::markdown();
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let mut keys: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count, "{row}");
    }
}
