use super::number::*;
use super::*;
use proptest::prelude::*;

/// What a page says, one line an entry, or its error.
fn check(page: &str, format: Format, expected: &[&str]) {
    let shown: Vec<String> = Parser::new(page, format)
        .map(|entry| {
            let entry = entry.and_then(|entry| show(&entry));
            entry.unwrap_or_else(|error| format!("error: {error}"))
        })
        .collect();
    assert_eq!(shown, expected, "{page}");
}

fn show(entry: &Entry<'_>) -> Result<String, ParseError> {
    Ok(match entry {
        Entry::Type { family, kind } => format!("type {family} {}", kind.as_str()),
        Entry::Help { family, help } => format!("help {family} {help:?}"),
        Entry::Unit { family, unit } => format!("unit {family} {unit}"),
        Entry::Series(series) => {
            let mut out = format!("{} {}", series.labels()?, go_fixed(series.value));
            if let Some(timestamp) = series.timestamp {
                out += &format!(" @{timestamp}");
            }
            if let Some(exemplar) = series.exemplar(-1)? {
                out += &format!(" # {} {} @{}", exemplar.labels, go_fixed(exemplar.value), exemplar.t);
            }
            out
        }
    })
}

const OM: Format = Format::OpenMetrics;
const TEXT: Format = Format::Text;

#[test]
fn an_openmetrics_page() {
    check(
        "# TYPE req_seconds histogram\n# UNIT req_seconds seconds\n# HELP req_seconds How \\\"long\\\".\\nYes\n\
         req_seconds_bucket{le=\"1\",route=\"/a b{c}\"} 5 # {trace_id=\"abc\"} 0.67 1520879607.789\n\
         req_seconds_bucket{le=\"+Inf\"} 17 1520879607.5 # {} 2\nreq_seconds_sum 0.25\n# EOF\n",
        OM,
        &[
            "type req_seconds histogram",
            "unit req_seconds seconds",
            "help req_seconds \"How \\\"long\\\".\\nYes\"",
            "req_seconds_bucket{le=\"1.0\", route=\"/a b{c}\"} 5 # {trace_id=\"abc\"} 0.67 @1520879607789",
            "req_seconds_bucket{le=\"+Inf\"} 17 @1520879607500 # {} 2 @-1",
            "req_seconds_sum 0.25",
        ],
    );
}

#[test]
fn a_text_page() {
    check(
        "# Any remark.\n#\n\n# HELP a One\\ttwo \\\\ \\\"x\\\"\n# TYPE a counter\n  a_total{ x = \"q\\\"\\\\\\n\" , } 1.5e3 1395066363000\n\
         b\tNaN\r\nc {d=\"e\"} -Inf\n# TYPE s summary\ns{quantile=\"0.50\"} 3\ns{le=\"1\"} +Inf",
        TEXT,
        &[
            "help a \"One\\\\ttwo \\\\ \\\\\\\"x\\\\\\\"\"",
            "type a counter",
            "a_total{x=\"q\\\"\\\\\\n\"} 1500 @1395066363000",
            "b NaN",
            "c{d=\"e\"} -Inf",
            "type s summary",
            "s{quantile=\"0.5\"} 3",
            "s{le=\"1\"} +Inf",
        ],
    );
}

#[test]
fn quoted_names_and_empty_values() {
    check("{\"my.metric\",\"a.b\"=\"c\",d=\"\"} 1\n# EOF\n", OM, &["my.metric{a.b=\"c\"} 1"]);
}

#[test]
fn errors_name_the_line_what_was_found_and_what_was_expected() {
    let at = |page: &str, format: Format, error: &str| check(page, format, &[&format!("error: {error}")]);
    at("a\n# EOF\n", OM, "line 1, column 2: found the end of the line, expected a blank");
    at("\na one\n", TEXT, "line 2, column 3: found \"one\", expected a value");
    at("a{b=\"c} 1\n", TEXT, "line 1, column 10: found the end of the line, expected a closing quote");
    at("a{b=\"c\" 1\n", TEXT, "line 1, column 10: found the end of the line, expected \"}\"");
    at("a{b} 1\n", TEXT, "line 1, column 4: found \"}\", expected \"=\"");
    at(
        "a{b=\"1\",b=\"2\"} 1\n",
        TEXT,
        "line 1, column 15: found the end of the line, expected every label name once",
    );
    at("{b=\"1\"} 1\n", TEXT, "line 1, column 8: found the end of the line, expected a metric name");
    at("1a 1\n", TEXT, "line 1, column 1: found \"1a\", expected a metric name");
    at("a 1 1.5\n", TEXT, "line 1, column 5: found \"1.5\", expected a timestamp in whole milliseconds");
    at("a 1 now\n# EOF\n", OM, "line 1, column 5: found \"now\", expected a timestamp in seconds");
    at("a 1 2 3\n", TEXT, "line 1, column 7: found \"3\", expected the end of the line");
    let kind = "expected a metric type such as counter, gauge or histogram";
    at("# TYPE a count\n", TEXT, &format!("line 1, column 10: found \"count\", {kind}"));
    at("# EOF\na 1\n", OM, "line 1, column 0: found \"a 1\\n\", expected nothing after \"# EOF\"");
    check(
        "a 1\n",
        OM,
        &["a 1", "error: line 1, column 0: found the end of the page, expected \"# EOF\" as the last line"],
    );
    check(
        "a 1\nb 2",
        OM,
        &["a 1", "error: line 2, column 0: found a line without an end, expected a line feed"],
    );
    let error = Parser::from_bytes(b"a 1\nb{c=\"\xff\"} 1\n", TEXT).unwrap_err().to_string();
    assert_eq!(error, "line 2, column 0: found byte 0xff, expected UTF-8 text");
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    for (value, general, open, fixed) in [
        (1.0, "1", "1.0", "1"),
        (0.25, "0.25", "0.25", "0.25"),
        (1e6, "1e+06", "1e+06", "1000000"),
        (100_000.0, "100000", "100000.0", "100000"),
        (123_456_789.0, "1.23456789e+08", "1.23456789e+08", "123456789"),
        (0.0001, "0.0001", "0.0001", "0.0001"),
        (0.000_01, "1e-05", "1e-05", "0.00001"),
        (1e21, "1e+21", "1e+21", "1000000000000000000000"),
        (-0.0, "-0", "-0.0", "-0"),
        (f64::INFINITY, "+Inf", "+Inf", "+Inf"),
        (f64::NEG_INFINITY, "-Inf", "-Inf", "-Inf"),
        (f64::NAN, "NaN", "NaN", "NaN"),
    ] {
        assert_eq!((&*go_general(value), &*open_metrics(value), &*go_fixed(value)), (general, open, fixed));
    }
    assert_eq!(go_exponent(1.0), "1e+00");
    assert_eq!(go_exponent(-123.5), "-1.235e+02");
    assert_eq!(parse("007"), Some(7.0));
    for refused in ["", "1_000", "0x10", "1,5", "+", "one"] {
        assert_eq!(parse(refused), None, "{refused}");
    }
}

