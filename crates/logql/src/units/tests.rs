use super::*;

#[test]
fn durations_of_go_and_prometheus() {
    assert_eq!(parse_go_duration("1m30s"), Some(90_000_000_000));
    assert_eq!(parse_go_duration("1.5ms"), Some(1_500_000));
    assert_eq!(parse_go_duration("-2µs"), Some(-2_000));
    assert_eq!(parse_go_duration("0"), Some(0));
    assert_eq!(parse_go_duration("1d"), None);
    assert_eq!(parse_go_duration("5"), None);
    assert_eq!(parse_go_duration("ms"), None);
    assert_eq!(parse_duration("1d"), Some(86_400_000_000_000));
    assert_eq!(parse_duration("-1w"), Some(-7 * 86_400_000_000_000));
    assert_eq!(format_range(5_400_000_000_000), "1h30m");
    assert_eq!(format_range(-1_000_000_000), "-1s");
    assert_eq!(format_go_duration(1_500_000_000), "1.5s");
}

#[test]
fn sizes_of_humanize() {
    for (text, bytes) in [
        ("2KB", 2_000),
        ("2KiB", 2_048),
        ("1.5 MB", 1_500_000),
        ("512", 512),
        ("512b", 512),
        ("3g", 3_000_000_000),
    ] {
        assert_eq!(parse_bytes(text), Some(bytes), "{text}");
    }
    assert_eq!(parse_bytes("2XB"), None);
    assert_eq!(parse_bytes(""), None);
    for (bytes, text) in
        [(512, "512B"), (5_000, "5.0kB"), (921_600, "922kB"), (2_000_000, "2.0MB"), (7, "7B")]
    {
        assert_eq!(format_bytes(bytes), text);
    }
}

#[test]
fn numbers() {
    assert_eq!(format_sample(1e21), "1000000000000000000000");
    assert_eq!(format_sample(f64::NEG_INFINITY), "-Inf");
    assert_eq!(format_sample(3.0), "3");
    assert_eq!(parse_float("1e3"), Ok(1000.0));
    assert!(parse_float("+Inf").is_ok_and(f64::is_infinite));
    assert_eq!(
        parse_float("request served").unwrap_err(),
        "strconv.ParseFloat: parsing \"request served\": invalid syntax"
    );
    assert!(parse_float("").is_err());
    assert!(parse_float(" 1").is_err());
}

#[test]
fn quotes_like_go() {
    assert_eq!(quote("a\"b\\c\n\u{1}é"), "\"a\\\"b\\\\c\\n\\x01é\"");
}

#[test]
fn regular_expressions_fail_in_go_s_words() {
    for (pattern, expected) in [
        ("(", "error parsing regexp: missing closing ): `(`"),
        ("a)", "error parsing regexp: unexpected ): `a)`"),
        ("[a", "error parsing regexp: missing closing ]: `[a`"),
        ("*", "error parsing regexp: missing argument to repetition operator: `*`"),
        ("(?=x)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=x)`"),
    ] {
        let message = regex::Regex::new(pattern).unwrap_err().to_string();
        assert_eq!(regex_error(&message, pattern), expected);
    }
}

#[test]
fn a_lone_brace_is_itself() {
    assert!(regex("{.*}").unwrap().is_match("x {a} y"));
    assert!(regex("a{2}").unwrap().is_match("aa"));
    assert!(regex("(").is_err());
}
