use super::fields::Fields;
use super::hints::Hints;
use super::*;
use model::Labels;

/// Runs the stages of a query over one line; `None` when it is dropped, else the line and its labels beside `job`.
fn run(stages: &str, line: &str, metadata: &[(&str, &str)]) -> Option<(String, String)> {
    let log = crate::parse_log(&format!("{{job=\"x\"}} {stages}"))
        .unwrap_or_else(|error| panic!("{stages}: {error}"));
    let pipeline = Pipeline::compile(&log.stages).unwrap();
    let mut fields = Fields::default();
    fields.reset(&Labels::from_pairs([("job", "x"), ("level", "info")]), metadata);
    let hints = Hints::everything();
    let mut state =
        Line { t: 1_767_225_600_123_456_789, text: Cow::Borrowed(line), fields: &mut fields, hints: &hints };
    if !pipeline.run(&mut state) {
        return None;
    }
    let text = state.text.into_owned();
    Some((text, fields.label_set().filtered(|name| name != "job" && name != "level").to_string()))
}

#[track_caller]
fn labels(stages: &str, line: &str, expected: &str) {
    assert_eq!(
        run(stages, line, &[]).map(|(_, labels)| labels).as_deref(),
        Some(expected),
        "{stages} on {line}"
    );
}

#[track_caller]
fn line(stages: &str, line: &str, expected: &str) {
    assert_eq!(run(stages, line, &[]).map(|(line, _)| line).as_deref(), Some(expected), "{stages} on {line}");
}

#[track_caller]
fn passes(stages: &str, line: &str, expected: bool) {
    assert_eq!(run(stages, line, &[]).is_some(), expected, "{stages} on {line}");
}

#[test]
fn line_filters() {
    passes("|= \"b\" or \"c\"", "xcx", true);
    passes("|= \"b\" or \"c\"", "x", false);
    passes("!= \"b\" or \"c\"", "xcx", false);
    passes("!= \"b\" or \"c\"", "x", true);
    passes("|~ \"a.c\"", "xabcx", true);
    passes("|~ \"a.c\"", "a\nc", false);
    passes("!~ \"(?i)ERROR\"", "an error", false);
    passes("|> \"<_>panic at <_>\"", "thread panic at x", true);
    passes("|> \"<_>panic at <_>\"", "panic at x", false);
    passes("|> \"<_> end\"", "the end of", false);
    passes("!> \"<_> end\"", "the end of", true);
}

#[test]
fn addresses() {
    passes("|= ip(\"192.168.7.0/24\")", "from 192.168.7.9:80 on", true);
    passes("|= ip(\"192.168.7.0/24\")", "from 192.168.8.9 on", false);
    passes("|= ip(\"192.168.7.5-192.168.7.20\")", "192.168.7.9", true);
    passes("|= ip(\"2001:db8::/32\")", "peer [2001:db8::7]:80", true);
    passes("|= ip(\"300.1.2.3\") ".replace("300", "30").as_str(), "only 300.1.2.3", false);
    passes("!= ip(\"10.0.0.0/8\")", "10.0.3.17", false);
    passes("| logfmt | a=ip(\"10.0.0.0/8\")", "a=10.1.1.1", true);
    passes("| logfmt | a!=ip(\"10.0.0.0/8\")", "a=10.1.1.1", false);
    passes("| logfmt | b=ip(\"10.0.0.0/8\")", "a=10.1.1.1", false);
}

