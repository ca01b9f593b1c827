use super::*;

fn kinds(text: &str) -> String {
    let shown: Vec<String> = tokens(text)
        .unwrap()
        .iter()
        .map(|spanned| match &spanned.token {
            Token::Attribute(attribute) => attribute.to_string(),
            Token::Identifier(name) => name.clone(),
            Token::Str(text) => format!("{text:?}"),
            Token::Int(number) => number.to_string(),
            Token::Float(number) => format!("{number:?}"),
            Token::Duration(nanos) => format!("{nanos}ns"),
            Token::Symbol(symbol) => (*symbol).to_owned(),
            Token::End => "end".to_owned(),
        })
        .collect();
    shown.join(" ")
}

#[test]
fn attributes_intrinsics_and_literals() {
    assert_eq!(
        kinds(r#"span.http.route ."a b" .5 1.9s 350us"#),
        r#"span.http.route ."a b" 0.5 1900000000ns 350000ns end"#
    );
    assert_eq!(kinds("span:duration trace:id parent.x"), "duration trace:id parent.x end");
    assert_eq!(kinds(r#""a\"b\n" `raw\n`"#), r#""a\"b\n" "raw\\n" end"#);
}

#[test]
fn the_longest_operator_wins() {
    assert_eq!(kinds("!>>&>>>=|||"), "!>> &>> >= || | end");
}

#[test]
fn errors_have_the_position_of_the_start() {
    let error = tokens("{ name = \"open }").unwrap_err();
    assert_eq!((error.line, error.col, error.message.as_str()), (1, 10, "literal not terminated"));
    assert!(tokens("{ span. }").is_err());
    assert!(tokens("[").is_err());
}

#[test]
fn durations_as_go_writes_them() {
    assert_eq!(duration_nanos("1h30m"), Some(5_400_000_000_000));
    assert_eq!(duration_nanos("1.5ms"), Some(1_500_000));
    for bad in ["", "5", "s", "5x", "-"] {
        assert_eq!(duration_nanos(bad), None, "{bad}");
    }
}
