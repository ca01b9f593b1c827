//! `query` and `query_range`.

use super::params::Params;
use super::respond::{self, Summary};
use super::run::{Counted, blocking};
use super::{LokiApi, LokiError};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use logql::{Answer, Expr, OutStream};

/// The request header with which Grafana asks for labels apart by where they come from.
const FLAGS: &str = "x-loki-response-encoding-flags";

fn categorized(headers: &HeaderMap) -> bool {
    let flags = headers.get_all(FLAGS).iter().filter_map(|value| value.to_str().ok());
    flags.flat_map(|value| value.split(',')).any(|flag| flag.trim() == "categorize-labels")
}

pub async fn instant(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let expr = logql::parse(params.query())?;
    params.limit()?;
    params.direction()?;
    let t = params.instant()?;
    metric(&api, move |engine, store, stop| engine.instant(store, &expr, t, stop)).await
}

pub async fn range(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let limit = params.limit()?;
    let direction = params.direction()?;
    let range = params.query_range(api.inner.limits.max_query_length)?;
    let step = params.step(range)?;
    let interval = params.interval()?;
    let log = match logql::parse(params.query())? {
        Expr::Log(log) => log,
        expr @ Expr::Metric(_) => {
            return metric(&api, move |engine, store, stop| {
                engine.range(store, &expr, range.start, range.end, step, stop)
            })
            .await;
        }
    };
    let most = api.inner.limits.max_entries;
    if limit > most {
        return Err(LokiError::bad_request(format!(
            "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {most})"
        )));
    }
    let categorized = categorized(&headers);
    let body = blocking(&api, move |inner, stop| {
        let begun = inner.clock.now_nanos();
        let answer = inner.engine.logs(&*inner.store, &log, range, limit, direction, stop)?;
        let summary =
            Summary { read: answer.stats, took: inner.clock.now_nanos() - begun, returned: answer.len() };
        let mut streams = if categorized { answer.categorized() } else { answer.merged() };
        if interval > 0 {
            thin(&mut streams, interval);
        }
        Ok(respond::streams(&streams, categorized, &summary))
    })
    .await?;
    Ok(respond::json(body))
}

/// Leaves out lines that come sooner than `interval` after the one before.
fn thin(streams: &mut [OutStream], interval: i64) {
    for stream in streams {
        let mut last: Option<i64> = None;
        stream.lines.retain(|line| {
            let far = last.is_none_or(|last| line.t.abs_diff(last) >= interval.unsigned_abs());
            if far {
                last = Some(line.t);
            }
            far
        });
    }
}

async fn metric(
    api: &LokiApi,
    evaluate: impl FnOnce(
        &logql::Engine,
        &dyn model::logs::LogQuerier,
        &dyn logql::Interrupt,
    ) -> Result<Answer, logql::EvalError>
    + Send
    + 'static,
) -> Result<Response, LokiError> {
    let body = blocking(api, move |inner, stop| {
        let begun = inner.clock.now_nanos();
        let counted = Counted::new(&*inner.store);
        let answer = evaluate(&inner.engine, &counted, stop)?;
        let summary = Summary { read: counted.stats(), took: inner.clock.now_nanos() - begun, returned: 0 };
        Ok(respond::metric(&answer, &summary))
    })
    .await?;
    Ok(respond::json(body))
}
