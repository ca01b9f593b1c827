//! `{"streams": [{"stream": {…}, "values": [["<ns>", "line", {…}]]}]}`, read straight into streams.

use super::PushFormatError;
use model::Labels;
use model::logs::{LogEntry, LogStream};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

pub fn decode(body: &[u8]) -> Result<Vec<LogStream>, PushFormatError> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| PushFormatError::Json { reason: error.to_string() })?;
    Ok(request
        .streams
        .into_iter()
        .map(|stream| LogStream { labels: stream.stream.0, entries: stream.values })
        .collect())
}

#[derive(Deserialize)]
struct Request {
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    stream: StreamLabels,
    #[serde(deserialize_with = "entries")]
    values: Vec<LogEntry>,
}

struct StreamLabels(Labels);

impl<'de> Deserialize<'de> for StreamLabels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = deserializer.deserialize_map(Pairs)?;
        Ok(Self(Labels::from_pairs(pairs)))
    }
}

/// Pairs of texts, in the order in which they come.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose values are strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(2).min(64));
        while let Some(pair) = map.next_entry::<String, String>()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// A text that borrows from the body where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Metadata(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut pairs = deserializer.deserialize_map(Pairs)?;
        normalise(&mut pairs);
        Ok(Self(pairs))
    }
}

/// Sorted by name, names unique, no empty values.
pub fn normalise(pairs: &mut Vec<(String, String)>) {
    pairs.retain(|(_, value)| !value.is_empty());
    if pairs.len() > 1 {
        pairs.sort();
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
    }
}

/// Nanoseconds as a text; a bare number is understood as well.
struct Instant(i64);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InstantVisitor;
        impl Visitor<'_> for InstantVisitor {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a timestamp in nanoseconds as a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                text.parse().map(Instant).map_err(|_| {
                    E::custom(format!("invalid timestamp: found {text:?}, expected nanoseconds since 1970"))
                })
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Instant, E> {
                i64::try_from(value).map(Instant).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Instant, E> {
                Ok(Instant(value))
            }
        }
        deserializer.deserialize_any(InstantVisitor)
    }
}

struct Entry(LogEntry);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[\"<nanoseconds>\", \"line\"] and perhaps an object of structured metadata")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry, A::Error> {
                let Instant(t) = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                let Text(line) = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
                let metadata = seq.next_element::<Metadata>()?.map_or_else(Vec::new, |metadata| metadata.0);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Entry(LogEntry { t, line: line.into_owned(), metadata }))
            }
        }
        deserializer.deserialize_seq(EntryVisitor)
    }
}

fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<LogEntry>, D::Error> {
    struct EntriesVisitor;
    impl<'de> Visitor<'de> for EntriesVisitor {
        type Value = Vec<LogEntry>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of entries")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(Entry(entry)) = seq.next_element()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_seq(EntriesVisitor)
}
