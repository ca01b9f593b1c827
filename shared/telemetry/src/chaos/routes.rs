//! `GET|PUT|PATCH|DELETE /chaos`.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use super::{Chaos, ChaosSpec};
use crate::{Problem, json::AnyJson, names::path};

/// What is in force, as it is shown.
#[derive(Serialize)]
struct Shown {
    service: &'static str,
    #[serde(flatten)]
    spec: ChaosSpec,
    /// Seconds until the fault ends by itself; null when there is none or it lasts until it is reset.
    remaining_seconds: Option<u64>,
}

pub(crate) fn router(chaos: Chaos) -> Router {
    Router::new().route(path::CHAOS, get(show).put(replace).patch(merge).delete(reset)).with_state(chaos)
}

async fn show(State(chaos): State<Chaos>) -> Response {
    Json(Shown {
        service: chaos.service(),
        spec: chaos.current(),
        remaining_seconds: chaos.remaining().map(|left| left.as_secs_f64().ceil() as u64),
    })
    .into_response()
}

/// What the body leaves out is off.
async fn replace(State(chaos): State<Chaos>, AnyJson(body): AnyJson) -> Result<Response, Problem> {
    change(chaos, ChaosSpec::default(), body).await
}

/// What the body leaves out stays, so that errors and latency can be switched one after the other. The time runs anew.
async fn merge(State(chaos): State<Chaos>, AnyJson(body): AnyJson) -> Result<Response, Problem> {
    let base = chaos.current();
    change(chaos, base, body).await
}

async fn reset(State(chaos): State<Chaos>) -> Response {
    chaos.reset();
    show(State(chaos)).await
}

async fn change(chaos: Chaos, base: ChaosSpec, body: serde_json::Value) -> Result<Response, Problem> {
    let spec = base.merged(&body, &chaos.routes()).map_err(|violation| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
            .detail("the fault that was asked for is not possible")
            .field(&violation.field, format!("found {}, expected {}", violation.found, violation.expected))
    })?;
    chaos.set(spec);
    Ok(show(State(chaos)).await)
}
