//! `series`: the streams that match.

use super::params::Params;
use super::run::blocking;
use super::{LokiApi, LokiError, respond};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

pub async fn series(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let range = params.range()?;
    let texts = params.all("match[]").chain(params.all("match")).filter(|text| !text.is_empty());
    // `{}` stands for everything here.
    let sets = texts
        .map(|text| if text.trim() == "{}" { Ok(Vec::new()) } else { logql::parse_matchers(text, false) })
        .collect::<Result<Vec<_>, _>>()?;
    let found = blocking(&api, move |inner, _| Ok(inner.store.streams(range, &sets)?)).await?;
    let mut out = String::from("{\"status\":\"success\",\"data\":");
    respond::list(&mut out, &found, |out, labels| respond::label_set(out, labels.iter()));
    out.push('}');
    Ok(respond::json(out))
}
