//! `/api/lab/…`: what the lab has and Grafana does not: its services, chaos, and the notifications that were sent.

use crate::ConsoleState;
use crate::control::{Action, ControlError, ServiceState};
use crate::proxy::{forward, message};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

/// Where the configuration has the sink, as docker-compose.yml names it.
const SINK_URL: &str = "http://alert-sink:8080";

pub fn router() -> Router<ConsoleState> {
    Router::new()
        .route("/api/lab/services", get(services))
        .route("/api/lab/services/{name}/actions/{action}", post(act))
        .route("/api/lab/services/{name}/chaos", get(chaos).put(chaos).patch(chaos).delete(chaos))
        .route("/api/lab/notifications", get(notifications))
}

async fn known_services(state: &ConsoleState) -> Result<Vec<ServiceState>, Response> {
    let Some(control) = &state.control else {
        return Err(message(StatusCode::NOT_IMPLEMENTED, "services are not run by this console"));
    };
    control.services().await.map_err(refused)
}

fn refused(error: ControlError) -> Response {
    let status = match error {
        ControlError::UnknownService { .. } => StatusCode::NOT_FOUND,
        ControlError::Refused(_) => StatusCode::CONFLICT,
    };
    message(status, error.to_string())
}

async fn services(State(state): State<ConsoleState>) -> Response {
    match known_services(&state).await {
        Ok(services) => Json(services).into_response(),
        Err(response) => response,
    }
}

async fn act(State(state): State<ConsoleState>, Path((name, action)): Path<(String, String)>) -> Response {
    let Some(wanted) = Action::parse(&action) else {
        let text = format!("unknown action {action:?}, expected start, stop, kill or restart");
        return message(StatusCode::NOT_FOUND, text);
    };
    let Some(control) = &state.control else {
        return message(StatusCode::NOT_IMPLEMENTED, "services are not run by this console");
    };
    match control.act(&name, wanted).await {
        Ok(()) => Json(json!({"service": name, "action": action})).into_response(),
        Err(error) => refused(error),
    }
}

/// Passes on to the `/chaos` of a service.
async fn chaos(
    State(state): State<ConsoleState>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let services = match known_services(&state).await {
        Ok(services) => services,
        Err(response) => return response,
    };
    let Some(service) = services.iter().find(|service| service.name == name) else {
        let expected = services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>().join(", ");
        return refused(ControlError::UnknownService { found: name, expected });
    };
    let url = format!("{}/chaos", (state.resolve)(&service.url).trim_end_matches('/'));
    forward(&state.client, method, &url, &headers, body).await
}

async fn notifications(State(state): State<ConsoleState>) -> Response {
    let url = format!("{}/notifications", (state.resolve)(SINK_URL).trim_end_matches('/'));
    forward(&state.client, Method::GET, &url, &HeaderMap::new(), Bytes::new()).await
}
