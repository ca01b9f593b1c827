//! `PushRequest` of Loki's `push.proto`: field numbers are the format.

use super::json::normalise;
use super::{PushFormatError, parse_labels};
use model::logs::{LogEntry, LogStream};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<StreamAdapter>,
}

#[derive(Clone, PartialEq, Message)]
struct StreamAdapter {
    #[prost(string, tag = "1")]
    labels: String,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<EntryAdapter>,
}

#[derive(Clone, PartialEq, Message)]
struct EntryAdapter {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<Timestamp>,
    #[prost(string, tag = "2")]
    line: String,
    #[prost(message, repeated, tag = "3")]
    structured_metadata: Vec<LabelPair>,
}

#[derive(Clone, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

pub fn decode(body: &[u8]) -> Result<Vec<LogStream>, PushFormatError> {
    let request =
        PushRequest::decode(body).map_err(|error| PushFormatError::Protobuf { reason: error.to_string() })?;
    request
        .streams
        .into_iter()
        .map(|stream| {
            let labels = parse_labels(&stream.labels)?;
            Ok(LogStream { labels, entries: stream.entries.into_iter().map(entry).collect() })
        })
        .collect()
}

fn entry(entry: EntryAdapter) -> LogEntry {
    let time = entry.timestamp.unwrap_or_default();
    let mut metadata: Vec<_> =
        entry.structured_metadata.into_iter().map(|pair| (pair.name, pair.value)).collect();
    normalise(&mut metadata);
    let t = time.seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(time.nanos));
    LogEntry { t, line: entry.line, metadata }
}

/// Writes a push request as Promtail does: protobuf in a snappy block.
///
/// # Errors
/// [`PushFormatError::Compression`] when it is too large for a snappy block (4 GiB).
pub fn encode(streams: &[LogStream]) -> Result<Vec<u8>, PushFormatError> {
    let adapt = |entry: &LogEntry| EntryAdapter {
        timestamp: Some(Timestamp {
            seconds: entry.t.div_euclid(1_000_000_000),
            nanos: entry.t.rem_euclid(1_000_000_000) as i32,
        }),
        line: entry.line.clone(),
        structured_metadata: entry
            .metadata
            .iter()
            .map(|(name, value)| LabelPair { name: name.clone(), value: value.clone() })
            .collect(),
    };
    let streams = streams.iter().map(|stream| StreamAdapter {
        labels: stream.labels.to_string(),
        entries: stream.entries.iter().map(adapt).collect(),
    });
    let body = PushRequest { streams: streams.collect() }.encode_to_vec();
    snap::raw::Encoder::new()
        .compress_vec(&body)
        .map_err(|error| PushFormatError::Compression { encoding: "snappy", reason: error.to_string() })
}
