//! `/api/v1/series`, `/api/v1/labels`, `/api/v1/label/NAME/values`, `/api/v1/metadata`.

use super::PrometheusApi;
use super::params::Params;
use super::reply::{ApiError, Notes, data, ok};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;
use std::collections::BTreeMap;

pub async fn series(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let (range, sets, limit) = (params.range()?, params.matchers()?, params.limit()?);
    if sets.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    let found = api.run(api.query_timeout, move |api, _| Ok(api.store.series(range, &sets)?));
    let (mut found, mut notes) = (found.await?, Notes::default());
    notes.cut(&mut found, limit);
    data(&found, &notes)
}

pub async fn names(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let (range, sets, limit) = (params.range()?, params.matchers()?, params.limit()?);
    let found = api.run(api.query_timeout, move |api, _| Ok(api.store.label_names(range, &sets)?));
    let (mut found, mut notes) = (found.await?, Notes::default());
    notes.cut(&mut found, limit);
    data(&found, &notes)
}

pub async fn values(
    State(api): State<PrometheusApi>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let (range, sets, limit) = (params.range()?, params.matchers()?, params.limit()?);
    let found = api.run(api.query_timeout, move |api, _| Ok(api.store.label_values(&name, range, &sets)?));
    let (mut found, mut notes) = (found.await?, Notes::default());
    notes.cut(&mut found, limit);
    data(&found, &notes)
}

pub async fn metadata(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    // A negative number is no limit here, and 0 is a limit, unlike elsewhere: so it is upstream.
    let number = |name: &str| match params.get(name) {
        "" => Ok(usize::MAX),
        text => match text.parse::<i64>() {
            Ok(number) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
            Err(_) => Err(ApiError::bad_data(format!("{name} must be a number"))),
        },
    };
    let (limit, per_metric) = (number("limit")?, number("limit_per_metric")?);
    let metric = params.get("metric");
    let known = api.store.metadata();
    let wanted = known.into_iter().filter(|(name, _)| metric.is_empty() || name == metric);
    let shown: BTreeMap<String, _> = wanted
        .take(limit)
        .map(|(name, all)| {
            let all: Vec<_> = all
                .iter()
                .take(per_metric)
                .map(|one| json!({"type": one.kind.as_str(), "help": one.help, "unit": one.unit}))
                .collect();
            (name, all)
        })
        .collect();
    ok(&shown)
}