#[test]
fn json_flattens() {
    labels(
        "| json",
        r#"{"a":{"b-c":1,"d":[1,2],"e":null},"n":12345678901234567890,"f":1.50,"t":true,"":"x","9l":"cat","é\u00e9":"\u00e9\n","a_b_c":"late"}"#,
        r#"{_9l="cat", __="é\n", a_b_c="1", f="1.50", n="12345678901234567890", t="true"}"#,
    );
    labels(
        "| json",
        r#"{"job":"other","level":"fatal","x":""}"#,
        r#"{job_extracted="other", level_extracted="fatal", x=""}"#,
    );
    let (_, found) = run("| json", r#"{"trace_id":"b"}"#, &[("trace_id", "a")]).unwrap();
    assert_eq!(found, r#"{trace_id="a", trace_id_extracted="b"}"#);
}

#[test]
fn broken_json_keeps_what_came_before() {
    let object = r#"__error__="JSONParserErr", __error_details__="Value looks like object, but can't find closing '}' symbol""#;
    labels("| json", "plain text", &format!("{{{object}}}"));
    labels("| json", "[1]", &format!("{{{object}}}"));
    labels("| json", r#"{"a":1, oops"#, &format!("{{{object}, a=\"1\"}}"));
    labels(
        "| json",
        r#"{"a":"b", "c": 2"#,
        r#"{__error__="JSONParserErr", __error_details__="Value is array, but can't find closing ']' symbol", a="b", c="2"}"#,
    );
    labels(
        "| json",
        r#"{"a":"b"#,
        r#"{__error__="JSONParserErr", __error_details__="Value is string, but can't find closing '\"' symbol"}"#,
    );
    labels(
        "| json",
        r#"{"a":nope}"#,
        r#"{__error__="JSONParserErr", __error_details__="Unknown value type"}"#,
    );
}

#[test]
fn json_expressions() {
    labels(
        r#"| json a="x.y[1].z", b="[\"k k\"]", c="missing.deep", d="n", e="x""#,
        r#"{"x":{"y":[1,{"z":"é"}]},"k k":2,"n":null}"#,
        r#"{a="é", b="2", c="", d="", e="{\"y\":[1,{\"z\":\"é\"}]}"}"#,
    );
    labels(r#"| json a="a""#, "no json", r#"{__error__="JSONParserErr"}"#);
    labels(r#"| json a="a", b="b""#, r#"{"a":1"#, r#"{a="1", b=""}"#);
    labels(r#"| json first="[0]""#, r#"["x", "y"]"#, r#"{first="x"}"#);
}

#[test]
fn logfmt_pairs() {
    let odd = r#"key= empty="" dup=1 dup=2 =novalue bare "quoted key"=7 spaced = 8"#;
    labels("| logfmt", odd, r#"{dup="1"}"#);
    labels("| logfmt --keep-empty", odd, r#"{_8="", bare="", dup="1", empty="", key="", spaced=""}"#);
    labels(
        "| logfmt --strict",
        odd,
        r#"{__error__="LogfmtParserErr", __error_details__="logfmt syntax error at pos 27 : unexpected '='", dup="1"}"#,
    );
    labels(
        "| logfmt",
        r#"msg="a \"b\"" level=warn x=é"#,
        r#"{level_extracted="warn", msg="a \"b\"", x="é"}"#,
    );
    labels(r#"| logfmt m="msg", other, none="nope""#, "msg=hi other=1", r#"{m="hi", none="", other="1"}"#);
}

#[test]
fn pattern_regexp_unpack() {
    labels(
        "| pattern `<ip> - <_> [<at>] <rest>`",
        "1.2.3.4 - me [now] go on",
        r#"{at="now", ip="1.2.3.4", rest="go on"}"#,
    );
    labels("| pattern `<a> | <b>`", "no bar", r#"{a="no bar"}"#);
    labels("| pattern `x<a>`", "yz", "{}");
    labels("| regexp `(?P<m>\\w+) (?P<n>\\d+)?`", "GET ", r#"{m="GET", n=""}"#);
    labels("| regexp `(?P<m>\\d+)`", "none", "{}");
    let packed = r#"{"pod":"a","n":1,"_entry":"the line","job":"y"}"#;
    labels("| unpack", packed, r#"{job_extracted="y", pod="a"}"#);
    line("| unpack", packed, "the line");
    labels("| unpack", r#"{"pod":"a"}"#, "{}");
    labels(
        "| unpack",
        "text",
        r#"{__error__="JSONParserErr", __error_details__="expecting json object(6), but it is not"}"#,
    );
    labels(
        "| logfmt --strict",
        "a=1 b=\"c",
        r#"{__error__="LogfmtParserErr", __error_details__="logfmt syntax error at pos 9 : unterminated quoted value", a="1"}"#,
    );
}

#[test]
fn label_filters() {
    let line = "status=500 took=1.5s size=2KiB name=x empty= big=1e3";
    for (filter, passing) in [
        ("status >= 500", true),
        ("status == 500", true),
        ("status > 500", false),
        ("took > 1s", true),
        ("took < 1500ms", false),
        ("size = 2048B", true),
        ("size >= 2KB", true),
        ("big = 1000", true),
        ("name = \"x\"", true),
        ("name =~ \"[xy]\"", true),
        ("name !~ \"[xy]\"", false),
        ("nosuch = \"\"", true),
        ("nosuch != \"a\"", true),
        ("nosuch > 3", false),
        ("status > 400 and status < 500", false),
        ("status > 400 , name = \"x\"", true),
        ("status > 400 name = \"y\"", false),
        ("name = \"y\" or status > 400 and took > 1s", true),
        ("(name = \"y\" or status > 400) and took > 2s", false),
        ("level = \"info\"", true),
    ] {
        passes(&format!("| logfmt | {filter}"), line, passing);
    }
    labels(
        "| logfmt | name > 5 | took > 100s",
        "name=x took=1s",
        r#"{__error__="LabelFilterErr", __error_details__="strconv.ParseFloat: parsing \"x\": invalid syntax", name="x", took="1s"}"#,
    );
    passes("| logfmt | name > 5 | __error__=\"\"", "name=x", false);
    passes("| json | nosuch > 5", "no json", false);
    passes("| logfmt | json | name > 5", "name=9", true);
}

#[test]
fn drop_keep_rename() {
    labels("| logfmt | drop a, b=\"2\", c=\"9\"", "a=1 b=2 c=3", r#"{c="3"}"#);
    assert_eq!(run("| logfmt | keep a, b=\"9\"", "a=1 b=2", &[("m", "1")]).unwrap().1, r#"{a="1"}"#);
    labels("| json | drop __error__, __error_details__", "text", "{}");
    labels(
        "| logfmt | label_format c=a, d=`{{.b}}-{{.nosuch}}`, e=nosuch",
        "a=1 b=2",
        r#"{b="2", c="1", d="2-"}"#,
    );
    labels("| label_format lvl=level", "x", r#"{lvl="info"}"#);
    line("| decolorize", "\u{1b}[1;31mred\u{1b}[0m \u{1b} odd", "red \u{1b} odd");
}

/// Only `line_format` and `unpack` keep filters behind them; this is what Loki does.
#[test]
fn filters_come_first() {
    passes("| decolorize |= \"plain text\"", "\u{1b}[31mplain\u{1b}[0m text", false);
    passes("| line_format \"new\" |= \"new\"", "old", true);
    passes("| unpack |= \"the\"", r#"{"_entry":"the line"}"#, true);
}

#[test]
fn the_store_is_told_what_lines_must_have() {
    let log = crate::parse_log(
        "{a=\"b\"} |= \"x\" | trace_id=\"t\" and y=\"z\" | n=\"\" | __error__=\"\" | json | later=\"no\" |= \"after json\"",
    );
    let pipeline = Pipeline::compile(&log.unwrap().stages).unwrap();
    assert_eq!(pipeline.line_contains(), ["x", "after json"]);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(pipeline.metadata_equals(), [pair("trace_id", "t"), pair("y", "z")]);
    let log = crate::parse_log("{a=\"b\"} | line_format \"q\" |= \"q\" | a=\"1\" or b=\"2\"").unwrap();
    let pipeline = Pipeline::compile(&log.stages).unwrap();
    assert!(pipeline.line_contains().is_empty() && pipeline.metadata_equals().is_empty());
}

#[test]
fn templates() {
    for (template, expected) in [
        ("{{.level}} {{ .nosuch }}|{{__line__}}", "info |the line"),
        ("{{ div (mul (.n | int) 3) 2 }} {{ add 1 2 3 }} {{ sub 5 2 }} {{ mod 7 4 }}", "750 6 3 3"),
        ("{{ addf 1.5 2 }} {{ mulf 29.308 1000 }} {{ subf 0.3 0.1 }} {{ divf 1 4 }}", "3.5 29308 0.2 0.25"),
        (
            "{{ round 3.14159 2 }} {{ ceil 1.2 }} {{ floor 1.8 }} {{ max 1 9 3 }} {{ min 4 2 }}",
            "3.14 2 1 9 2",
        ),
        ("{{ \"/products\" | b64enc }} {{ b64dec \"L3Byb2R1Y3Rz\" }}", "L3Byb2R1Y3Rz /products"),
        (
            "{{ regexReplaceAll \"[aeiou](.)\" \"failed\" \"<$1>\" }} {{ regexReplaceAllLiteral \"a\" \"aba\" \"$1\" }}",
            "f<i>l<d> $1b$1",
        ),
        (
            "{{ title \"request failed\" }} {{ repeat 2 \"ab\" }} {{ indent 2 \"x\" }} {{ trunc 2 \"abc\" }} {{ trunc -2 \"abc\" }}",
            "Request Failed abab   x ab bc",
        ),
        ("{{ alignLeft 5 \"ab\" }}|{{ alignRight 5 \"ab\" }}|{{ alignRight 2 \"abc\" }}", "ab   |   ab|bc"),
        ("{{ bytes \"2KB\" }} {{ bytes \"1.2GB\" }} {{ duration \"1m30s\" }}", "2000 1.2e+09 90"),
        (
            "{{ unixToTime \"1767225600\" | date \"2006-01-02\" }} {{ __timestamp__ | unixEpochMillis }}",
            "2026-01-01 1767225600123",
        ),
        (
            "{{ $j := fromJson \"{\\\"a\\\":[{\\\"b\\\":1},{\\\"b\\\":2.5}]}\" }}{{ range $j.a }}{{ .b }};{{ end }}",
            "1;2.5;",
        ),
        (
            "{{ if contains \"in\" .level }}yes{{ else }}no{{ end }} {{ default \"d\" .nosuch }} {{ urlencode \"a b&c\" }}",
            "yes d a+b%26c",
        ),
        (
            "{{ Replace \"aaa\" \"a\" \"b\" 2 }} {{ replace \"a\" \"b\" \"aa\" }} {{ substr 1 3 \"abcd\" }} {{ count \"[se]\" \"request\" }}",
            "bba bb bc 3",
        ),
        (
            "{{ toDate \"2006-01-02\" \"2026-01-01\" | unixEpoch }} {{ trimPrefix \"a\" \"ab\" }} {{ TrimSuffix \"ab\" \"b\" }}",
            "1767225600 b a",
        ),
    ] {
        let mut fields = Fields::default();
        fields.reset(&Labels::from_pairs([("level", "info"), ("n", "500")]), &[]);
        let template = template::LineTemplate::new("line", template)
            .unwrap_or_else(|error| panic!("{template}: {error}"));
        let found = template.execute("the line", 1_767_225_600_123_456_789, &fields);
        assert_eq!(found.as_deref(), Ok(expected));
    }
    labels(
        "| line_format `{{ repeat 99999999 \"aaaa\" }}`",
        "x",
        r#"{__error__="TemplateFormatErr", __error_details__="template: line:1: executing \"line\": error calling repeat: repeat: the text is longer than 1048576 bytes"}"#,
    );
}

#[test]
fn hints_stop_the_parser_when_all_is_found() {
    let expr = crate::parse("sum by (a) (count_over_time({x=\"y\"} | json [1m]))").unwrap();
    let crate::Expr::Metric(metric) = &expr else { panic!() };
    let hints = Hints::for_groups(&["a".to_owned()], metric.ranges()[0]);
    let mut fields = Fields::default();
    fields.reset(&Labels::from_pairs([("x", "y")]), &[]);
    assert_eq!(json::flatten(r#"{"b":1,"a":2,"c" broken"#, &mut fields, &hints), Ok(()));
    assert_eq!(fields.label_set().to_string(), r#"{a="2", x="y"}"#);
}

mod any_line {
    use super::*;
    use proptest::prelude::*;

    /// Pieces that stages look for, and what breaks them.
    fn line() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{\"a\":"),
            Just("\"b\\u00e9\\\""),
            Just("\"x\":{"),
            Just("[1,"),
            Just("}"),
            Just("]"),
            Just(","),
            Just("k=v "),
            Just("q=\"a b\" "),
            Just("\\"),
            Just("\""),
            Just("="),
            Just("10.0.0.1"),
            Just("::1"),
            Just("\u{1b}[31m"),
            Just("\u{1b}"),
            Just("é"),
            Just("☕"),
            Just("\\ud83d\\ude80"),
            Just("_entry\":\"z\""),
            Just("1.5s 2KB -3e9"),
            Just(" - \n\t"),
        ];
        proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    const STAGES: [&str; 22] = [
        "| json",
        "| json a=\"a\", b=\"x.y[0]\", c=\"[1]\"",
        "| logfmt",
        "| logfmt --strict --keep-empty",
        "| logfmt k, z=\"q\"",
        "| pattern \"<a>=<b> <_>\"",
        "| regexp \"(?P<n>\\\\d+)(?P<rest>.*)\"",
        "| unpack",
        "| decolorize",
        "|= ip(\"10.0.0.0/8\")",
        "!= ip(\"::/0\")",
        "|> \"<_>=<_>\"",
        "| k > 5 or a < 10ms",
        "| b >= 2KB , n != 3",
        "| a=ip(\"10.0.0.1\")",
        "| drop a, k=\"v\"",
        "| keep a, b=~\".*\"",
        "| label_format z=a, y=\"{{ .a | trunc 2 | title }}\", level=\"{{.k}}\"",
        "| line_format \"{{ .a }} {{ __line__ }}\"",
        "| line_format \"{{ __line__ | substr 1 4 | alignRight 3 }}{{ regexReplaceAll `.` .k `<$0>` }}\"",
        "| line_format \"{{ $j := fromJson __line__ }}{{ range $k, $v := $j }}{{ $k }}{{ $v }}{{ end }}\"",
        "| __error__!=\"\"",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever the line and the stages: no panic, and labels that are sorted and unique.
        #[test]
        fn goes_through_any_stages(
            line in prop_oneof![line(), ".{0,40}"],
            picks in proptest::collection::vec(0..STAGES.len(), 1..5),
        ) {
            let stages: Vec<_> = picks.iter().map(|at| STAGES[*at]).collect();
            let log = crate::parse_log(&format!("{{job=\"x\"}} {}", stages.join(" "))).unwrap();
            let pipeline = Pipeline::compile(&log.stages).unwrap();
            let mut fields = Fields::default();
            let hints = Hints::everything();
            // Twice, because the fields are reused.
            for _ in 0..2 {
                fields.reset(&Labels::from_pairs([("job", "x"), ("level", "info")]), &[("id", "é")]);
                let mut state = Line { t: 1, text: Cow::Borrowed(&line), fields: &mut fields, hints: &hints };
                pipeline.run(&mut state);
                let labels = fields.label_set();
                let names: Vec<_> = labels.iter().map(|(name, _)| name.to_owned()).collect();
                prop_assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
                let all = fields.iter().count();
                prop_assert_eq!(all, labels.len(), "a name is there twice: {}", labels);
            }
        }
    }
}
