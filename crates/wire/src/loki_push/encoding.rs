//! Unpacking of request bodies with a limit on what comes out.

use super::PushFormatError;
use std::borrow::Cow;
use std::io::Read;

/// Unpacks `body` as its `Content-Encoding` says.
///
/// # Errors
/// [`PushFormatError`] when the encoding is unknown or broken, or the result is larger than `limit` bytes.
pub fn decompress<'a>(
    body: &'a [u8],
    content_encoding: &str,
    limit: usize,
) -> Result<Cow<'a, [u8]>, PushFormatError> {
    match content_encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => {
            if body.len() > limit {
                return Err(PushFormatError::TooLarge { limit });
            }
            Ok(Cow::Borrowed(body))
        }
        "gzip" => inflate("gzip", flate2::read::MultiGzDecoder::new(body), limit),
        "deflate" => inflate("deflate", flate2::read::DeflateDecoder::new(body), limit),
        "snappy" => {
            let broken = |error: snap::Error| PushFormatError::Compression {
                encoding: "snappy",
                reason: error.to_string(),
            };
            if snap::raw::decompress_len(body).map_err(broken)? > limit {
                return Err(PushFormatError::TooLarge { limit });
            }
            snap::raw::Decoder::new().decompress_vec(body).map(Cow::Owned).map_err(broken)
        }
        other => Err(PushFormatError::Encoding { found: other.to_owned() }),
    }
}

fn inflate(
    encoding: &'static str,
    reader: impl Read,
    limit: usize,
) -> Result<Cow<'static, [u8]>, PushFormatError> {
    let mut out = Vec::new();
    reader
        .take(limit as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| PushFormatError::Compression { encoding, reason: error.to_string() })?;
    if out.len() > limit {
        return Err(PushFormatError::TooLarge { limit });
    }
    Ok(Cow::Owned(out))
}
