//! `/api/v2/alerts` and `/api/v2/alerts/groups`.

use super::query::Query;
use super::{AlertmanagerApi, ApiError};
use ::alerts::notify::webhook::timestamp;
use ::alerts::{AlertStatus, GroupView, PostableAlert};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::routing::get;
use axum::{Json, Router};
use model::Labels;
use model::clock::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most alerts of one request.
const MAX_POSTED: usize = 10_000;

pub fn router() -> Router<AlertmanagerApi> {
    Router::new().route("/api/v2/alerts", get(list).post(post)).route("/api/v2/alerts/groups", get(groups))
}

#[derive(Serialize)]
struct Receiver {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    state: &'static str,
    silenced_by: Vec<String>,
    inhibited_by: Vec<String>,
    muted_by: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GettableAlert {
    annotations: Labels,
    ends_at: String,
    fingerprint: String,
    receivers: Vec<Receiver>,
    starts_at: String,
    status: Status,
    updated_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    labels: Labels,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    alerts: Vec<GettableAlert>,
    labels: Labels,
    receiver: Receiver,
    route_labels: BTreeMap<String, String>,
}

impl From<AlertStatus> for GettableAlert {
    fn from(status: AlertStatus) -> Self {
        let state = status.state();
        let fingerprint = |id: u64| format!("{id:016x}");
        let alert = status.alert;
        Self {
            fingerprint: fingerprint(alert.fingerprint()),
            annotations: alert.annotations,
            starts_at: timestamp(Some(alert.starts_at)),
            ends_at: timestamp(Some(alert.ends_at)),
            updated_at: timestamp(Some(alert.updated_at)),
            generator_url: alert.generator_url,
            labels: alert.labels,
            receivers: status.receivers.into_iter().map(|name| Receiver { name }).collect(),
            status: Status {
                state,
                silenced_by: status.silenced_by,
                inhibited_by: status.inhibited_by.into_iter().map(fingerprint).collect(),
                muted_by: status.muted_by,
            },
        }
    }
}

impl From<GroupView> for Group {
    fn from(group: GroupView) -> Self {
        Self {
            alerts: group.alerts.into_iter().map(GettableAlert::from).collect(),
            labels: group.labels,
            receiver: Receiver { name: group.receiver },
            route_labels: BTreeMap::new(),
        }
    }
}

async fn list(
    State(api): State<AlertmanagerApi>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<GettableAlert>>, ApiError> {
    let filter = Query::parse(query).alert_filter()?;
    Ok(Json(api.alertmanager.alerts(&filter).into_iter().map(GettableAlert::from).collect()))
}

async fn groups(
    State(api): State<AlertmanagerApi>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Group>>, ApiError> {
    let filter = Query::parse(query).alert_filter()?;
    Ok(Json(api.alertmanager.groups(&filter).into_iter().map(Group::from).collect()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
}

/// Reads RFC 3339; Go's zero time and the empty text are no time.
pub fn read_time(field: &str, text: Option<&str>) -> Result<Option<Millis>, ApiError> {
    match text {
        None | Some("" | "0001-01-01T00:00:00Z" | "0001-01-01T00:00:00.000Z") => Ok(None),
        Some(text) => {
            chrono::DateTime::parse_from_rfc3339(text).map(|time| Some(time.timestamp_millis())).map_err(
                |_| ApiError::bad_request(format!("{field}: found {text:?}, expected a time as in RFC 3339")),
            )
        }
    }
}

async fn post(State(api): State<AlertmanagerApi>, body: Bytes) -> Result<(), ApiError> {
    let posted: Vec<Posted> = serde_json::from_slice(&body)
        .map_err(|error| ApiError::bad_request(format!("expected a JSON list of alerts: {error}")))?;
    if posted.len() > MAX_POSTED {
        return Err(ApiError::bad_request(format!(
            "found {} alerts, expected at most {MAX_POSTED}",
            posted.len()
        )));
    }
    let alerts = posted.into_iter().map(|posted| {
        Ok(PostableAlert {
            starts_at: read_time("startsAt", posted.starts_at.as_deref())?,
            ends_at: read_time("endsAt", posted.ends_at.as_deref())?,
            labels: posted.labels.into_iter().collect(),
            annotations: posted.annotations.into_iter().collect(),
            generator_url: posted.generator_url,
        })
    });
    let alerts = alerts.collect::<Result<Vec<_>, ApiError>>()?;
    api.alertmanager.put_alerts(alerts).map_err(ApiError::bad_request)
}
