//! `/api/v1/write` (remote write 1.0) and `/api/v1/otlp/v1/metrics`.

use super::{MAX_WRITE, PrometheusApi};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::StoreError;
use model::metrics::{AppendOutcome, AppendReport, SeriesKey};
use std::sync::atomic::Ordering;
use wire::otlp::Encoding;
use wire::remote_write::{self, RemoteWriteError, WriteRequest};

fn header<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// 204 when everything was taken; 400 when something was not and never will be; 500 asks to come again.
pub async fn remote(State(api): State<PrometheusApi>, headers: HeaderMap, body: Bytes) -> Response {
    let kinds = (header(&headers, &CONTENT_TYPE), header(&headers, &CONTENT_ENCODING));
    let request =
        remote_write::check_headers(kinds.0, kinds.1).and_then(|()| remote_write::decode(&body, MAX_WRITE));
    match request {
        Ok(request) => match write(&api, &request) {
            Ok(None) => StatusCode::NO_CONTENT.into_response(),
            Ok(Some(refused)) => (StatusCode::BAD_REQUEST, format!("{refused}\n")).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
        },
        Err(error) => {
            let status = match error {
                RemoteWriteError::ContentType { .. } | RemoteWriteError::ContentEncoding { .. } => {
                    StatusCode::UNSUPPORTED_MEDIA_TYPE
                }
                RemoteWriteError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, format!("{error}\n")).into_response()
        }
    }
}

/// Writes what can be written and says what was refused.
fn write(api: &PrometheusApi, request: &WriteRequest) -> Result<Option<String>, StoreError> {
    let rows: Vec<_> = request.series.iter().flat_map(|series| series.rows()).collect();
    let report = api.store.append(&rows)?;
    api.counts.remote_samples.fetch_add(rows.len() as u64, Ordering::Relaxed);
    // An exemplar that is too old is dropped quietly, as upstream does: the samples are what counts.
    for series in request.series.iter().filter(|series| !series.exemplars.is_empty()) {
        api.store.append_exemplars(&SeriesKey::Labels(series.labels.clone()), &series.exemplars)?;
    }
    for (family, metadata) in &request.metadata {
        api.store.set_metadata(family, metadata.clone());
    }
    Ok(refused(&report))
}

/// The first thing that was refused, in upstream's words.
fn refused(report: &AppendReport) -> Option<String> {
    report.outcomes.iter().find_map(|outcome| match outcome {
        AppendOutcome::OutOfOrder(_) => Some("out of order sample".to_owned()),
        AppendOutcome::DuplicateTimestamp(_) => Some("duplicate sample for timestamp".to_owned()),
        AppendOutcome::SeriesLimit => Some("the limit on series is reached".to_owned()),
        AppendOutcome::Appended(_) | AppendOutcome::Duplicate(_) | AppendOutcome::UnknownRef => None,
    })
}

/// OTLP metrics, protobuf or JSON, gzip or not. Refused points are told as OTLP's partial success.
pub async fn otlp(State(api): State<PrometheusApi>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(encoding) = Encoding::from_content_type(header(&headers, &CONTENT_TYPE)) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    };
    let answer = |status: StatusCode, body: Vec<u8>| {
        let kind = match encoding {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        };
        (status, [(CONTENT_TYPE, kind)], body).into_response()
    };
    // 3 is INVALID_ARGUMENT and 14 UNAVAILABLE in gRPC's table of codes.
    let failed = |status: StatusCode, code: i32, message: String| {
        answer(status, wire::otlp::status_body(encoding, code, &message))
    };
    let body = match header(&headers, &CONTENT_ENCODING) {
        "gzip" => match wire::otlp::gunzip(&body, MAX_WRITE) {
            Ok(Some(unpacked)) => Bytes::from(unpacked),
            Ok(None) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Err(error) => return failed(StatusCode::BAD_REQUEST, 3, error.to_string()),
        },
        _ => body,
    };
    let request = match wire::otlp::decode_metrics(&body, encoding) {
        Ok(request) => request,
        Err(error) => return failed(StatusCode::BAD_REQUEST, 3, error.to_string()),
    };
    match api.store.append(&request.rows) {
        Ok(report) => {
            for (family, metadata) in request.metadata {
                api.store.set_metadata(&family, metadata);
            }
            match refused(&report) {
                Some(reason) => failed(StatusCode::BAD_REQUEST, 3, reason),
                None => answer(StatusCode::OK, wire::otlp::success_body(encoding, &request.refused)),
            }
        }
        Err(error) => failed(StatusCode::SERVICE_UNAVAILABLE, 14, error.to_string()),
    }
}
