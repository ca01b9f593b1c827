//! `GET /browse`: what the catalog has.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{error::Error, upstream::Upstream};

pub fn router(catalog: Upstream) -> Router {
    Router::new().route("/browse", get(browse)).with_state(catalog)
}

async fn browse(State(catalog): State<Upstream>) -> Result<Response, Error> {
    let answer = catalog.get("/items").await?;
    if answer.status != StatusCode::OK {
        return Err(catalog.unexpected(&answer));
    }
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((json, answer.body).into_response())
}
