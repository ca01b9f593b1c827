//! Labels of a series or an exemplar as they stand on a page.

use super::error::ParseError;
use super::line::Scan;
use super::number;
use model::labels::METRIC_NAME;
use model::metrics::MetricType;
use model::{Label, Labels};
use std::borrow::Cow;

pub(super) fn series(text: &str, kind: MetricType, line: usize) -> Result<Labels, ParseError> {
    let mut scan = Scan::new(text, line);
    let mut pairs = Vec::with_capacity(8);
    let name = scan.take_while(is_metric_byte);
    if !name.is_empty() {
        if name.as_bytes()[0].is_ascii_digit() {
            return Err(Scan::new(text, line).error("a metric name"));
        }
        pairs.push(label(METRIC_NAME, Cow::Borrowed(name)));
    }
    scan.skip_blanks();
    if !scan.is_at_end() {
        braces(&mut scan, &mut pairs, true, |name, value| normalise(kind, name, value))?;
    }
    if !pairs.iter().any(|label| &*label.name == METRIC_NAME) {
        return Err(scan.error("a metric name"));
    }
    sorted(pairs, &scan)
}

pub(super) fn exemplar(text: &str, line: usize) -> Result<Labels, ParseError> {
    let mut scan = Scan::new(text, line);
    let mut pairs = Vec::with_capacity(2);
    braces(&mut scan, &mut pairs, false, |_, value| value)?;
    sorted(pairs, &scan)
}

/// `{a="b", "quoted.name"="c", "the.metric"}`; a comma may stand before the closing brace.
fn braces(
    scan: &mut Scan<'_>,
    pairs: &mut Vec<Label>,
    metric_name: bool,
    change: impl for<'v> Fn(&str, Cow<'v, str>) -> Cow<'v, str>,
) -> Result<(), ParseError> {
    if !scan.eat("{") {
        return Err(scan.error("\"{\""));
    }
    loop {
        scan.skip_blanks();
        if scan.eat("}") {
            break;
        }
        let quoted = scan.starts_with("\"");
        let name = if quoted { scan.quoted()? } else { Cow::Borrowed(scan.take_while(is_label_byte)) };
        if name.is_empty() || (!quoted && name.as_bytes()[0].is_ascii_digit()) {
            return Err(scan.error("a label name or \"}\""));
        }
        scan.skip_blanks();
        if scan.eat("=") {
            scan.skip_blanks();
            let value = change(&name, scan.quoted()?);
            pairs.push(label(&name, value));
        } else if quoted && metric_name {
            pairs.push(label(METRIC_NAME, name));
        } else {
            return Err(scan.error("\"=\""));
        }
        scan.skip_blanks();
        if !scan.eat(",") && !scan.starts_with("}") {
            return Err(scan.error("\",\" or \"}\""));
        }
    }
    match scan.is_at_end() {
        true => Ok(()),
        false => Err(scan.error("nothing behind the labels")),
    }
}

fn label(name: &str, value: Cow<'_, str>) -> Label {
    Label { name: name.into(), value: value.into() }
}

fn sorted(mut pairs: Vec<Label>, scan: &Scan<'_>) -> Result<Labels, ParseError> {
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    if pairs.windows(2).any(|pair| pair[0].name == pair[1].name) {
        return Err(scan.error("every label name once"));
    }
    pairs.retain(|label| !label.value.is_empty());
    Ok(Labels::from_sorted(pairs))
}

/// The bounds of buckets and quantiles are floats, written as OpenMetrics writes floats, whatever the page has.
fn normalise<'a>(kind: MetricType, name: &str, value: Cow<'a, str>) -> Cow<'a, str> {
    let is_bound = matches!(kind, MetricType::Histogram | MetricType::GaugeHistogram) && name == "le";
    let is_quantile = kind == MetricType::Summary && name == "quantile";
    if !is_bound && !is_quantile {
        return value;
    }
    match number::parse(&value).map(number::open_metrics) {
        Some(text) if text != value => Cow::Owned(text),
        _ => value,
    }
}

fn is_metric_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
