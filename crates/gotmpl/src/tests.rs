use super::*;
use crate::value::format_duration;

fn data() -> Value {
    Value::map([
        ("Name", Value::from("gateway")),
        ("Count", Value::Int(3)),
        ("Ratio", Value::Float(0.5)),
        ("Labels", Value::strings([("service", "gateway"), ("slo", "availability")])),
        ("List", Value::list(vec![Value::from("a"), Value::from("b")])),
        ("Empty", Value::list(vec![])),
    ])
}

fn render(text: &str) -> Result<String, TemplateError> {
    let funcs = FuncMap::new().with("toUpper", |args| match args {
        [Value::Str(text)] => Ok(Value::from(text.to_uppercase())),
        _ => Err("want one string".to_owned()),
    });
    Template::parse("t", text, &funcs)?.execute(&data())
}

fn check(text: &str, expected: &str) {
    assert_eq!(render(text).as_deref(), Ok(expected), "{text}");
}

fn check_error(text: &str, expected: &str) {
    let error = render(text).expect_err(text).to_string();
    assert!(error.contains(expected), "{text}: {error}");
}

#[test]
fn text_fields_and_pipelines() {
    check("plain", "plain");
    check("{{ .Name }} {{.Labels.service}}", "gateway gateway");
    check("{{ .Name | toUpper | printf \"%s-%s\" \"x\" }}", "x-GATEWAY");
    check("{{ printf \"%.1f\" .Ratio }}", "0.5");
    check("{{ (index .List 1) }}{{ index .Labels \"slo\" }}{{ len .List }}", "bavailability2");
    check("{{ .Labels }} {{ .List }}", "map[service:gateway slo:availability] [a b]");
    check("{{ \"q\\\"\\u00e9\" }}{{ `raw\\n` }}{{ 'a' }}", "q\"éraw\\n97");
    check("{{ .Labels.absent }}", "<no value>");
}

#[test]
fn control_structures() {
    check("{{ if .Empty }}yes{{ else if eq .Count 3 }}three{{ else }}no{{ end }}", "three");
    check("{{ range .List }}[{{ . }}]{{ else }}none{{ end }}", "[a][b]");
    check("{{ range .Empty }}x{{ else }}none{{ end }}", "none");
    check("{{ range $i, $x := .List }}{{ $i }}={{ $x }} {{ end }}", "0=a 1=b ");
    check("{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}", "service=gateway;slo=availability;");
    check("{{ range .List }}{{ if eq . \"b\" }}{{ break }}{{ end }}{{ . }}{{ end }}", "a");
    check("{{ range .List }}{{ if eq . \"a\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "b");
    check("{{ with .Labels }}{{ .service }}{{ $.Name }}{{ end }}", "gatewaygateway");
    check("{{ with .Empty }}x{{ else }}empty{{ end }}", "empty");
    check("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2");
    check("{{ range 3 }}{{ . }}{{ end }}", "012");
}

#[test]
fn templates_and_blocks() {
    check("{{ define \"a\" }}<{{ . }}>{{ end }}{{ template \"a\" .Name }}", "<gateway>");
    check("{{ block \"b\" .Count }}{{ . }}{{ end }}", "3");
    check_error("{{ template \"x\" . }}", "template \"x\" not defined");
    check_error(
        "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
        "maximum template depth",
    );
}

#[test]
fn trim_markers_and_comments() {
    check("a {{- \" b \" -}} c", "a b c");
    check("a {{- /* note */ -}} b{{/* x */}}", "ab");
    check("{{ -1 }}", "-1");
}

#[test]
fn comparisons_and_logic() {
    check("{{ and 1 0 2 }} {{ or 0 \"\" \"x\" }} {{ not .Empty }}", "0 x true");
    check(
        "{{ eq .Name \"a\" \"gateway\" }} {{ ne 1 2 }} {{ lt 1 2 }} {{ ge 2.5 2.5 }}",
        "true true true true",
    );
    check("{{ or .Name (index .List 9) }}", "gateway");
    check_error("{{ eq 1 1.0 }}", "incompatible types for comparison");
    check_error("{{ eq .Name 1 }}", "incompatible types for comparison");
}

#[test]
fn missing_keys_can_be_empty() {
    let template = Template::parse("t", "[{{ .Labels.absent }}]", &FuncMap::new()).unwrap();
    assert_eq!(template.missing_key(MissingKey::Empty).execute(&data()).unwrap(), "[]");
}

#[test]
fn parse_errors_have_a_line_and_what_was_found() {
    check_error("a\nb {{ nope }}", "t:2: function \"nope\" not defined");
    check_error("{{ if .A }}", "unclosed {{if}}: found EOF");
    check_error("{{ end }}", "unexpected {{end}}");
    check_error("{{ .A", "unclosed action");
    check_error("{{ \"abc }}", "unterminated quoted string");
    check_error("{{ }}", "missing value for command");
    check_error("{{ $x }}", "undefined variable \"$x\"");
    check_error("{{ (1 }}", "unclosed left paren");
    check_error("{{ 1 | 2 }}", "non executable command in pipeline stage 2");
    check_error("{{ break }}", "outside {{range}}");
    check_error("{{/* a", "unclosed comment");
    check_error("{{ 1x }}", "bad number syntax");
}

#[test]
fn run_errors_have_the_line() {
    check_error("\n{{ .Name.Foo }}", "t:2");
    check_error("{{ index .List 7 }}", "index out of range: 7");
    check_error("{{ .Count 1 }}", "is not a method");
    check_error("{{ toUpper 1 }}", "error calling toUpper: want one string");
    check_error("{{ range .Count }}{{ end }}{{ range .Ratio }}{{ end }}", "range can't iterate over 0.5");
}

#[test]
fn durations_print_as_in_go() {
    for (nanos, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (20_000_000, "20ms"),
        (1_500_000_000, "1.5s"),
        (3_723_000_000_000, "1h2m3s"),
        (-60_000_000_000, "-1m0s"),
    ] {
        assert_eq!(format_duration(nanos), text);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[{}().|$\"`a-z0-9 =:,/*\\-\n.é]{0,60}") {
        let _ = render(&text);
    }

    #[test]
    fn text_without_actions_is_itself(text in "[^{]*") {
        proptest::prop_assert_eq!(render(&text).unwrap(), text);
    }
}