#[test]
fn formats_come_from_headers() {
    let of = |value| Format::from_content_type(value);
    assert_eq!(of(Some("application/openmetrics-text; version=1.0.0; charset=utf-8")), Ok(OM));
    assert_eq!(of(Some("text/plain")), Ok(TEXT));
    assert!(of(Some("application/json")).is_err() && of(None).is_err());
    assert_eq!(Format::from_accept(ACCEPT), OM);
    assert_eq!(Format::from_accept("text/plain"), TEXT);
    assert_eq!(Format::from_accept("application/openmetrics-text;q=0.1,text/plain;q=0.5"), TEXT);
    assert_eq!(Format::from_accept("*/*"), TEXT);
}

#[test]
fn the_encoder_writes_what_the_parser_reads() {
    let exemplar =
        Exemplar { labels: Labels::from_pairs([("trace_id", "ab")]), value: 0.5, t: 1_520_879_607_789 };
    let page = |format| {
        let mut page = Encoder::new(format);
        page.family("reqs", MetricType::Counter, "All \"requests\".\nEver")
            .sample(&[("path", "a\"\\\n")], 3.0);
        page.family("temp", MetricType::Histogram, "x").sample_with(
            "_bucket",
            &[("le", "1.0")],
            1e6,
            Some(&exemplar),
        );
        page.finish()
    };
    check(
        &page(OM),
        OM,
        &[
            "type reqs counter",
            "help reqs \"All \\\"requests\\\".\\nEver\"",
            "reqs_total{path=\"a\\\"\\\\\\n\"} 3",
            "type temp histogram",
            "help temp \"x\"",
            "temp_bucket{le=\"1.0\"} 1000000 # {trace_id=\"ab\"} 0.5 @1520879607789",
        ],
    );
    check(
        &page(TEXT),
        TEXT,
        &[
            "type reqs_total counter",
            "help reqs_total \"All \\\"requests\\\".\\nEver\"",
            "reqs_total{path=\"a\\\"\\\\\\n\"} 3",
            "type temp histogram",
            "help temp \"x\"",
            "temp_bucket{le=\"1.0\"} 1000000",
        ],
    );
}

proptest! {
    #[test]
    fn any_page_is_read_or_refused_without_a_panic(page in "[a-z#{}=\",\\\\ \n0-9.éEOFTYPE+-]{0,120}", open in any::<bool>()) {
        let format = if open { OM } else { TEXT };
        for entry in Parser::new(&page, format).flatten() {
            let _ = show(&entry);
        }
    }

    #[test]
    fn any_labels_and_values_come_back(
        pairs in prop::collection::btree_map("[a-z_][a-z0-9_]{0,6}", "\\PC{1,12}", 0..5),
        value in any::<f64>(),
        open in any::<bool>(),
    ) {
        let format = if open { OM } else { TEXT };
        let labels: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        let mut page = Encoder::new(format);
        page.family("m", MetricType::Gauge, "").sample(&labels, value);
        let page = page.finish();
        let series = Parser::new(&page, format).filter_map(|entry| match entry.unwrap() {
            Entry::Series(series) => Some(series),
            _ => None,
        });
        let series: Vec<_> = series.collect();
        prop_assert_eq!(series.len(), 1);
        let expected = Labels::from_pairs(labels.into_iter().chain([("__name__", "m")]));
        prop_assert_eq!(series[0].labels().unwrap(), expected);
        prop_assert!(series[0].value == value || value.is_nan() && series[0].value.is_nan());
    }
}
