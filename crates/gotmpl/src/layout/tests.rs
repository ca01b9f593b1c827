use super::*;

fn utc() -> FixedOffset {
    FixedOffset::east_opt(0).unwrap()
}

fn sample() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-03-05T07:08:09.120450Z").unwrap()
}

#[test]
fn writes_go_layouts() {
    for (layout, expected) in [
        ("2006-01-02T15:04:05Z07:00", "2026-03-05T07:08:09Z"),
        ("2006-01-02T15:04:05.999999999Z07:00", "2026-03-05T07:08:09.12045Z"),
        ("2006-01-02 15:04:05.000", "2026-03-05 07:08:09.120"),
        ("Mon Jan _2 3:04PM 2006", "Thu Mar  5 7:08AM 2026"),
        ("Monday, January 2 06", "Thursday, March 5 26"),
        ("02/Jan/2006:15:04:05 -0700", "05/Mar/2026:07:08:09 +0000"),
        ("__2 002", " 64 064"),
        ("15h04 MST", "07h08 UTC"),
    ] {
        assert_eq!(format(&sample(), layout), expected, "{layout}");
    }
}

#[test]
fn reads_go_layouts() {
    for (layout, text) in [
        ("2006-01-02T15:04:05.999999999Z07:00", "2026-03-05T07:08:09.12045Z"),
        ("2006-01-02T15:04:05Z07:00", "2026-03-05T09:08:09.12045+02:00"),
        ("02/Jan/2006:15:04:05 -0700", "05/Mar/2026:07:08:09.12045 +0000"),
        ("Mon Jan _2 3:04:05PM 2006", "Thu Mar  5 7:08:09.12045AM 2026"),
    ] {
        assert_eq!(parse(text, layout, utc()).unwrap(), sample(), "{layout}");
    }
    assert_eq!(
        parse(
            "2026-03-05 08:08:09.12045",
            "2006-01-02 15:04:05.000000",
            FixedOffset::east_opt(3600).unwrap()
        ),
        Err(LayoutError {
            text: "2026-03-05 08:08:09.12045".into(),
            layout: "2006-01-02 15:04:05.000000".into(),
            rest: ".12045".into(),
            expected: "a fraction of a second".into()
        }),
        "a fraction written with zeros has just that many digits"
    );
}

#[test]
fn a_text_that_does_not_fit_says_where() {
    let error = parse("2026-13-05", "2006-01-02", utc()).unwrap_err();
    assert!(error.expected.contains("out of range"), "{error}");
    let error = parse("yesterday", "2006-01-02", utc()).unwrap_err();
    assert_eq!((error.rest.as_str(), error.expected.as_str()), ("yesterday", "a year"));
    for text in ["", "2026", "2026-03-05T", "ü", "2026-03-05T07:08:09+"] {
        assert!(parse(text, "2006-01-02T15:04:05Z07:00", utc()).is_err(), "{text}");
    }
}
