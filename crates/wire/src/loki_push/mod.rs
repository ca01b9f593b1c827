//! Loki's push request: JSON and protobuf, plain, gzipped or in a snappy block. Source: Loki's HTTP API documentation,
//! "Ingest logs", and its `push.proto`.
//!
//! Start at [`decode`], which chooses by the headers.

mod encoding;
mod json;
mod labels;
mod protobuf;

use model::logs::LogStream;

pub use encoding::decompress;
pub use labels::parse_labels;
pub use protobuf::encode as encode_protobuf;

/// A push that cannot be read. All of them are the sender's fault: 400, or 413 for [`PushFormatError::TooLarge`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushFormatError {
    #[error("the request is too large: found more than {limit} bytes, the limit is {limit} bytes")]
    TooLarge { limit: usize },
    #[error("Content-Encoding {found:?} not supported, expected gzip, deflate, snappy or none")]
    Encoding { found: String },
    #[error("cannot unpack the body ({encoding}): {reason}")]
    Compression { encoding: &'static str, reason: String },
    #[error("cannot read the push request as JSON: {reason}")]
    Json { reason: String },
    #[error("cannot read the push request as protobuf: {reason}")]
    Protobuf { reason: String },
    #[error("error parsing labels {labels}: {reason}")]
    Labels { labels: String, reason: String },
}

/// Reads a push request. `limit` is the largest body in bytes after unpacking.
///
/// # Errors
/// [`PushFormatError`], which names what was found.
pub fn decode(
    body: &[u8],
    content_type: &str,
    content_encoding: &str,
    limit: usize,
) -> Result<Vec<LogStream>, PushFormatError> {
    let kind = content_type.split(';').next().unwrap_or("").trim();
    if kind.eq_ignore_ascii_case("application/json") {
        let body = decompress(body, content_encoding, limit)?;
        return json::decode(&body);
    }
    // Protobuf comes in a snappy block; the header says so or says nothing.
    let encoding = if content_encoding.trim().is_empty() { "snappy" } else { content_encoding };
    protobuf::decode(&decompress(body, encoding, limit)?)
}

#[cfg(test)]
mod tests;
