//! Bodies of OTLP/HTTP: gzip within a bound, and the two answers (success with what was refused, and a status).

use super::{Encoding, Refused};
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};

/// Unpacks gzip; None when there is more than `limit` bytes in it.
///
/// # Errors
/// [`io::Error`] when the bytes are not gzip.
pub fn gunzip(bytes: &[u8], limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes).take(limit as u64 + 1).read_to_end(&mut out)?;
    Ok((out.len() <= limit).then_some(out))
}

/// An `Export*ServiceResponse`. The three have the same shape: `partial_success` (1) with a count (1) and a message (2).
pub fn success_body(encoding: Encoding, refused: &Refused) -> Vec<u8> {
    let message = refused.reason.as_deref().unwrap_or("");
    match (encoding, refused.count) {
        (Encoding::Json, 0) => b"{\"partialSuccess\":{}}".to_vec(),
        (Encoding::Protobuf, 0) => Vec::new(),
        (Encoding::Json, count) => {
            // Each signal names its count differently; a reader ignores the fields that it does not know.
            let count = count.to_string();
            serde_json::json!({"partialSuccess": {
                "rejectedSpans": count, "rejectedLogRecords": count, "rejectedDataPoints": count,
                "errorMessage": message,
            }})
            .to_string()
            .into_bytes()
        }
        (Encoding::Protobuf, count) => {
            let mut inner = Vec::new();
            prost::encoding::int64::encode(1, &(count as i64), &mut inner);
            prost::encoding::string::encode(2, &message.to_owned(), &mut inner);
            let mut out = Vec::new();
            prost::encoding::bytes::encode(1, &inner, &mut out);
            out
        }
    }
}

/// A `google.rpc.Status`: `code` (1) is a gRPC status code, `message` (2) is for people.
pub fn status_body(encoding: Encoding, code: i32, message: &str) -> Vec<u8> {
    match encoding {
        Encoding::Json => serde_json::json!({"code": code, "message": message}).to_string().into_bytes(),
        Encoding::Protobuf => {
            let mut out = Vec::new();
            prost::encoding::int32::encode(1, &code, &mut out);
            prost::encoding::string::encode(2, &message.to_owned(), &mut out);
            out
        }
    }
}
