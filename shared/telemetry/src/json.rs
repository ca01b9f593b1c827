//! JSON bodies, with each way in which one can be wrong told apart: 400, 408, 413, 415, 422.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::Value;

use crate::Problem;

/// Longest body that is read.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;
/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest value that an error message repeats, in bytes.
const SHOWN_LIMIT: usize = 64;

/// A JSON body that is declared as JSON.
pub struct JsonBody(pub Value);

/// A JSON body of any declared type: what `curl -d` sends is taken as it is.
pub struct AnyJson(pub Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)
                .detail("the body has to be declared as Content-Type: application/json"));
        }
        AnyJson::from_request(request, state).await.map(|AnyJson(value)| Self(value))
    }
}

impl<S: Send + Sync> FromRequest<S> for AnyJson {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, state))
            .await
            .map_err(|_| {
                Problem::new(StatusCode::REQUEST_TIMEOUT).detail("the body took too long to arrive")
            })?
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::new(StatusCode::PAYLOAD_TOO_LARGE)
                    .detail(format!("the body is longer than {BODY_LIMIT} bytes")),
                _ => Problem::new(StatusCode::BAD_REQUEST).detail("the body could not be read"),
            })?;
        parse(&body).map(Self)
    }
}

/// Parses a body.
///
/// # Errors
/// 400 with line and column for what is not JSON; 422 with the member's name for a number that no float can hold.
pub fn parse(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        if error.to_string().starts_with("number out of range") {
            let field = last_key(body, error.line(), error.column());
            return Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
                .detail("the body holds a value that is not allowed")
                .field(&field, "the number is too large");
        }
        Problem::new(StatusCode::BAD_REQUEST).detail(format!("the body is not valid JSON: {error}"))
    })
}

/// A value as an error message repeats it: JSON, cut to a bearable length.
pub fn shown(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > SHOWN_LIMIT {
        text.truncate(text.floor_char_boundary(SHOWN_LIMIT));
        text.push('…');
    }
    text
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(declared)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let media = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

/// The last member name before a place in the text; `body` when there is none.
fn last_key(body: &[u8], line: usize, column: usize) -> String {
    let text = String::from_utf8_lossy(body);
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let before = &text[..text.floor_char_boundary((start + column).min(text.len()))];
    let named = before.rfind(':').and_then(|colon| {
        let key = before[..colon].trim_end().strip_suffix('"')?;
        Some(key[key.rfind('"')? + 1..].to_owned())
    });
    named.unwrap_or_else(|| "body".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_be_wrong() {
        assert_eq!(parse(b"{\"a\":1}"), Ok(serde_json::json!({"a": 1})));
        for body in [&b""[..], b"{", b"{\"a\":}", b"\xff", b"nul", &b"[".repeat(1_000)] {
            assert_eq!(parse(body).unwrap_err().status(), StatusCode::BAD_REQUEST);
        }
        let huge = parse(b"{\"items\":[\n{\"id\":\"1\",\"price\" : 1e999}]}").unwrap_err();
        assert_eq!(
            huge,
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
                .detail("the body holds a value that is not allowed")
                .field("price", "the number is too large")
        );
        assert_eq!(last_key(b"1e999", 1, 5), "body");
    }

    #[test]
    fn media_types() {
        for (declared, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, declared.parse().unwrap())]);
            assert_eq!(is_json(&headers), expected, "{declared}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown(&Value::from("é".repeat(100))).chars().count(), 33);
    }

    proptest::proptest! {
        #[test]
        fn no_body_is_too_strange(body: Vec<u8>, line: usize, column: usize) {
            let _ = parse(&body);
            let _ = last_key(&body, line, column);
        }

        #[test]
        fn numbers_without_end_are_told_by_their_key(before in "[ \n]{0,4}", digits in "[1-9][0-9]{0,3}") {
            let body = format!("{{{before}\"é\":1,{before}\"price\"{before}:{before}1e{digits}999}}");
            let problem = parse(body.as_bytes()).unwrap_err();
            let expected = Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
                .detail("the body holds a value that is not allowed")
                .field("price", "the number is too large");
            proptest::prop_assert_eq!(problem, expected);
        }
    }
}
