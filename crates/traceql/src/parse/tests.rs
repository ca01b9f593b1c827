use super::*;

#[track_caller]
fn shows(text: &str, expected: &str) {
    let parsed = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(parsed.to_string(), expected, "{text}");
    let again = parse(&parsed.to_string()).unwrap_or_else(|error| panic!("{parsed}: {error}"));
    assert_eq!(again, parsed, "what is printed parses to the same tree");
}

#[track_caller]
fn refused(text: &str, error: &str) {
    assert_eq!(parse(text).expect_err(text).to_string(), error, "{text}");
}

#[test]
fn operators_bind_as_in_tempo() {
    shows("{ .a || .b && .c }", "{ (.a || .b) && .c }");
    shows("{ .a = 1 + 2 * 3 ^ 2 ^ 2 }", "{ .a = (1 + (2 * (3 ^ (2 ^ 2)))) }");
    shows("{ !.a = .b }", "{ (!.a) = .b }");
    shows("{ -.a = 2 }", "{ (-.a) = 2 }");
    shows("{ -1 = 2 }", "{ -1 = 2 }");
    shows("{} >> {} && {}", "(({ true }) >> ({ true })) && ({ true })");
}

#[test]
fn pipelines_aggregates_and_groups() {
    shows("{} | by(name) | count() > 2 | coalesce()", "{ true } | by(name) | count() > 2 | coalesce()");
    shows("count() = 1 | { true }", "count() = 1 | { true }");
    shows("({ .a } | count() > 1) >> ({ .b })", "(({ .a } | count() > 1)) >> ({ .b })");
    shows("{} | select(.a, resource.\"b c\", name)", "{ true } | select(.a, resource.\"b c\", name)");
}

#[test]
fn metrics_second_stages_arithmetic_and_hints() {
    shows(
        "{} | rate() by (span.a) > 10 with (sample=0.1)",
        "{ true } | rate() by (span.a) > 10 with(sample=0.1)",
    );
    shows(
        "{} | rate() | topk(5) > 20 | bottomk (10) <= 10",
        "{ true } | rate() | topk(5) > 20 | bottomk(10) <= 10",
    );
    shows(
        "({} | rate()) / ({} | count_over_time()) * 2 > 1 / 2",
        "(({ true } | rate()) / ({ true } | count_over_time())) * (2) > 0.5",
    );
}

#[test]
fn errors_say_where_and_what() {
    refused("{ name = }", "parse error at line 1, col 10: syntax error: unexpected }");
    refused("{ .a = \"b\" } | count() >", "parse error at line 1, col 25: syntax error: unexpected $end");
    refused("{ .a } | nosuch() > 1", "parse error at line 1, col 10: syntax error: unexpected IDENTIFIER");
    refused("{ status = bogus }", "parse error at line 1, col 12: unknown identifier: bogus");
    refused(
        "{} | count_over_time",
        "parse error at line 1, col 21: syntax error: unexpected $end, expecting (",
    );
    refused("{\n  name = \"x\n}", "parse error at line 2, col 10: literal not terminated");
}

#[test]
fn what_is_not_a_query_is_refused() {
    for text in [
        "",
        "true",
        "( true )",
        "{} | count()",
        "{} + {}",
        "{} = {}",
        "2 * 3",
        "{} | rate() + 5",
        "{} | topk(3)",
        "({} | rate()) % 10",
        "({}) + ({})",
        "count() > 3 && {}",
        "({ true }) && (count())",
        "{} | rate() | topk(-1)",
        "({} | rate()) > (10s + 5s)",
        "{} == 1",
        "{} | select(1 + .a)",
        "max(name) = \"foo\"",
        "{ trace:kind = server }",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    for open in ["(", "{ !", "{ (", "{ -"] {
        let text = format!("{}{}", &open[..open.len() - 1], open[open.len() - 1..].repeat(100_000));
        assert!(parse(&text).is_err());
    }
    let sum = format!("{{ .a = 1{} }}", " + 1".repeat(20_000));
    assert!(parse(&sum).is_ok(), "long is not deep");
}

#[test]
fn attributes_alone() {
    assert_eq!(parse_attribute("resource.service.name").unwrap().to_string(), "resource.service.name");
    assert_eq!(parse_attribute("span:name").unwrap().to_string(), "name");
    assert_eq!(
        parse_attribute("nosuch").unwrap_err().to_string(),
        "parse error at line 1, col 1: unknown identifier: nosuch"
    );
}

proptest::proptest! {
    #[test]
    fn nothing_makes_the_parser_panic(text in "[ {}()|&<>=!~+*/.a-c\"`0-9:,]{0,60}") {
        if let Ok(parsed) = parse(&text) {
            let printed = parsed.to_string();
            proptest::prop_assert_eq!(parse(&printed).map_err(|error| format!("{printed}: {error}")), Ok(parsed));
        }
    }
}
