use super::*;
use crate::parse::parse;

fn check_text(text: &str) -> Result<(), CheckError> {
    check(&parse(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

#[test]
fn right_types_pass() {
    for text in [
        "{ .a }",
        "{ name != nil }",
        "{ 1 < 1h }",
        "{ .a = nil }",
        "{ true } | by(1 + .a) | max(.b * 2) > 1",
        "{} | quantile_over_time(duration, 0, .5, 1) by (.a) | topk(3)",
        "{} | compare({ status = error })",
    ] {
        assert_eq!(check_text(text), Ok(()), "{text}");
    }
}

#[test]
fn wrong_types_are_shown() {
    for (text, message) in [
        ("{ duration > \"1s\" }", "binary operations must operate on the same type: duration > `1s`"),
        ("{ kind < consumer }", "illegal operation for the given types: kind < consumer"),
        ("{ 1 }", "span filter field expressions must resolve to a boolean: { 1 }"),
        ("{ .a } | avg(name) > 1", "aggregate field expressions must resolve to a number type: avg(name)"),
        ("{ .a } | sum(3) = 2", "aggregate field expressions must reference the span: sum(3)"),
        ("{ } | by(1)", "grouping field expressions must reference the span: by(1)"),
        ("{ name =~ \"(\" }", "invalid regex: `(`"),
        ("{ status = nil }", "status cannot be nil"),
        ("{ nil = resource.service.name }", "resource.service.name cannot be nil"),
        ("{ !name = \"x\" }", "illegal operation for the given type: !name"),
        ("{} | rate() | topk(0)", "limit must be greater than 0"),
        ("{} | quantile_over_time(duration, 2)", "quantile must be between 0 and 1: 2"),
        ("{} | rate() by (.a,.b,.c,.d,.e,.f)", "maximum number of group by fields is 5, found 6"),
        (
            "{} | compare({}) | topk(3)",
            "`compare()` cannot be used with second stage functions or arithmetic",
        ),
    ] {
        assert_eq!(check_text(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn what_tempo_does_not_support_is_called_so() {
    for text in
        ["{ parent.a = 1 }", "{ parent }", "sum(.a) = min(.a)", "({ .a } | count()) > ({ .b } | count())"]
    {
        assert!(check_text(text).unwrap_err().is_unsupported(), "{text}");
    }
}
