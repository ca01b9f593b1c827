use crate::ast::*;
use crate::parse;
use model::{MatchOp, Matcher};
use proptest::prelude::*;

/// Texts that print as they are.
#[test]
fn printed_as_written() {
    for text in [
        r#"{a="b", c=~"d.*"} |= "x" or "y" != ip("10.0.0.0/8") |> "<_> a" | json a="x.y[0]",b="z" | logfmt --strict --keep-empty"#,
        r#"{a="b"} | json | line_format "{{.x}}" | ( c>1ms or ( d<5.0kB , e="f" ) )"#,
        r#"{a="b"} | pattern "<x> <_>" | regexp "(?P<y>z)" | unpack | decolorize | drop a,b="c" | keep d,e=~"f""#,
        r#"{a="b"} | label_format a=b,c="{{.d}}" | x=ip("1.2.3.4") | y!=ip("::1")"#,
        r#"sum by (a,b)(rate({a="b"} |= "x"[5m]))"#,
        r#"quantile_over_time(0.95,{a="b"} | json | unwrap duration(took) | __error__=""[5m] offset 1h) by (c)"#,
        r#"topk without (x)(3,count_over_time({a="b"}[1d]))"#,
        r#"(rate({a="b"}[1m]) > bool on (a) group_left (b) rate({c="d"}[1m]))"#,
        r#"label_replace(vector(1),"d","$1","s","(.*)")"#,
    ] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn long_queries_are_wrapped() {
    let text = r#"sum by (service)(rate({job="services", env="production-europe"} |= "error" | json | status>=500 | method="GET" | __error__=""[5m]))"#;
    let expected = r#"sum by (service)(
  rate(
    {job="services", env="production-europe"}
      |= "error"
      | json
      | status>=500
      | method="GET"
      | __error__="" [5m]
  )
)"#;
    let pretty = parse(text).unwrap().pretty();
    assert_eq!(pretty, expected);
    assert_eq!(parse(&pretty), parse(text));
}

fn name() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_]{0,4}".prop_filter("words of the language", |name| {
        ![
            "ip", "or", "and", "unless", "by", "on", "bool", "unwrap", "offset", "json", "drop", "keep",
            "logfmt", "unpack", "regexp", "pattern",
        ]
        .contains(&name.as_str())
    })
}

fn text() -> impl Strategy<Value = String> {
    "[ -~é\n\t]{0,6}"
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let op = prop_oneof![
        Just(MatchOp::Equal),
        Just(MatchOp::NotEqual),
        Just(MatchOp::Regex),
        Just(MatchOp::NotRegex)
    ];
    (name(), op, "[a-z]{1,4}").prop_map(|(name, op, value)| Matcher::new(name, op, value).unwrap())
}

fn compare() -> impl Strategy<Value = CompareOp> {
    use CompareOp::*;
    prop_oneof![Just(Equal), Just(NotEqual), Just(Greater), Just(GreaterEqual), Just(Less), Just(LessEqual)]
}

fn label_filter() -> impl Strategy<Value = LabelFilter> {
    let number = -1_000_000i64..1_000_000;
    let leaf = prop_oneof![
        matcher().prop_map(LabelFilter::Text),
        (name(), compare(), number.clone()).prop_map(|(name, op, value)| LabelFilter::Number {
            name,
            op,
            value: value as f64 / 8.0
        }),
        (name(), compare(), number).prop_map(|(name, op, value)| LabelFilter::Duration {
            name,
            op,
            value: value * 1_000
        }),
        (name(), compare(), 0u64..1 << 40).prop_map(|(name, op, value)| LabelFilter::Bytes {
            name,
            op,
            value
        }),
        (name(), any::<bool>()).prop_map(|(name, negative)| LabelFilter::Ip {
            name,
            negative,
            pattern: "10.0.0.0/8".to_owned()
        }),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| LabelFilter::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner).prop_map(|(a, b)| LabelFilter::Or(Box::new(a), Box::new(b))),
        ]
    })
}

fn stage() -> impl Strategy<Value = Stage> {
    let extraction = || {
        (name(), "[a-z]{1,4}(\\.[a-z]{1,3})?")
            .prop_map(|(label, expression)| Extraction { label, expression })
    };
    let extractions = || proptest::collection::vec(extraction(), 0..3);
    let pick = prop_oneof![name().prop_map(LabelPick::Name), matcher().prop_map(LabelPick::Matching)];
    let picks = proptest::collection::vec(pick, 1..3).boxed();
    let op = prop_oneof![
        Just(LineOp::Contains),
        Just(LineOp::NotContains),
        Just(LineOp::Pattern),
        Just(LineOp::NotPattern)
    ];
    prop_oneof![
        (op, proptest::collection::vec("[a-z\"\\\\ ]{0,5}".prop_map(LineMatch::Text), 1..3))
            .prop_map(|(op, alternatives)| Stage::LineFilter(LineFilter { op, alternatives })),
        extractions().prop_map(Stage::Json),
        (any::<bool>(), any::<bool>(), extractions())
            .prop_map(|(strict, keep_empty, expressions)| Stage::Logfmt { strict, keep_empty, expressions }),
        Just(Stage::Pattern("<a> <_>".to_owned())),
        Just(Stage::Regexp("(?P<a>b)".to_owned())),
        Just(Stage::Unpack),
        Just(Stage::Decolorize),
        label_filter().prop_map(Stage::LabelFilter),
        text().prop_map(|text| Stage::LineFormat(text.replace(['{', '}'], ""))),
        (name(), name()).prop_map(|(name, from)| {
            Stage::LabelFormat(vec![LabelFormat { name, value: FormatValue::Rename(from) }])
        }),
        picks.clone().prop_map(Stage::Drop),
        picks.prop_map(Stage::Keep),
    ]
}

