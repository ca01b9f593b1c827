use crate::ast::{Expr, LabelFilter, LineMatch, MetricExpr, Stage};
use crate::{parse, parse_matchers};

fn log(text: &str) -> crate::ast::LogExpr {
    match parse(text) {
        Ok(Expr::Log(log)) => log,
        other => panic!("{text}: {other:?}"),
    }
}

/// Query and what Loki says of it.
#[test]
fn errors_have_places_and_upstream_words() {
    for (text, message) in [
        ("", "parse error : syntax error: unexpected $end"),
        ("foo", "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"),
        (
            "{a=\"b\"} |= unquoted",
            "parse error at line 1, col 12: syntax error: unexpected IDENTIFIER, expecting STRING or ip",
        ),
        ("{a='b'}", "parse error at line 1, col 4: invalid char literal"),
        ("{a=\"b\"", "parse error at line 1, col 7: syntax error: unexpected $end, expecting } or ,"),
        ("{a=\"b\"} |= \"a\" |", "parse error at line 1, col 17: syntax error: unexpected $end"),
        ("{a=\"b\"}\n  | json\n  | |", "parse error at line 3, col 5: syntax error: unexpected |"),
        ("rate({a=\"b\"})", "parse error at line 1, col 13: syntax error: unexpected )"),
        ("sum({a=\"b\"})", "parse error at line 1, col 12: syntax error: unexpected )"),
        ("{a=\"b\"}[5m]", "parse error at line 1, col 8: syntax error: unexpected RANGE"),
        (
            "vector(abc)",
            "parse error at line 1, col 8: syntax error: unexpected IDENTIFIER, expecting NUMBER",
        ),
        (
            "sum by a (rate({a=\"b\"}[5m]))",
            "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER",
        ),
        (
            "sum(count_over_time({a=\"b\"} | unwrap x | unwrap y [5m]))",
            "parse error at line 1, col 42: syntax error: unexpected unwrap, expecting IDENTIFIER or (",
        ),
        (
            "1 and rate({a=\"b\"}[5m])",
            "parse error : unexpected literal for left leg of logical/set binary operation (and): 1.000000",
        ),
        (
            "rate({a=\"b\"}[5m]) + {c=\"d\"}",
            "parse error : unexpected type for right leg of binary operation (+): *syntax.MatchersExpr",
        ),
        ("sum_over_time({a=\"b\"}[5m])", "parse error : invalid aggregation sum_over_time without unwrap"),
        (
            "count_over_time({a=\"b\"} | unwrap x [5m]) by (a)",
            "parse error : grouping not allowed for count_over_time aggregation",
        ),
        (
            "quantile_over_time({a=\"b\"} | unwrap x [5m])",
            "parse error : parameter required for operation quantile_over_time",
        ),
        ("topk(rate({a=\"b\"}[5m]))", "parse error : parameter required for operation topk"),
        ("topk(0, rate({a=\"b\"}[5m]))", "parse error : invalid parameter (must be greater than 0) topk(0"),
        ("sum(2, rate({a=\"b\"}[5m]))", "parse error : unsupported parameter for operation sum(2,"),
        (
            "{a=\"b\"} | regexp \"x\"",
            "parse error : invalid regexp parser: at least one named capture must be supplied",
        ),
        (
            "{a=\"b\"} | pattern \"x\"",
            "parse error : invalid pattern parser: at least one capture is required",
        ),
        (
            "{a=\"b\"} | pattern \"<a><b>\"",
            "parse error : invalid pattern parser: found consecutive capture '<a><b>': invalid expression",
        ),
        (
            "{a=\"b\"} | json x=\"a..b\"",
            "parse error : stage '| json x=\"a..b\"' : cannot parse expression [a..b]: syntax error: unexpected DOT, expecting FIELD",
        ),
        (
            "{a=\"b\"} | line_format \"{{ .x | bogus }}\"",
            "parse error : stage '| line_format \"{{ .x | bogus }}\"' : invalid line template: template: line:1: function \"bogus\" not defined",
        ),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn refused_for_one_reason_or_another() {
    for (text, part) in [
        ("{}", "at least one regexp or equality matcher"),
        ("{a!=\"x\"}", "at least one regexp or equality matcher"),
        ("{a=~\".*\"}", "at least one regexp or equality matcher"),
        ("rate({a=~\".*\"}[5m])", "at least one regexp or equality matcher"),
        ("{a=~\"(\"}", "error parsing regexp"),
        ("{a=\"b\"} |~ \"(\"", "error parsing regexp"),
        ("{a=\"b\"} |= ip(\"10.0.0.300\")", "invalid ip pattern"),
        ("{a=\"b\"} |~ ip(\"10.0.0.1\")", "expected |= or !="),
        ("{a=\"b\"} |> \"<name> x\"", "named captures are not allowed"),
        ("count_over_time({a=\"b\"}[$__interval])", "not a valid duration string: \"$__interval\""),
        ("count_over_time({a=\"b\"}[5m)", "missing closing ']'"),
        ("{a=\"b\"} | x > 5foo", "is no number"),
        ("{a=\"b\"} | x > \"5\"", "expecting BYTES or STRING or NUMBER or DURATION"),
        ("{a=\"b\"} | label_format a=b, a=c", "multiple label name 'a'"),
        ("{a=\"b\"} | logfmt --loose", "expecting --strict or --keep-empty"),
        ("label_replace(rate({a=\"b\"}[1m]), \"d\", \"$1\", \"s\", \"(\")", "invalid regex in label_replace"),
        ("rate({a=\"b\"}[1m]) + bool rate({a=\"b\"}[1m])", "bool modifier"),
        ("sum(rate({a=\"b\"} | json | unwrap x | keep y [1m]))", "unexpected keep"),
        ("sort by (a) (rate({a=\"b\"}[1m]))", "grouping not allowed"),
        ("{a=\"b\" c=\"d\"}", "expecting } or ,"),
        ("{a=\"\\q\"}", "invalid char escape"),
        ("{a=\"b", "literal not terminated"),
        ("{a=`b", "literal not terminated"),
        ("{a=\"b\"} ; ", "unexpected \";\""),
    ] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn deep_and_long_queries_are_errors() {
    let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(parse(&deep).unwrap_err().to_string().contains("nested too deeply"));
    let filter = format!("{{a=\"b\"}} | {}x=\"y\"{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(parse(&filter).unwrap_err().to_string().contains("nested too deeply"));
    let long = format!("{{a=\"{}\"}}", "x".repeat(200_000));
    assert!(parse(&long).unwrap_err().to_string().contains("query too long"));
}

#[test]
fn what_binds_tighter() {
    for (text, same) in [
        ("1 + 2 * 3 ^ 2 ^ 0", "7"),
        ("2 ^ 3 ^ 2", "512"),
        ("-1 - -2", "1"),
        ("7 % 4 - 10 / 4", "0.5"),
        ("1 == 1", "1"),
        ("1 > 2", "0"),
    ] {
        assert_eq!(parse(text).unwrap().to_string(), same, "{text}");
    }
    let rate = "rate({a=\"b\"}[1m])";
    let text = format!("{rate} or {rate} and {rate} > {rate} + {rate} * 2");
    let same = format!("({rate} or ({rate} and ({rate} > ({rate} + ({rate} * 2)))))");
    assert_eq!(parse(&text).unwrap().to_string(), same);
    let Stage::LabelFilter(filter) = &log("{a=\"b\"} | c>1ms or d<5KB and e=\"f\"").stages[0] else {
        panic!()
    };
    assert!(matches!(filter, LabelFilter::Or(_, right) if matches!(**right, LabelFilter::And(..))));
}

#[test]
fn not_equal_is_a_filter_or_an_operator() {
    assert_eq!(log("{a=\"b\"} != \"x\"").stages.len(), 1);
    let Expr::Metric(MetricExpr::Binary(binary)) =
        parse("count_over_time({a=\"b\"} != \"x\" [1m]) != 5").unwrap()
    else {
        panic!()
    };
    assert_eq!(binary.op.as_str(), "!=");
    let Stage::LineFilter(filter) = &log("{a=\"b\"} |= \"x\" or \"y\" or ip(\"1.2.3.4\")").stages[0] else {
        panic!()
    };
    assert_eq!(filter.alternatives.len(), 3);
    assert_eq!(filter.alternatives[2], LineMatch::Ip("1.2.3.4".to_owned()));
    let text = "sum(count_over_time({a=\"b\"} |= \"x\" [1m])) or vector(0)";
    assert!(matches!(parse(text), Ok(Expr::Metric(MetricExpr::Binary(_)))));
}

#[test]
fn a_range_may_stand_before_the_stages() {
    let same = parse("rate({a=\"b\"} |= \"x\" | json [5m] offset 1h)").unwrap();
    for text in [
        "rate({a=\"b\"}[5m] offset 1h |= \"x\" | json)",
        "rate(({a=\"b\"} |= \"x\" | json)[5m] offset 1h)",
        "rate(({a=\"b\"} |= \"x\" | json [5m]) offset 1h)",
        "# why\nrate({a=\"b\"} |= \"x\" # because\n | json [5m] offset 1h)",
    ] {
        assert_eq!(parse(text).unwrap(), same, "{text}");
    }
}

#[test]
fn bare_selectors() {
    assert_eq!(parse_matchers("{a=\"b\", c!~\"d\"}", false).unwrap().len(), 2);
    assert!(parse_matchers("{c!~\"d\"}", true).is_ok());
    let error = parse_matchers("{a=\"b\"} |= \"x\"", false).unwrap_err().to_string();
    assert!(error.contains("only label matchers are supported"), "{error}");
}
