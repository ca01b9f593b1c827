use super::*;

fn tokens(query: &str) -> Vec<Token> {
    lex(query).unwrap().into_iter().map(|lexeme| lexeme.token).collect()
}

#[test]
fn numbers_in_all_spellings() {
    for (query, value) in [
        ("0x1F", 31.0),
        ("017", 15.0),
        ("089", 89.0),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        ("1.5E-1", 0.15),
    ] {
        assert_eq!(tokens(query)[0], Token::Number(value), "{query}");
    }
    assert_eq!(tokens("1h30m")[0], Token::Duration(5_400_000));
}

#[test]
fn a_colon_separates_only_within_brackets() {
    assert_eq!(tokens("a:b")[0], Token::Word("a:b".into()));
    assert_eq!(tokens("[5m:1m]")[2], Token::Sign(":"));
}

#[test]
fn escapes_are_those_of_go() {
    let text = |query: &str| match tokens(query).swap_remove(0) {
        Token::Text { value, .. } => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(text(r#""a\n\t\"\x41\u00e9\101""#), "a\n\t\"A\u{e9}A");
    assert_eq!(text(r"`a\n`"), "a\\n");
    assert_eq!(
        lex(r#""\xc5z""#).unwrap()[0].token,
        Token::Text { value: "\u{fffd}z".into(), bad: Some(r#""\xc5z""#.into()) }
    );
}

#[test]
fn errors_say_where() {
    for (query, place) in [("foo\n  $", (2, 3)), ("\"abc", (1, 1)), ("1 + 3x", (1, 5)), (r#""\q""#, (1, 2))] {
        let error = lex(query).unwrap_err();
        assert_eq!((error.line, error.column), place, "{query}");
    }
}
