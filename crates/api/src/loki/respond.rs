//! Answers as JSON. Written by hand into one buffer: answers hold thousands of lines.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use logql::units::format_sample;
use logql::{Answer, LabelSet, OutStream};
use model::clock::Nanos;
use model::logs::ScanStats;
use std::fmt::Write;

pub fn json(body: impl Into<axum::body::Body>) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=UTF-8")], body.into()).into_response()
}

/// A JSON string.
pub fn text(out: &mut String, text: &str) {
    let plain = !text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\');
    if plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

pub fn label_set<'a>(out: &mut String, labels: impl Iterator<Item = (&'a str, &'a str)>) {
    out.push('{');
    for (at, (name, value)) in labels.enumerate() {
        if at > 0 {
            out.push(',');
        }
        text(out, name);
        out.push(':');
        text(out, value);
    }
    out.push('}');
}

/// Joins what `each` writes with commas.
pub fn list<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut String, T)) {
    out.push('[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

/// Seconds, with milliseconds where there are any.
fn seconds(out: &mut String, t: Nanos) {
    let millis = t.div_euclid(1_000_000);
    if millis % 1_000 == 0 {
        let _ = write!(out, "{}", millis / 1_000);
    } else {
        let fraction = format!("{:03}", millis.rem_euclid(1_000));
        let _ = write!(out, "{}.{}", millis.div_euclid(1_000), fraction.trim_end_matches('0'));
    }
}

fn sample(out: &mut String, t: Nanos, value: f64) {
    out.push('[');
    seconds(out, t);
    let _ = write!(out, ",\"{}\"]", format_sample(value));
}

/// `{"status":"success","data":{…,"stats":{…}}}` around what `result` writes.
pub fn envelope(kind: &str, flags: bool, stats: &Summary, result: impl FnOnce(&mut String)) -> String {
    let mut out = String::with_capacity(4_096);
    let _ = write!(out, "{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\"");
    if flags {
        out.push_str(",\"encodingFlags\":[\"categorize-labels\"]");
    }
    out.push_str(",\"result\":");
    result(&mut out);
    out.push_str(",\"stats\":");
    stats.write(&mut out);
    out.push_str("}}");
    out
}

/// What a query cost.
pub struct Summary {
    pub read: ScanStats,
    /// Nanoseconds.
    pub took: i64,
    pub returned: usize,
}

impl Summary {
    fn write(&self, out: &mut String) {
        let seconds = self.took as f64 / 1e9;
        let rate = |amount: u64| if seconds > 0.0 { (amount as f64 / seconds) as u64 } else { 0 };
        let _ = write!(
            out,
            "{{\"summary\":{{\"bytesProcessedPerSecond\":{},\"linesProcessedPerSecond\":{},\"totalBytesProcessed\":{},\"totalLinesProcessed\":{},\"execTime\":{seconds},\"queueTime\":0,\"subqueries\":0,\"totalEntriesReturned\":{},\"splits\":0,\"shards\":0}},\"querier\":{{\"store\":{{\"totalChunksRef\":{},\"totalChunksDownloaded\":{}}}}},\"ingester\":{{}},\"cache\":{{}}}}",
            rate(self.read.bytes),
            rate(self.read.lines),
            self.read.bytes,
            self.read.lines,
            self.returned,
            self.read.chunks,
            self.read.chunks,
        );
    }
}

pub fn metric(answer: &Answer, stats: &Summary) -> String {
    match answer {
        Answer::Scalar { t, value } => envelope("scalar", false, stats, |out| sample(out, *t, *value)),
        Answer::Vector(samples) => envelope("vector", false, stats, |out| {
            list(out, samples, |out, (labels, t, value)| {
                out.push_str("{\"metric\":");
                label_set(out, labels.iter());
                out.push_str(",\"value\":");
                sample(out, *t, *value);
                out.push('}');
            });
        }),
        Answer::Matrix(series) => envelope("matrix", false, stats, |out| {
            list(out, series, |out, (labels, points)| {
                out.push_str("{\"metric\":");
                label_set(out, labels.iter());
                out.push_str(",\"values\":");
                list(out, points, |out, (t, value)| sample(out, *t, *value));
                out.push('}');
            });
        }),
    }
}

pub fn streams(streams: &[OutStream], categorized: bool, stats: &Summary) -> String {
    envelope("streams", categorized, stats, |out| write_streams(out, streams, categorized))
}

pub fn write_streams(out: &mut String, streams: &[OutStream], categorized: bool) {
    list(out, streams, |out, stream| {
        out.push_str("{\"stream\":");
        label_set(out, stream.labels.iter());
        out.push_str(",\"values\":");
        list(out, &stream.lines, |out, line| {
            let _ = write!(out, "[\"{}\",", line.t);
            text(out, &line.line);
            if categorized {
                out.push_str(",{");
                category(out, "structuredMetadata", &line.metadata, false);
                category(out, "parsed", &line.parsed, !line.metadata.is_empty());
                out.push('}');
            }
            out.push(']');
        });
        out.push('}');
    });
}

fn category(out: &mut String, name: &str, labels: &LabelSet, comma: bool) {
    if !labels.is_empty() {
        let _ = write!(out, "{}\"{name}\":", if comma { "," } else { "" });
        label_set(out, labels.iter());
    }
}
