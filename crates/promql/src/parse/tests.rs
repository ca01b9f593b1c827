use super::*;
use crate::ast::Type;

/// Parses `query` and compares its normalised form.
fn check(query: &str, printed: &str) {
    let expr = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    assert_eq!(expr.to_string(), printed, "{query}");
    assert_eq!(parse(printed).unwrap().to_string(), printed, "{query} printed and read again");
}

fn check_error(query: &str, expected: &str) {
    match parse(query) {
        Ok(expr) => panic!("{query} was read as {expr}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{query}"),
    }
}

#[test]
fn precedence_is_that_of_the_documentation() {
    let shape = |query: &str| match parse(query).unwrap().node {
        Node::Binary(binary) => format!("({}){}({})", binary.left, binary.op, binary.right),
        other => panic!("{other:?}"),
    };
    assert_eq!(shape("a + b * c"), "(a)+(b * c)");
    assert_eq!(shape("a - b - c"), "(a - b)-(c)");
    assert_eq!(shape("a ^ b ^ c"), "(a)^(b ^ c)");
    assert_eq!(shape("a or b and c"), "(a)or(b and c)");
    assert_eq!(shape("a == b + c"), "(a)==(b + c)");
    assert_eq!(shape("-a * b"), "(-a)*(b)");
    assert!(matches!(parse("-a ^ b").unwrap().node, Node::Negate(_)));
}

#[test]
fn queries_are_normalised() {
    check("SUM(x) BY (job,instance)", "sum by (job, instance) (x)");
    check("sum without() (x)", "sum without () (x)");
    check("topk(3, x{a='b'})", "topk(3, x{a=\"b\"})");
    check("rate(x[300])", "rate(x[5m])");
    check("x offset -1h @ 10", "x @ 10.000 offset -1h");
    check(
        "max_over_time(rate(x[5m])[1h:30s] @ end() offset 1m)",
        "max_over_time(rate(x[5m])[1h:30s] @ end() offset 1m)",
    );
    check("a * on(x) group_left(y) b", "a * on (x) group_left (y) b");
    check("a == bool ignoring(x) b", "a == bool ignoring (x) b");
    check("a + fill(0) b", "a + fill (0) b");
    check("{\"my.metric\", \"a.b\"=~\"c|d\"}", "{__name__=\"my.metric\",\"a.b\"=~\"c|d\"}");
    check("1h30m", "5400");
    check("+Inf", "+Inf");
    check("sum", "sum");
    check("offset offset 5m", "offset offset 5m");
    check("x # a comment\n + 1", "x + 1");
    check("-(a + b)", "-(a + b)");
    check(
        "label_replace(x, \"a\", \"$1\", 'b', `(.*)\\d`)",
        "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\\\\d\")",
    );
}

#[test]
fn types_follow_from_the_parts() {
    for (query, kind) in [
        ("1 + 2", Type::Scalar),
        ("1 + x", Type::Vector),
        ("x[5m]", Type::Matrix),
        ("\"a\"", Type::String),
        ("(time())", Type::Scalar),
    ] {
        assert_eq!(parse(query).unwrap().kind(), kind, "{query}");
    }
}

#[test]
fn errors_say_where_and_what_was_expected() {
    check_error("", "1:1: parse error: no expression found in input");
    check_error("sum(", "1:5: parse error: unexpected end of input, expected an expression");
    check_error(
        "a b",
        "1:3: parse error: unexpected identifier \"b\", expected an operator or the end of the query",
    );
    check_error("foo(x)", "1:1: parse error: unknown function with name \"foo\"");
    check_error(
        "rate(x)",
        "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector",
    );
    check_error("1 == 1", "1:1: parse error: comparisons between scalars must use BOOL modifier");
    check_error("a and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression");
    check_error("x\n  + bool y", "1:1: parse error: bool modifier can only be used on comparison operators");
    check_error("{a=\"\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher");
    check_error("x{__name__=\"y\"}", "1:1: parse error: metric name must not be set twice: \"x\" or \"y\"");
    check_error("x[0s]", "1:3: parse error: duration must be greater than 0");
    check_error("x offset 5m offset 5m", "1:13: parse error: offset may not be set multiple times");
    check_error(
        "round(x, 1, 2)",
        "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3",
    );
    check_error(
        "topk(x)",
        "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
    );
    check_error(
        "a * on(x) group_left(x) b",
        "1:25: parse error: label \"x\" must not occur in ON and GROUP clause at once",
    );
    check_error("x[5m] offset", "1:13: parse error: unexpected end of input, expected a number");
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert!(parse(&nested(50_000)).unwrap_err().message.contains("nested"));
    assert!(parse(&vec!["1"; 60_000].join("+")).unwrap_err().message.contains("nested"));
    assert!(parse(&"-".repeat(100_000)).unwrap_err().message.contains("nested"));
    assert!(parse(&" ".repeat(MAX_QUERY_BYTES + 1)).unwrap_err().message.contains("bytes"));
}
