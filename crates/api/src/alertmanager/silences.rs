//! `/api/v2/silences` and `/api/v2/silence/{id}`.

use super::alerts::read_time;
use super::query::Query;
use super::{AlertmanagerApi, ApiError};
use ::alerts::notify::webhook::timestamp;
use ::alerts::silence::{Silence, SilenceError, SilenceMatcher, SilenceState};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use model::clock::Millis;
use serde::{Deserialize, Serialize};

pub fn router() -> Router<AlertmanagerApi> {
    Router::new()
        .route("/api/v2/silences", get(list).post(post))
        .route("/api/v2/silence/{id}", get(show).delete(expire))
}

#[derive(Serialize)]
struct StatusView {
    state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GettableSilence {
    id: String,
    status: StatusView,
    updated_at: String,
    comment: String,
    created_by: String,
    ends_at: String,
    matchers: Vec<SilenceMatcher>,
    starts_at: String,
}

fn gettable(silence: Silence, now: Millis) -> GettableSilence {
    GettableSilence {
        status: StatusView { state: silence.state(now).as_str() },
        id: silence.id,
        updated_at: timestamp(Some(silence.updated_at)),
        comment: silence.comment,
        created_by: silence.created_by,
        starts_at: timestamp(Some(silence.starts_at)),
        ends_at: timestamp(Some(silence.ends_at)),
        matchers: silence.matchers,
    }
}

/// Active ones first, the next to end before the others; then pending ones by start; then expired ones, newest first.
fn order(silence: &Silence, now: Millis) -> (SilenceState, Millis) {
    match silence.state(now) {
        SilenceState::Active => (SilenceState::Active, silence.ends_at),
        SilenceState::Pending => (SilenceState::Pending, silence.starts_at),
        SilenceState::Expired => (SilenceState::Expired, -silence.ends_at),
    }
}

async fn list(
    State(api): State<AlertmanagerApi>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<GettableSilence>>, ApiError> {
    let filter = Query::parse(query).matchers()?;
    let now = api.alertmanager.now();
    let mut silences = api.alertmanager.silences();
    // A filter asks for silences about a label: one of their matchers has that name and a value that satisfies it.
    silences.retain(|silence| {
        filter.iter().all(|wanted| {
            let about = silence.matchers.iter().filter(|matcher| matcher.name == wanted.name);
            let mut about = about.peekable();
            match about.peek() {
                None => wanted.matches_empty(),
                Some(_) => about.any(|matcher| wanted.matches(&matcher.value)),
            }
        })
    });
    silences.sort_by_key(|silence| order(silence, now));
    Ok(Json(silences.into_iter().map(|silence| gettable(silence, now)).collect()))
}

async fn show(
    State(api): State<AlertmanagerApi>,
    Path(id): Path<String>,
) -> Result<Json<GettableSilence>, ApiError> {
    let silence = api.alertmanager.silence(&id);
    let not_found = || ApiError { status: StatusCode::NOT_FOUND, message: format!("silence {id} not found") };
    Ok(Json(gettable(silence.ok_or_else(not_found)?, api.alertmanager.now())))
}

async fn expire(State(api): State<AlertmanagerApi>, Path(id): Path<String>) -> Result<(), ApiError> {
    api.alertmanager.expire_silence(&id).map_err(ApiError::from)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<SilenceMatcher>,
    starts_at: String,
    ends_at: String,
    created_by: String,
    comment: String,
}

#[derive(Serialize)]
struct Created {
    #[serde(rename = "silenceID")]
    silence_id: String,
}

async fn post(State(api): State<AlertmanagerApi>, body: Bytes) -> Result<Json<Created>, ApiError> {
    let posted: Posted = serde_json::from_slice(&body)
        .map_err(|error| ApiError::bad_request(format!("expected the JSON of a silence: {error}")))?;
    let time = |field: &str, text: &str| {
        read_time(field, Some(text))?.ok_or_else(|| ApiError::bad_request(format!("{field} is required")))
    };
    let silence = Silence {
        id: posted.id.unwrap_or_default(),
        starts_at: time("startsAt", &posted.starts_at)?,
        ends_at: time("endsAt", &posted.ends_at)?,
        matchers: posted.matchers,
        updated_at: 0,
        created_by: posted.created_by,
        comment: posted.comment,
    };
    let silence_id = api.alertmanager.set_silence(silence)?;
    Ok(Json(Created { silence_id }))
}

impl From<SilenceError> for ApiError {
    fn from(error: SilenceError) -> Self {
        let status = match error {
            SilenceError::Invalid(_) => StatusCode::BAD_REQUEST,
            SilenceError::NotFound(_) => StatusCode::NOT_FOUND,
            SilenceError::AlreadyExpired(_) | SilenceError::State(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, message: error.to_string() }
    }
}
