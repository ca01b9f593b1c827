//! `detected_labels`, `detected_fields` and `detected_field/<name>/values`: what a reader could filter by.

use super::params::Params;
use super::run::blocking;
use super::{Inner, LokiApi, LokiError, respond};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use logql::pipeline::json::{self, Type};
use logql::pipeline::logfmt::Scanner;
use logql::{Direction, Interrupt, LabelSet, units};
use model::logs::NanosRange;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Lines that are looked at, and fields of an answer, when the request does not say.
const DEFAULT_LINES: usize = 100;
const DEFAULT_FIELDS: usize = 1_000;
/// Different values of a field that are counted.
const MAX_VALUES: usize = 10_000;

pub async fn labels(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let range = params.range()?;
    let sets = super::labels::selector(&params)?;
    let found = blocking(&api, move |inner, _| Ok(inner.store.streams(range, &sets)?)).await?;
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for labels in &found {
        for (name, value) in labels.iter() {
            values.entry(name.to_owned()).or_default().insert(value.to_owned());
        }
    }
    // A label that holds only ids helps nobody to choose.
    values.retain(|_, values| !values.iter().all(|value| is_id(value)));
    let mut out = String::from("{\"detectedLabels\":");
    respond::list(&mut out, &values, |out, (name, values)| {
        out.push_str("{\"label\":");
        respond::text(out, name);
        let _ = write!(out, ",\"cardinality\":{}}}", values.len());
    });
    out.push('}');
    Ok(respond::json(out))
}

/// A number or a UUID.
fn is_id(value: &str) -> bool {
    let groups: Vec<_> = value.split('-').map(str::len).collect();
    let uuid = groups == [8, 4, 4, 4, 12] && value.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    uuid || value.parse::<f64>().is_ok()
}

/// What is known of one field.
#[derive(Default)]
struct Field {
    kind: Option<&'static str>,
    values: BTreeSet<String>,
    parser: Option<&'static str>,
    /// Where the value is in a JSON line.
    path: Vec<String>,
}

impl Field {
    fn add(&mut self, value: &str) {
        let kind = *self.kind.get_or_insert_with(|| kind_of(value));
        if self.values.len() < MAX_VALUES {
            self.values.insert(shown(kind, value));
        }
    }
}

fn kind_of(value: &str) -> &'static str {
    if value.parse::<i64>().is_ok() {
        "int"
    } else if units::parse_float(value).is_ok() {
        "float"
    } else if matches!(value, "true" | "false") {
        "boolean"
    } else if units::parse_go_duration(value).is_some() {
        "duration"
    } else if units::parse_bytes(value).is_some() {
        "bytes"
    } else {
        "string"
    }
}

/// Sizes are written in one way, so that equal ones are one value.
fn shown(kind: &str, value: &str) -> String {
    match kind {
        "bytes" => units::parse_bytes(value).map(units::format_bytes),
        "duration" => units::parse_go_duration(value).map(units::format_go_duration),
        _ => None,
    }
    .unwrap_or_else(|| value.to_owned())
}

struct Request {
    log: logql::ast::LogExpr,
    range: NanosRange,
    lines: usize,
    limit: usize,
}

