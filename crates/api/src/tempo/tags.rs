//! Names and values of attributes, in version 1 (plain lists) and 2 (with scopes and types).

use super::json::inspected;
use super::params::Params;
use super::run::engine_error;
use super::{ApiError, State};
use axum::Json;
use axum::extract::{self, Path, RawQuery};
use model::traces::AttrScope;
use serde_json::{Value as JsonValue, json};
use std::collections::BTreeSet;
use traceql::{Attribute, AttributeScope, Intrinsic, TagNames, Value, intrinsic_tag_names, lenient_filter};

const SCOPES: [(AttrScope, &str); 5] = [
    (AttrScope::Event, "event"),
    (AttrScope::Instrumentation, "instrumentation"),
    (AttrScope::Link, "link"),
    (AttrScope::Resource, "resource"),
    (AttrScope::Span, "span"),
];
/// Values in one answer when the request does not say.
const DEFAULT_VALUES: u64 = 10_000;

/// Which scopes a request asks for.
enum Wanted {
    All,
    Intrinsic,
    One(AttrScope),
}

fn wanted(params: &Params) -> Result<Wanted, ApiError> {
    match params.get("scope") {
        None | Some("none") => Ok(Wanted::All),
        Some("intrinsic") => Ok(Wanted::Intrinsic),
        Some(name) => match SCOPES.iter().find(|(_, of)| *of == name) {
            Some((scope, _)) => Ok(Wanted::One(*scope)),
            None => Err(ApiError::bad_request(format!("invalid scope: {name}"))),
        },
    }
}

/// Lists by scope, as version 2 shows them.
async fn names(state: &State, query: Option<&str>) -> Result<Vec<(&'static str, Vec<String>)>, ApiError> {
    let params = Params::of(query);
    let wanted = wanted(&params)?;
    let range = params.window()?;
    let limit = params.unsigned("limit")?.filter(|limit| *limit > 0).unwrap_or(u64::MAX);
    let filter = params.get("q").and_then(lenient_filter);
    let found: TagNames = if matches!(wanted, Wanted::Intrinsic) {
        TagNames::new()
    } else {
        state
            .run(move |state, stop| {
                let names = state.engine.tag_names(&*state.store, filter.as_ref(), range, stop);
                names.map_err(|error| engine_error(error, ""))
            })
            .await?
    };
    let mut out: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (scope, name) in SCOPES {
        let asked = match wanted {
            Wanted::All => true,
            Wanted::Intrinsic => false,
            Wanted::One(one) => one == scope,
        };
        if let (true, Some(names)) = (asked, found.get(&scope).filter(|names| !names.is_empty())) {
            out.push((
                name,
                names.iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect(),
            ));
        }
    }
    if !matches!(wanted, Wanted::One(_)) {
        out.push(("intrinsic", intrinsic_tag_names().map(str::to_owned).to_vec()));
    }
    Ok(out)
}

type Answer = Result<Json<JsonValue>, ApiError>;

pub(super) async fn names_1(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Answer {
    let names: BTreeSet<String> =
        names(&state, query.as_deref()).await?.into_iter().flat_map(|(_, names)| names).collect();
    Ok(Json(json!({"tagNames": names, "metrics": inspected(0, 0, 0)})))
}

pub(super) async fn names_2(
    extract::State(state): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Answer {
    let scopes: Vec<JsonValue> = names(&state, query.as_deref())
        .await?
        .into_iter()
        .map(|(name, tags)| json!({"name": name, "tags": tags}))
        .collect();
    Ok(Json(json!({"scopes": scopes, "metrics": inspected(0, 0, 0)})))
}

async fn values(state: &State, attribute: Attribute, query: Option<&str>) -> Result<Vec<Value>, ApiError> {
    let params = Params::of(query);
    let range = params.window()?;
    let limit = params.unsigned("limit")?.filter(|limit| *limit > 0).unwrap_or(DEFAULT_VALUES);
    let filter = params.get("q").and_then(lenient_filter);
    state
        .run(move |state, stop| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let values =
                state.engine.tag_values(&*state.store, &attribute, filter.as_ref(), range, limit, stop);
            values.map_err(|error| engine_error(error, ""))
        })
        .await
}

/// Version 1 knows a few names of its own and takes everything else for an unscoped attribute.
fn attribute_1(name: &str) -> Attribute {
    match name {
        "name" => Attribute::intrinsic(Intrinsic::Name),
        "status.code" => Attribute::intrinsic(Intrinsic::Status),
        "root.name" => Attribute::intrinsic(Intrinsic::RootName),
        "root.service.name" => Attribute::intrinsic(Intrinsic::RootServiceName),
        "service.name" => Attribute::scoped(AttributeScope::Resource, name),
        name => Attribute::scoped(AttributeScope::None, name),
    }
}

pub(super) async fn values_1(
    extract::State(state): extract::State<State>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let values = values(&state, attribute_1(&name), query.as_deref()).await?;
    let texts: BTreeSet<String> = values.iter().map(Value::plain).collect();
    Ok(Json(json!({"tagValues": texts, "metrics": inspected(0, 0, 0)})))
}

pub(super) async fn values_2(
    extract::State(state): extract::State<State>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let attribute = traceql::parse_attribute(&name).map_err(|mut error| {
        // Tempo reads the name within braces, so its columns count one more.
        error.col += 1;
        ApiError::bad_request(format!(
            "please provide a valid tagName: failed to parse identifier {name}: {error}"
        ))
    })?;
    let values = values(&state, attribute, query.as_deref()).await?;
    let values: Vec<JsonValue> = values
        .iter()
        .map(|value| match value.plain() {
            // Protobuf's JSON leaves out an empty text.
            text if text.is_empty() => json!({"type": value.type_name()}),
            text => json!({"type": value.type_name(), "value": text}),
        })
        .collect();
    Ok(Json(json!({"tagValues": values, "metrics": inspected(0, 0, 0)})))
}
