//! The part of Grafana's HTTP API that documentation, tools and the pages use. Source: Grafana's documentation, "HTTP API".

use crate::ConsoleState;
use crate::provisioning::Dashboard;
use crate::proxy::message;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use stackconf::grafana::Datasource;
use std::time::Duration;

/// The release whose dashboards and API are served.
const VERSION: &str = "13.2.0";
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

pub fn router() -> Router<ConsoleState> {
    Router::new()
        .route("/api/health", get(health))
        .route("/api/datasources", get(datasources))
        .route("/api/datasources/uid/{uid}", get(datasource))
        .route("/api/datasources/name/{name}", get(datasource_by_name))
        .route("/api/datasources/uid/{uid}/health", get(datasource_health))
        .route("/api/search", get(search))
        .route("/api/folders", get(folders))
        .route("/api/dashboards/uid/{uid}", get(dashboard))
        .route("/api/annotations", get(|| async { Json(json!([])) }))
        .route("/api/org", get(|| async { Json(json!({"id": 1, "name": "Main Org."})) }))
}

async fn health() -> Json<Value> {
    Json(json!({"database": "ok", "version": VERSION, "commit": concat!("lab-", env!("CARGO_PKG_VERSION"))}))
}

fn datasource_json(index: usize, source: &Datasource) -> Value {
    json!({
        "id": index + 1, "uid": source.uid, "orgId": 1, "name": source.name, "type": source.kind,
        "typeName": source.name, "access": "proxy", "url": source.url, "user": "", "database": "",
        "basicAuth": false, "isDefault": source.is_default, "jsonData": source.json_data, "readOnly": true,
    })
}

async fn datasources(State(state): State<ConsoleState>) -> Json<Vec<Value>> {
    let sources = state.provisioned.datasources.iter().enumerate();
    Json(sources.map(|(index, source)| datasource_json(index, source)).collect())
}

fn one_datasource(state: &ConsoleState, test: impl Fn(&Datasource) -> bool) -> Response {
    match state.provisioned.datasources.iter().enumerate().find(|(_, source)| test(source)) {
        Some((index, source)) => Json(datasource_json(index, source)).into_response(),
        None => message(StatusCode::NOT_FOUND, "Data source not found"),
    }
}

async fn datasource(State(state): State<ConsoleState>, Path(uid): Path<String>) -> Response {
    one_datasource(&state, |source| source.uid == uid)
}

async fn datasource_by_name(State(state): State<ConsoleState>, Path(name): Path<String>) -> Response {
    one_datasource(&state, |source| source.name == name)
}

/// Asks an engine what Grafana asks it under "Save & test".
async fn datasource_health(State(state): State<ConsoleState>, Path(uid): Path<String>) -> Response {
    let Some(source) = state.provisioned.datasource(&uid) else {
        return message(StatusCode::NOT_FOUND, "Data source not found");
    };
    let path = match source.kind.as_str() {
        "prometheus" => "/api/v1/query?query=1%2B1",
        "loki" => "/loki/api/v1/query?query=vector(1)%2Bvector(1)",
        "tempo" => "/api/echo",
        "alertmanager" => "/api/v2/status",
        kind => return message(StatusCode::NOT_FOUND, format!("no health check is known for type {kind:?}")),
    };
    let base = (state.resolve)(&source.url);
    let url = format!("{}{path}", base.trim_end_matches('/'));
    let failed = |reason: String| {
        let body = json!({"status": "ERROR", "message": reason});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    };
    match state.client.get(&url).timeout(HEALTH_TIMEOUT).send().await {
        Ok(answer) if answer.status().is_success() => {
            Json(json!({"status": "OK", "message": "Data source is working"})).into_response()
        }
        Ok(answer) => failed(format!("{} answered {}", source.url, answer.status())),
        Err(error) => failed(format!("{} cannot be reached: {error}", source.url)),
    }
}

/// The last part of a dashboard's URL: lower case, one dash for each run of other characters.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.to_lowercase().chars() {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn url(dashboard: &Dashboard) -> String {
    format!("/d/{}/{}", dashboard.uid, slug(&dashboard.title))
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    query: String,
    #[serde(default)]
    tag: String,
    #[serde(default, rename = "type")]
    kind: String,
}

async fn search(State(state): State<ConsoleState>, Query(search): Query<Search>) -> Response {
    if let Err(error) = state.provisioned.refresh() {
        tracing::warn!(%error, "dashboards were not read again");
    }
    let wanted = search.query.to_lowercase();
    let mut found: Vec<Value> = Vec::new();
    if search.kind != "dash-folder" {
        for (index, dashboard) in state.provisioned.dashboards().iter().enumerate() {
            if dashboard.title.to_lowercase().contains(&wanted)
                && (search.tag.is_empty() || dashboard.tags.contains(&search.tag))
            {
                found.push(json!({
                    "id": index + 1, "uid": dashboard.uid, "title": dashboard.title, "uri": format!("db/{}", slug(&dashboard.title)),
                    "url": url(dashboard), "slug": "", "type": "dash-db", "tags": dashboard.tags, "isStarred": false,
                    "folderUid": slug(&dashboard.folder), "folderTitle": dashboard.folder,
                }));
            }
        }
    }
    Json(found).into_response()
}

async fn folders(State(state): State<ConsoleState>) -> Json<Vec<Value>> {
    let mut names: Vec<String> =
        state.provisioned.dashboards().into_iter().map(|dashboard| dashboard.folder).collect();
    names.sort();
    names.dedup();
    Json(
        names
            .iter()
            .enumerate()
            .map(|(index, name)| json!({"id": index + 1, "uid": slug(name), "title": name}))
            .collect(),
    )
}

async fn dashboard(State(state): State<ConsoleState>, Path(uid): Path<String>) -> Response {
    if let Err(error) = state.provisioned.refresh() {
        tracing::warn!(%error, "dashboards were not read again");
    }
    let Some(dashboard) = state.provisioned.dashboard(&uid) else {
        return message(StatusCode::NOT_FOUND, "Dashboard not found");
    };
    let meta = json!({
        "type": "db", "canSave": false, "canEdit": true, "canAdmin": false, "canStar": false, "canDelete": false,
        "slug": slug(&dashboard.title), "url": url(&dashboard), "version": 1, "folderTitle": dashboard.folder,
        "folderUid": slug(&dashboard.folder), "provisioned": true,
        "provisionedExternalId": dashboard.path.file_name().map(|name| name.to_string_lossy().into_owned()),
    });
    Json(json!({"meta": meta, "dashboard": dashboard.json})).into_response()
}

/// A few figures of the console itself, so that its scrape target answers as Grafana's does.
pub async fn metrics(State(state): State<ConsoleState>) -> Response {
    let text = format!(
        "# HELP grafana_build_info A metric with a constant '1' value labeled by version.\n\
         # TYPE grafana_build_info gauge\ngrafana_build_info{{version=\"{VERSION}\",edition=\"lab\"}} 1\n\
         # HELP grafana_stat_totals_dashboard Number of dashboards.\n# TYPE grafana_stat_totals_dashboard gauge\n\
         grafana_stat_totals_dashboard {}\n",
        state.provisioned.dashboards().len()
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
