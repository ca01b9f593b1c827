//! TraceQL metrics: `query_range` and `query`.

use super::json::{inspected, key_values};
use super::params::Params;
use super::run::engine_error;
use super::{ApiError, State};
use axum::Json;
use axum::extract::{self, RawQuery};
use model::clock::{NANOS_PER_MILLI, Nanos};
use model::duration::format_duration;
use serde_json::{Value as JsonValue, json};
use std::time::Duration;
use traceql::{Expr, MetricsAnswer, MetricsRequest, MetricsSeries, Value, default_step_nanos};

/// What a query looks back when it names no start.
const DEFAULT_SINCE: Nanos = 3_600_000_000_000;
const DEFAULT_EXEMPLARS: u64 = 100;
/// Samples that a series may have; a finer step is refused.
const MAX_SAMPLES: Nanos = 10_000;
/// What is before an error of a query that parses.
const PREFIX: &str = "compiling query: ";

type Answer = Result<Json<JsonValue>, ApiError>;

struct Request {
    expr: Expr,
    metrics: MetricsRequest,
}

fn request(state: &State, params: &Params) -> Result<Request, ApiError> {
    let text = params.get("q").or_else(|| params.get("query")).unwrap_or("");
    let expr = traceql::parse(text).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let end = params.instant("end")?.unwrap_or_else(|| state.clock.now_nanos());
    let since = params.duration("since")?.unwrap_or(DEFAULT_SINCE);
    let start = params.instant("start")?.unwrap_or(end.saturating_sub(since));
    if end <= start {
        return Err(ApiError::bad_request("end must be greater than start"));
    }
    let exemplars =
        params.unsigned("exemplars")?.unwrap_or(DEFAULT_EXEMPLARS).min(10 * DEFAULT_EXEMPLARS) as usize;
    Ok(Request { expr, metrics: MetricsRequest { start, end, step: None, exemplars } })
}

async fn evaluate(state: &State, request: Request) -> Result<MetricsAnswer, ApiError> {
    state
        .run(move |state, stop| {
            let answer = state.engine.metrics(&*state.store, &request.expr, &request.metrics, stop);
            answer.map_err(|error| engine_error(error, PREFIX))
        })
        .await
}

pub(super) async fn range(extract::State(state): extract::State<State>, RawQuery(query): RawQuery) -> Answer {
    let params = Params::of(query.as_deref());
    let mut request = request(&state, &params)?;
    let (start, end) = (request.metrics.start, request.metrics.end);
    let step =
        params.duration("step")?.filter(|step| *step > 0).unwrap_or_else(|| default_step_nanos(start, end));
    let least = end.saturating_sub(start) / MAX_SAMPLES;
    if step < least {
        let show = |nanos: Nanos| format_duration(Duration::from_nanos(nanos.unsigned_abs()));
        let message =
            format!("step of {} is too small, minimum step for given range is {}", show(step), show(least));
        return Err(ApiError::bad_request(message));
    }
    request.metrics.step = Some(step);
    let answer = evaluate(&state, request).await?;
    let series: Vec<JsonValue> = answer
        .series
        .iter()
        .map(|series| {
            let samples: Vec<JsonValue> =
                series.samples.iter().map(|(t, value)| sample_json(*t, *value)).collect();
            let mut out = series_json(series);
            out["samples"] = samples.into();
            out
        })
        .collect();
    Ok(Json(json!({"series": series, "metrics": work(&answer)})))
}

pub(super) async fn instant(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::of(query.as_deref());
    let request = request(&state, &params)?;
    let answer = evaluate(&state, request).await?;
    let series: Vec<JsonValue> = answer
        .series
        .iter()
        .map(|series| {
            let mut out = series_json(series);
            if let Some((_, value)) = series.samples.first().filter(|(_, value)| *value != 0.0) {
                out["value"] = (*value).into();
            }
            out
        })
        .collect();
    Ok(Json(json!({"series": series, "metrics": work(&answer)})))
}

fn work(answer: &MetricsAnswer) -> JsonValue {
    inspected(answer.inspected_traces, answer.inspected_bytes, answer.inspected_spans)
}

/// Protobuf's JSON leaves out a zero.
fn sample_json(t: Nanos, value: f64) -> JsonValue {
    let mut out = json!({"timestampMs": (t / NANOS_PER_MILLI).to_string()});
    if value != 0.0 {
        out["value"] = value.into();
    }
    out
}

fn series_json(series: &MetricsSeries) -> JsonValue {
    let mut out = json!({"labels": key_values(&series.labels), "promLabels": prom_labels(&series.labels)});
    if !series.exemplars.is_empty() {
        let exemplars: Vec<JsonValue> = series
            .exemplars
            .iter()
            .map(|exemplar| {
                let mut out = sample_json(exemplar.t, exemplar.value);
                out["labels"] = key_values(&exemplar.labels).into();
                out
            })
            .collect();
        out["exemplars"] = exemplars.into();
    }
    out
}

/// The labels as Prometheus would print them; names that it cannot hold are quoted.
fn prom_labels(labels: &[(String, Value)]) -> String {
    let parts: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let value = value.plain();
            if plain { format!("{name}={value:?}") } else { format!("{name:?}={value:?}") }
        })
        .collect();
    format!("{{{}}}", parts.join(", "))
}
