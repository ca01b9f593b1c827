//! The OpenMetrics 1.0 text format, with exemplars.
//!
//! Source: the OpenMetrics specification, sections "Text format" and "Exemplars". `_created` series are left out, because
//! Prometheus 2 would store them as ordinary series.

use std::fmt::Write;

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::exemplar::{Exemplar, ExemplarHistogramVec};
use crate::{clock::since_epoch, names::label};

/// The media type of this format.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Renders `families`; the exemplars of a family are looked up by name in `histograms`.
pub fn encode(families: &[MetricFamily], histograms: &[&ExemplarHistogramVec]) -> String {
    let mut out = String::with_capacity(32 * 1024);
    for family in families {
        let kind = family.get_field_type();
        let Some(kind_name) = kind_name(kind) else { continue };
        // A counter's family is named without the suffix that its sample has.
        let name = match kind {
            MetricType::COUNTER => family.name().strip_suffix("_total").unwrap_or(family.name()),
            _ => family.name(),
        };
        let _ = write!(out, "# HELP {name} ");
        escape(&mut out, family.help());
        let _ = write!(out, "\n# TYPE {name} {kind_name}\n");
        let with_exemplars = histograms.iter().find(|histogram| histogram.name() == family.name());
        for metric in family.get_metric() {
            match kind {
                MetricType::COUNTER => {
                    sample(&mut out, name, "_total", metric, None, metric.get_counter().get_value());
                    out.push('\n');
                }
                MetricType::GAUGE => {
                    sample(&mut out, name, "", metric, None, metric.get_gauge().get_value());
                    out.push('\n');
                }
                _ => histogram(&mut out, name, metric, with_exemplars.copied()),
            }
        }
    }
    out.push_str("# EOF\n");
    out
}

fn kind_name(kind: MetricType) -> Option<&'static str> {
    match kind {
        MetricType::COUNTER => Some("counter"),
        MetricType::GAUGE => Some("gauge"),
        MetricType::HISTOGRAM => Some("histogram"),
        // The services have neither summaries nor untyped metrics.
        _ => None,
    }
}

fn histogram(out: &mut String, name: &str, metric: &Metric, source: Option<&ExemplarHistogramVec>) {
    let exemplars = source.map(|source| source.exemplars(metric.get_label())).unwrap_or_default();
    let histogram = metric.get_histogram();
    let buckets = histogram.get_bucket();
    for (at, bucket) in buckets.iter().enumerate() {
        let count = bucket.cumulative_count() as f64;
        sample(out, name, "_bucket", metric, Some(bucket.upper_bound()), count);
        exemplar(out, exemplars.get(at).copied().flatten());
    }
    let total = histogram.get_sample_count() as f64;
    if buckets.last().is_none_or(|last| last.upper_bound() != f64::INFINITY) {
        sample(out, name, "_bucket", metric, Some(f64::INFINITY), total);
        exemplar(out, exemplars.get(buckets.len()).copied().flatten());
    }
    sample(out, name, "_sum", metric, None, histogram.get_sample_sum());
    out.push('\n');
    sample(out, name, "_count", metric, None, total);
    out.push('\n');
}

/// A sample without the end of its line.
fn sample(out: &mut String, name: &str, suffix: &str, metric: &Metric, bound: Option<f64>, value: f64) {
    out.push_str(name);
    out.push_str(suffix);
    labels(out, metric.get_label(), bound);
    out.push(' ');
    number(out, value);
}

fn labels(out: &mut String, pairs: &[LabelPair], bound: Option<f64>) {
    if pairs.is_empty() && bound.is_none() {
        return;
    }
    let mut mark = '{';
    for pair in pairs {
        let _ = write!(out, "{mark}{}=\"", pair.name());
        escape(out, pair.value());
        out.push('"');
        mark = ',';
    }
    if let Some(bound) = bound {
        let _ = write!(out, "{mark}le=\"");
        // The specification wants a float here: 1.0, not 1.
        if bound.is_finite() {
            let _ = write!(out, "{bound:?}");
        } else {
            out.push_str("+Inf");
        }
        out.push('"');
    }
    out.push('}');
}

/// Ends a bucket's line. The labels take 63 of the 128 characters that are allowed; the time is in seconds.
fn exemplar(out: &mut String, exemplar: Option<Exemplar>) {
    if let Some(Exemplar { trace, span, value, time }) = exemplar {
        let _ = write!(out, " # {{{}=\"{trace}\",{}=\"{span}\"}} ", label::TRACE_ID, label::SPAN_ID);
        number(out, value);
        let since = since_epoch(time);
        let _ = write!(out, " {}.{:03}", since.as_secs(), since.subsec_millis());
    }
    out.push('\n');
}

fn number(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        let _ = write!(out, "{value}");
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}
