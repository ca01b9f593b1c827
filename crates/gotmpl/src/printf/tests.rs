use super::*;

fn check(format: &str, args: &[Value], expected: &str) {
    assert_eq!(sprintf(format, args), expected, "{format}");
}

#[test]
fn verbs_as_in_go() {
    check("%d|%5d|%-5d|%05d|%+d", &[7, 7, 7, 7, 7].map(Value::Int), "7|    7|7    |00007|+7");
    check("%x %X %o %b %c %U %q", &[255, 255, 8, 5, 65, 65, 65].map(Value::Int), "ff FF 10 101 A U+0041 'A'");
    check("%s|%10s|%-6s|%.2s|%q|%x", &["go"; 6].map(Value::from), "go|        go|go    |go|\"go\"|676f");
    check(
        "%.2f %6.1f %e %g %v",
        &[1.5, 2.25, 1234.5, 0.00001, 1e6].map(Value::Float),
        "1.50    2.2 1.234500e+03 1e-05 1e+06",
    );
    check("%t %v %%", &[Value::Bool(true), Value::Null], "true <nil> %");
    check("%08.3f", &[Value::Float(-2.71)], "-002.710");
}

#[test]
fn mistakes_are_shown_as_in_go() {
    check("%d", &[Value::from("x")], "%!d(string=x)");
    check("%s %s", &[Value::from("x")], "x %!s(MISSING)");
    check("x", &[Value::Int(1)], "x%!(EXTRA int=1)");
    check("%", &[], "%!(NOVERB)");
    check("%s", &[Value::Int(3)], "%!s(int=3)");
}

#[test]
fn floats_as_percent_v() {
    for (number, expected) in [
        (0.0, "0"),
        (1.0, "1"),
        (100_000.0, "100000"),
        (1_000_000.0, "1e+06"),
        (123_456_789.0, "1.23456789e+08"),
        (0.0001, "0.0001"),
        (0.000_012_5, "1.25e-05"),
        (-2.5, "-2.5"),
        (f64::INFINITY, "+Inf"),
    ] {
        assert_eq!(format_g(number, None), expected);
    }
    assert_eq!(format_g(1234.5678, Some(4)), "1235");
    assert_eq!(format_g(0.123_456, Some(3)), "0.123");
    assert_eq!(format_g(12345.0, Some(3)), "1.23e+04");
}
