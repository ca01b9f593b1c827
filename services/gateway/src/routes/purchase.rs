//! `POST /purchase`: hands an order to checkout, which knows the rules for orders.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use telemetry::{json::JsonBody, problem};

use crate::{error::Error, upstream::Upstream};

/// What checkout may find wrong with an order; its problem document is the user's. Any other 4xx is the gateway's fault.
const USER_ERRORS: [StatusCode; 3] =
    [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNPROCESSABLE_ENTITY];

pub fn router(checkout: Upstream) -> Router {
    Router::new().route("/purchase", post(purchase)).with_state(checkout)
}

async fn purchase(State(checkout): State<Upstream>, JsonBody(order): JsonBody) -> Result<Response, Error> {
    let answer = checkout.post("/checkout", Bytes::from(order.to_string())).await?;
    let content_type = if answer.status == StatusCode::CREATED {
        "application/json"
    } else if USER_ERRORS.contains(&answer.status)
        && answer.content_type.as_ref().is_some_and(|declared| declared == problem::CONTENT_TYPE)
    {
        problem::CONTENT_TYPE
    } else {
        return Err(checkout.unexpected(&answer));
    };
    Ok((answer.status, [(header::CONTENT_TYPE, content_type)], answer.body).into_response())
}