impl Request {
    fn read(api: &LokiApi, params: &Params) -> Result<Self, LokiError> {
        let positive = |name: &str, default: usize| {
            let number = params.number(name, default)?;
            usize::try_from(number)
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| LokiError::bad_request(format!("{name} must be a positive value")))
        };
        let lines = positive("line_limit", DEFAULT_LINES)?.min(api.inner.limits.max_entries);
        let limit = positive("limit", DEFAULT_FIELDS)?;
        let range = params.query_range(api.inner.limits.max_query_length)?;
        Ok(Self { log: logql::parse_log(params.query())?, range, lines, limit })
    }

    fn collect(&self, inner: &Inner, stop: &dyn Interrupt) -> Result<BTreeMap<String, Field>, LokiError> {
        let answer =
            inner.engine.logs(&*inner.store, &self.log, self.range, self.lines, Direction::Backward, stop)?;
        let mut fields: BTreeMap<String, Field> = BTreeMap::new();
        for stream in answer.categorized() {
            for line in &stream.lines {
                for (name, value) in line.metadata.iter() {
                    self.field(&mut fields, name, |field| field.add(value));
                }
                for (name, value) in line.parsed.iter().filter(|(name, _)| !name.starts_with("__error")) {
                    self.field(&mut fields, name, |field| field.add(value));
                }
                self.parse(&mut fields, &stream.labels, &line.line);
            }
        }
        Ok(fields)
    }

    fn field(&self, fields: &mut BTreeMap<String, Field>, name: &str, change: impl FnOnce(&mut Field)) {
        if let Some(field) = fields.get_mut(name) {
            change(field);
        } else if fields.len() < self.limit {
            change(fields.entry(name.to_owned()).or_default());
        }
    }

    /// Looks at the line as JSON and, when it is none, as logfmt.
    fn parse(&self, fields: &mut BTreeMap<String, Field>, labels: &LabelSet, line: &str) {
        let named =
            |name: String| if labels.get(&name).is_some() { format!("{name}_extracted") } else { name };
        let mut found = Vec::new();
        let parser = if flatten(line, &mut Vec::new(), &mut found).is_ok() {
            "json"
        } else {
            found.clear();
            for (key, value) in Scanner::new(line).flatten().filter(|(_, value)| !value.is_empty()) {
                found.push((vec![key.to_owned()], value.into_owned()));
            }
            "logfmt"
        };
        for (path, value) in found {
            let mut name = String::new();
            path.iter().for_each(|part| json::sanitize(part, &mut name));
            if name.is_empty() {
                continue;
            }
            self.field(fields, &named(name), |field| {
                field.add(&value);
                field.parser.get_or_insert(parser);
                if parser == "json" && field.path.is_empty() {
                    field.path = path;
                }
            });
        }
    }
}

/// A value and the keys that lead to it.
type Leaf = (Vec<String>, String);

fn flatten(text: &str, path: &mut Vec<String>, found: &mut Vec<Leaf>) -> Result<(), &'static str> {
    if path.len() > 32 {
        return Err(json::MALFORMED_OBJECT);
    }
    json::each_field(text, &mut |key, value| {
        path.push(key.into_owned());
        let inner = match value.kind {
            Type::Object => flatten(value.raw, path, found),
            Type::Array | Type::Null => Ok(()),
            _ => {
                found.push((path.clone(), value.text().into_owned()));
                Ok(())
            }
        };
        path.pop();
        inner.map(|()| true)
    })
}

pub async fn fields(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let request = Request::read(&api, &params)?;
    let limit = request.limit;
    let found = blocking(&api, move |inner, stop| request.collect(inner, stop)).await?;
    let mut out = String::from("{\"fields\":");
    respond::list(&mut out, &found, |out, (name, field)| {
        out.push_str("{\"label\":");
        respond::text(out, name);
        let kind = field.kind.unwrap_or("string");
        let _ = write!(out, ",\"type\":\"{kind}\",\"cardinality\":{},\"parsers\":", field.values.len());
        match field.parser {
            Some(parser) => {
                let _ = write!(out, "[\"{parser}\"]");
            }
            None => out.push_str("null"),
        }
        if !field.path.is_empty() {
            out.push_str(",\"jsonPath\":");
            respond::list(out, &field.path, |out, key| respond::text(out, key));
        }
        out.push('}');
    });
    let _ = write!(out, ",\"limit\":{limit}}}");
    Ok(respond::json(out))
}

pub async fn values(
    State(api): State<LokiApi>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let mut request = Request::read(&api, &params)?;
    // The limit is one of values here, not of fields.
    let limit = std::mem::replace(&mut request.limit, usize::MAX);
    let found = blocking(&api, move |inner, stop| request.collect(inner, stop)).await?;
    let mut out = String::from("{\"values\":");
    let values = found.get(&name).into_iter().flat_map(|field| &field.values).take(limit);
    respond::list(&mut out, values, |out, value| respond::text(out, value));
    let _ = write!(out, ",\"limit\":{limit}}}");
    Ok(respond::json(out))
}