/// `| drop a != "x"` drops a matching label, in upstream's grammar too: a filter cannot stand there.
#[expect(clippy::ptr_arg, reason = "the type that the strategy hands over")]
fn unambiguous(stages: &Vec<Stage>) -> bool {
    stages.windows(2).all(|pair| {
        !(matches!(pair[0], Stage::Drop(_) | Stage::Keep(_)) && matches!(pair[1], Stage::LineFilter(_)))
    })
}

fn log() -> impl Strategy<Value = LogExpr> {
    let stages = proptest::collection::vec(stage(), 0..4).prop_filter("ambiguous", unambiguous);
    (proptest::collection::vec(matcher(), 0..2), stages).prop_map(|(mut matchers, stages)| {
        matchers.push(Matcher::equal("job", "x"));
        LogExpr { matchers, stages }
    })
}

fn range() -> impl Strategy<Value = LogRange> {
    let unwrap = (name(), proptest::collection::vec(label_filter(), 0..2))
        .prop_map(|(label, filters)| Unwrap { label, conversion: Some(Conversion::Bytes), filters });
    (log(), proptest::option::of(unwrap), 1i64..100_000, -50_000i64..50_000).prop_map(
        |(log, unwrap, range, offset)| LogRange {
            log,
            unwrap,
            range: range * 1_000_000,
            offset: offset * 1_000_000,
        },
    )
}

fn grouping() -> impl Strategy<Value = Grouping> {
    (any::<bool>(), proptest::collection::vec(name(), 0..3))
        .prop_map(|(without, labels)| Grouping { without, labels })
}

fn metric() -> impl Strategy<Value = MetricExpr> {
    let leaf = prop_oneof![
        range().prop_map(|range| {
            let op = if range.unwrap.is_some() { RangeOp::SumOverTime } else { RangeOp::Rate };
            MetricExpr::Range(RangeAggregation { op, range, parameter: None, grouping: None })
        }),
        (range(), grouping()).prop_map(|(mut range, grouping)| {
            range.unwrap.get_or_insert(Unwrap { label: "u".to_owned(), conversion: None, filters: vec![] });
            let op = RangeOp::QuantileOverTime;
            MetricExpr::Range(RangeAggregation { op, range, parameter: Some(0.5), grouping: Some(grouping) })
        }),
        any::<i32>().prop_map(|value| MetricExpr::Constant(f64::from(value) / 4.0)),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let matching = (any::<bool>(), proptest::collection::vec(name(), 1..3))
            .prop_map(|(on, labels)| Matching { on, labels, ..Matching::default() });
        prop_oneof![
            (inner.clone(), grouping()).prop_map(|(inner, grouping)| {
                MetricExpr::Vector(VectorAggregation {
                    op: VectorOp::Avg,
                    inner: Box::new(inner),
                    parameter: None,
                    grouping: Some(grouping),
                })
            }),
            (inner.clone(), 1i64..9).prop_map(|(inner, k)| {
                MetricExpr::Vector(VectorAggregation {
                    op: VectorOp::TopK,
                    inner: Box::new(inner),
                    parameter: Some(k),
                    grouping: None,
                })
            }),
            (inner.clone(), inner, proptest::option::of(matching)).prop_map(|(left, right, matching)| {
                let op = BinaryOp::Compare(CompareOp::Less);
                MetricExpr::Binary(Box::new(Binary { op, left, right, bool_modifier: true, matching }))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_query_is_the_same_query(log in log(), metric in metric()) {
        for expr in [Expr::Log(log), Expr::Metric(metric)] {
            let printed = expr.to_string();
            prop_assert_eq!(parse(&printed).map_err(|error| format!("{printed}: {error}")), Ok(expr.clone()));
            let pretty = expr.pretty();
            prop_assert_eq!(parse(&pretty).map_err(|error| format!("{pretty}: {error}")), Ok(expr));
        }
    }

    #[test]
    fn any_text_is_a_query_or_an_error(text in "[ -~é\n]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_mixture_of_words_is_a_query_or_an_error(
        words in proptest::collection::vec(prop_oneof![
            Just("{a=\"b\"}"), Just("|"), Just("json"), Just("rate("), Just(")"), Just("[5m]"), Just("sum"), Just("by"),
            Just("("), Just("or"), Just("and"), Just("|="), Just("\"x\""), Just("unwrap"), Just("!="), Just("5"), Just(","),
            Just("offset"), Just("-"), Just("ip"), Just("label_format"), Just("a"), Just("="), Just("5KB"), Just("1h"),
        ], 0..14)
    ) {
        let _ = parse(&words.join(" "));
    }
}
