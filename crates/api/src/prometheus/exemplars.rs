//! `/api/v1/query_exemplars`.

use super::params::Params;
use super::reply::{ApiError, Notes, raw};
use super::{PrometheusApi, render};
use axum::extract::State;
use axum::response::Response;

pub async fn exemplars(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let range = params.range()?;
    if range.end < range.start {
        return Err(ApiError::bad_data("end timestamp must not be before start timestamp"));
    }
    let expr = promql::parse(params.get("query")).map_err(ApiError::bad_data)?;
    let sets = expr.selectors();
    if sets.is_empty() {
        return Ok(raw("[]", &Notes::default()));
    }
    let found = api.run(api.query_timeout, move |api, _| Ok(api.store.exemplars(range, &sets)?)).await?;
    let mut out = String::from("[");
    for (index, of_series) in found.iter().enumerate() {
        out.push_str(if index > 0 { ",{\"seriesLabels\":" } else { "{\"seriesLabels\":" });
        render::labels(&mut out, &of_series.series);
        out.push_str(",\"exemplars\":[");
        for (index, exemplar) in of_series.exemplars.iter().enumerate() {
            out.push_str(if index > 0 { ",{\"labels\":" } else { "{\"labels\":" });
            render::labels(&mut out, &exemplar.labels);
            out.push_str(",\"value\":\"");
            render::float(&mut out, exemplar.value);
            out.push_str("\",\"timestamp\":");
            render::timestamp(&mut out, exemplar.t);
            out.push('}');
        }
        out.push_str("]}");
    }
    out.push(']');
    Ok(raw(&out, &Notes::default()))
}
