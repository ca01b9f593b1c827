//! `/api/prom`: the first version of the API, which old clients still speak.

use super::params::Params;
use super::run::blocking;
use super::{LokiApi, LokiError, respond};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::SecondsFormat;

pub async fn query(State(api): State<LokiApi>, uri: Uri, headers: HeaderMap) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &Bytes::new(), api.inner.clock.now_nanos());
    let (limit, direction) = (params.limit()?, params.direction()?);
    let range = params.query_range(api.inner.limits.max_query_length)?;
    let log = logql::parse_log(params.query())?;
    let streams = blocking(&api, move |inner, stop| {
        Ok(inner.engine.logs(&*inner.store, &log, range, limit, direction, stop)?.merged())
    })
    .await?;
    let mut out = String::from("{\"streams\":");
    respond::list(&mut out, &streams, |out, stream| {
        out.push_str("{\"labels\":");
        respond::text(out, &stream.labels.to_string());
        out.push_str(",\"entries\":");
        respond::list(out, &stream.lines, |out, line| {
            let time = chrono::DateTime::from_timestamp_nanos(line.t);
            out.push_str("{\"ts\":");
            respond::text(out, &time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            out.push_str(",\"line\":");
            respond::text(out, &line.line);
            out.push('}');
        });
        out.push('}');
    });
    out.push_str(",\"stats\":{}}");
    Ok(respond::json(out))
}

fn values_of(found: &[String]) -> Response {
    let mut out = String::from("{\"values\":");
    respond::list(&mut out, found, |out, name| respond::text(out, name));
    out.push('}');
    respond::json(out)
}

pub async fn names(State(api): State<LokiApi>, uri: Uri, headers: HeaderMap) -> Result<Response, LokiError> {
    let range = Params::new(&uri, &headers, &Bytes::new(), api.inner.clock.now_nanos()).range()?;
    let found = blocking(&api, move |inner, _| Ok(inner.store.label_names(range, &[])?)).await?;
    Ok(values_of(&found))
}

pub async fn values(
    State(api): State<LokiApi>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, LokiError> {
    let range = Params::new(&uri, &headers, &Bytes::new(), api.inner.clock.now_nanos()).range()?;
    let found = blocking(&api, move |inner, _| Ok(inner.store.label_values(&name, range, &[])?)).await?;
    Ok(values_of(&found))
}
