use proptest::prelude::*;

use super::*;

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(&mut out, text);
    out
}

#[test]
fn control_characters_quotes_and_backslashes() {
    assert_eq!(quoted("a\"b\\c\n\r\t\u{1}\u{1f}\u{7f}é"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\u{7f}é\"");
}

#[test]
fn numbers_that_json_lacks() {
    for (value, expected) in [(f64::NAN, "null"), (f64::INFINITY, "null"), (0.25, "0.25"), (-0.0, "-0")] {
        let mut out = String::new();
        write_f64(&mut out, value);
        assert_eq!(out, expected);
    }
}

proptest! {
    #[test]
    fn serde_json_reads_back_what_was_written(text in any::<String>()) {
        prop_assert_eq!(serde_json::from_str::<String>(&quoted(&text)).unwrap(), text);
    }

    #[test]
    fn control_heavy_text_too(text in "[\u{0}-\u{30}\"\\\\\u{2028}\u{1f600}]{0,64}") {
        prop_assert_eq!(serde_json::from_str::<String>(&quoted(&text)).unwrap(), text);
    }

    #[test]
    fn text_written_in_pieces_is_the_same(text in any::<String>(), cut in any::<prop::sample::Index>()) {
        let at = text.char_indices().map(|(at, _)| at).nth(cut.index(text.chars().count().max(1))).unwrap_or(0);
        let mut out = String::from("\"");
        Escaping(&mut out).write_str(&text[..at]).unwrap();
        Escaping(&mut out).write_str(&text[at..]).unwrap();
        out.push('"');
        prop_assert_eq!(out, quoted(&text));
    }

    #[test]
    fn finite_numbers_read_back(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let mut out = String::new();
        write_f64(&mut out, value);
        // serde_json's own reading of floats is off by a bit at times; that it reads the text at all is what counts.
        prop_assert!(serde_json::from_str::<f64>(&out).is_ok());
        prop_assert_eq!(out.parse::<f64>().unwrap(), value);
    }
}
