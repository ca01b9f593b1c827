//! `/api/v1/query`, `/api/v1/query_range`, `/api/v1/format_query`.

use super::params::Params;
use super::reply::{ApiError, Notes, ok, raw};
use super::{PrometheusApi, render};
use axum::extract::State;
use axum::response::Response;
use model::clock::Millis;
use promql::{Answer, Engine, EvalError, Expr, Limits, Value};
use std::time::{Duration, Instant};

pub async fn instant(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let limit = params.limit()?;
    let t = params.time("time", api.clock.now_millis())?;
    let timeout = params.timeout(api.query_timeout)?;
    let engine = engine(&api, &params)?;
    let expr = expression(&params)?;
    let began = Instant::now();
    let evaluated = api.run(timeout, move |api, flag| {
        let queued = began.elapsed();
        Ok((engine.instant(&*api.store, &expr, t, flag)?, queued))
    });
    let (answer, queued) = evaluated.await?;
    Ok(answered(answer, limit, stats(&params, began, queued)))
}

pub async fn range(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let limit = params.limit()?;
    let (start, end) = (params.required_time("start")?, params.required_time("end")?);
    if end < start {
        return Err(ApiError::parameter("end", EvalError::EndBeforeStart));
    }
    let step = match params.duration("step")? {
        Some(step) if step > 0 => step,
        Some(_) => return Err(ApiError::parameter("step", EvalError::ZeroStep)),
        None => return Err(ApiError::parameter("step", "cannot parse \"\" to a valid duration")),
    };
    let timeout = params.timeout(api.query_timeout)?;
    let engine = engine(&api, &params)?;
    let most = engine.limits().max_points;
    // Judged before the query is read, as upstream does.
    if end.saturating_sub(start) / step > most as Millis {
        return Err(ApiError::bad_data(format!(
            "exceeded maximum resolution of {} points per timeseries. Try decreasing the query resolution (?step=XX)",
            with_commas(most)
        )));
    }
    let expr = expression(&params)?;
    let began = Instant::now();
    let evaluated = api.run(timeout, move |api, flag| {
        let queued = began.elapsed();
        Ok((engine.range(&*api.store, &expr, start, end, step, flag)?, queued))
    });
    let (answer, queued) = evaluated.await.map_err(|error| {
        let of_query = error.message.starts_with("invalid expression type");
        if of_query { ApiError::parameter("query", error.message) } else { error }
    })?;
    Ok(answered(answer, limit, stats(&params, began, queued)))
}

/// The query, printed in one way whatever way it was written.
pub async fn format(params: Params) -> Result<Response, ApiError> {
    ok(&expression(&params)?.to_string())
}

/// 11000 as 11,000.
fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let comma = |(place, digit): (usize, char)| {
        let before = place > 0 && (digits.len() - place).is_multiple_of(3);
        before.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(comma).collect()
}

fn expression(params: &Params) -> Result<Expr, ApiError> {
    promql::parse(params.get("query")).map_err(|error| ApiError::parameter("query", error))
}

/// The engine, with the request's lookback when it names one.
fn engine(api: &PrometheusApi, params: &Params) -> Result<Engine, ApiError> {
    match params.duration("lookback_delta")? {
        None => Ok(api.engine),
        Some(lookback) if lookback > 0 => Ok(Engine::new(Limits { lookback, ..*api.engine.limits() })),
        Some(_) => Err(ApiError::parameter("lookback_delta", "must be more than 0")),
    }
}

/// Times for whoever asks for `stats`: in seconds, as upstream names them.
fn stats(params: &Params, began: Instant, queued: Duration) -> Option<String> {
    if params.get("stats").is_empty() {
        return None;
    }
    let total = began.elapsed();
    let timings = serde_json::json!({
        "timings": {
            "evalTotalTime": total.saturating_sub(queued).as_secs_f64(),
            "execQueueTime": queued.as_secs_f64(),
            "execTotalTime": total.as_secs_f64(),
        }
    });
    Some(timings.to_string())
}

fn answered(answer: Answer, limit: Option<usize>, stats: Option<String>) -> Response {
    let Answer { mut value, warnings, infos } = answer;
    let mut notes = Notes { warnings, infos };
    match &mut value {
        Value::Vector(samples) => notes.cut(samples, limit),
        Value::Matrix(series) => notes.cut(series, limit),
        Value::Scalar(_) | Value::String { .. } => {}
    }
    let mut data = String::from("{");
    render::value(&mut data, &value);
    if let Some(stats) = stats {
        data.push_str(",\"stats\":");
        data.push_str(&stats);
    }
    data.push('}');
    raw(&data, &notes)
}
