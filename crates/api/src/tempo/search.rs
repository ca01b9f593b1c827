//! `GET /api/search`: by TraceQL (`q`), or by `tags` and durations.

use super::json::{inspected, key_values};
use super::params::Params;
use super::run::engine_error;
use super::{ApiError, State};
use axum::Json;
use axum::extract::{self, RawQuery};
use model::clock::NANOS_PER_MILLI;
use serde_json::{Value, json};
use traceql::{Expr, FoundSpan, FoundSpanset, FoundTrace, SearchRequest};

const DEFAULT_LIMIT: u64 = 20;
const DEFAULT_SPANS: u64 = 3;
const MAX_SPANS: u64 = 100;
/// What is before every error of a query.
const PREFIX: &str = "invalid TraceQL query: ";

pub(super) async fn search(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let params = Params::of(query.as_deref());
    let range = params.window()?;
    let limit = params.unsigned("limit")?.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 {
        return Err(ApiError::bad_request("invalid limit: must be a positive number"));
    }
    let spans = match params.unsigned("spss")?.unwrap_or(DEFAULT_SPANS) {
        0 => DEFAULT_SPANS,
        spans if spans > MAX_SPANS => {
            let message = format!("spans per span set exceeds {MAX_SPANS}. received {spans}");
            return Err(ApiError::bad_request(message));
        }
        spans => spans,
    };
    let tags = params.get("tags");
    let text = params.get("q");
    if tags.is_some() && text.is_some() {
        return Err(ApiError::bad_request("invalid request: can't specify tags and q in the same query"));
    }
    let expr = match text {
        Some(text) => parse_checked(text)?,
        None => parse_checked(&query_of_tags(tags.unwrap_or(""))?)?,
    };
    let (min_duration, max_duration) = (params.duration("minDuration")?, params.duration("maxDuration")?);
    if let (Some(least), Some(most)) = (min_duration, max_duration)
        && most <= least
    {
        return Err(ApiError::bad_request("invalid maxDuration: must be greater than minDuration"));
    }
    let request = SearchRequest {
        range,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        spans_per_spanset: spans as usize,
        min_duration,
        max_duration,
    };
    let details = text.is_some();
    let answer = state
        .run(move |state, stop| {
            let answer = state.engine.search(&*state.store, &expr, &request, stop);
            answer.map_err(|error| engine_error(error, PREFIX))
        })
        .await?;
    let traces: Vec<Value> = answer.traces.iter().map(|trace| trace_json(trace, details)).collect();
    let metrics = inspected(answer.inspected_traces, answer.inspected_bytes, 0);
    Ok(Json(json!({"traces": traces, "metrics": metrics})))
}

fn parse_checked(text: &str) -> Result<Expr, ApiError> {
    let expr = traceql::parse(text).map_err(|error| ApiError::bad_request(format!("{PREFIX}{error}")))?;
    traceql::check(&expr).map_err(|error| ApiError::bad_request(format!("{PREFIX}{error}")))?;
    Ok(expr)
}

/// `tags` are logfmt pairs that one span has to have all of. A value is compared as a text, so that `402` is found
/// whether it was written as a number or not.
fn query_of_tags(tags: &str) -> Result<String, ApiError> {
    let mut conditions = Vec::new();
    for (name, value) in logfmt(tags)? {
        let text = format!("{value:?}");
        let condition = match name.as_str() {
            "name" => format!("name = {text}"),
            "status.code" => format!("status = {value}"),
            "error" if value == "true" => "status = error".to_owned(),
            "root.name" => format!("rootName = {text}"),
            "root.service.name" => format!("rootServiceName = {text}"),
            name => {
                let attribute = format!(".\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
                let mut forms = vec![format!("{attribute} = {text}")];
                if let Ok(number) = value.parse::<i64>() {
                    forms.push(format!("{attribute} = {number}"));
                } else if let Ok(number) = value.parse::<f64>()
                    && number.is_finite()
                {
                    forms.push(format!("{attribute} = {number:?}"));
                } else if value == "true" || value == "false" {
                    forms.push(format!("{attribute} = {value}"));
                }
                format!("({})", forms.join(" || "))
            }
        };
        conditions.push(condition);
    }
    Ok(if conditions.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", conditions.join(" && ")) })
}

fn logfmt(text: &str) -> Result<Vec<(String, String)>, ApiError> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let bad = || ApiError::bad_request(format!("invalid tags: cannot parse {text:?} as logfmt"));
        let (name, after) = rest.split_once('=').ok_or_else(bad)?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(bad());
        }
        let (value, after) = match after.strip_prefix('"') {
            None => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
            Some(quoted) => {
                let mut value = String::new();
                let mut chars = quoted.char_indices();
                let end = loop {
                    match chars.next() {
                        None => return Err(bad()),
                        Some((at, '"')) => break at + 1,
                        Some((_, '\\')) => value.extend(chars.next().map(|(_, c)| c)),
                        Some((_, c)) => value.push(c),
                    }
                };
                (value, &quoted[end..])
            }
        };
        out.push((name.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(out)
}

fn trace_json(trace: &FoundTrace, details: bool) -> Value {
    let id = trace.id.to_string();
    let mut out = json!({
        "traceID": id.trim_start_matches('0'),
        "rootServiceName": trace.root_service,
        "startTimeUnixNano": trace.start.to_string(),
    });
    if let Some(name) = &trace.root_name {
        out["rootTraceName"] = name.as_str().into();
    }
    let millis = trace.duration / NANOS_PER_MILLI;
    if millis > 0 {
        out["durationMs"] = millis.into();
    }
    if !details {
        return out;
    }
    let spansets: Vec<Value> = trace.spansets.iter().map(spanset_json).collect();
    // The first one again, under the name that it had when there was only one.
    if let Some(first) = spansets.first() {
        out["spanSet"] = first.clone();
    }
    out["spanSets"] = spansets.into();
    let mut services = json!({});
    for (name, stats) in &trace.services {
        let mut of = json!({});
        for (field, count) in [("spanCount", stats.spans), ("errorCount", stats.errors)] {
            if count > 0 {
                of[field] = count.into();
            }
        }
        services[name.as_str()] = of;
    }
    out["serviceStats"] = services;
    out
}

fn spanset_json(spanset: &FoundSpanset) -> Value {
    let spans: Vec<Value> = spanset.spans.iter().map(span_json).collect();
    let mut out = json!({"spans": spans, "matched": spanset.matched});
    if !spanset.attributes.is_empty() {
        out["attributes"] = key_values(&spanset.attributes).into();
    }
    out
}

fn span_json(span: &FoundSpan) -> Value {
    let mut out = json!({"spanID": span.id.to_string(), "startTimeUnixNano": span.start.to_string()});
    if let Some(name) = span.name.as_deref().filter(|name| !name.is_empty()) {
        out["name"] = name.into();
    }
    if span.duration > 0 {
        out["durationNanos"] = span.duration.to_string().into();
    }
    if !span.attributes.is_empty() {
        out["attributes"] = key_values(&span.attributes).into();
    }
    out
}
