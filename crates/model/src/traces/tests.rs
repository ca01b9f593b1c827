use super::*;

#[test]
fn short_and_upper_case_ids_are_read_and_padded() {
    assert_eq!(TraceId::parse("ABC").unwrap().to_string(), format!("{:0>32}", "abc"));
    assert_eq!(SpanId::parse("6b51eac68c6bc50e").unwrap().to_string(), "6b51eac68c6bc50e");
}

#[test]
fn malformed_ids_say_what_was_found_and_expected() {
    for text in ["", "xyz", "é", &"0".repeat(33)] {
        let error = TraceId::parse(text).expect_err(text);
        assert_eq!((error.found.as_str(), error.digits), (text, 32));
    }
    assert!(SpanId::parse("00000000000000001").is_err());
}
