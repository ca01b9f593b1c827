//! `labels` and `label/<name>/values`.

use super::params::Params;
use super::run::blocking;
use super::{LokiApi, LokiError, respond};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use model::Matcher;

/// The selector of `query`, when there is one; stages are not allowed.
pub fn selector(params: &Params) -> Result<Vec<Vec<Matcher>>, LokiError> {
    match params.get("query") {
        None => Ok(Vec::new()),
        Some(text) => Ok(vec![logql::parse_matchers(text, true)?]),
    }
}

/// Nothing found leaves `data` out: clients know it that way.
fn answer(found: &[String]) -> Response {
    let mut out = String::from("{\"status\":\"success\"");
    if !found.is_empty() {
        out.push_str(",\"data\":");
        respond::list(&mut out, found, |out, name| respond::text(out, name));
    }
    out.push('}');
    respond::json(out)
}

pub async fn names(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let (range, sets) = (params.range()?, selector(&params)?);
    let found = blocking(&api, move |inner, _| Ok(inner.store.label_names(range, &sets)?)).await?;
    Ok(answer(&found))
}

pub async fn values(
    State(api): State<LokiApi>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let (range, sets) = (params.range()?, selector(&params)?);
    let found = blocking(&api, move |inner, _| Ok(inner.store.label_values(&name, range, &sets)?)).await?;
    Ok(answer(&found))
}
