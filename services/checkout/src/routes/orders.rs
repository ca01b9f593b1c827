//! `POST /checkout`: take an order and charge for it.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use serde::Serialize;
use telemetry::json::JsonBody;

use crate::{charge::Provider, error::Error, order::Order};

#[derive(Serialize)]
struct Receipt {
    order_id: String,
    /// In the shop's currency.
    total: f64,
    /// Pieces, not lines.
    quantity: u64,
    status: &'static str,
}

pub fn router(provider: Provider) -> Router {
    Router::new().route("/checkout", post(checkout)).with_state(Arc::new(provider))
}

async fn checkout(
    State(provider): State<Arc<Provider>>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Receipt>), Error> {
    let order = Order::read(&body)?;
    let cents = order.total_cents();
    provider.charge(cents).await;
    let receipt = Receipt {
        order_id: provider.next_order_id(),
        total: cents as f64 / 100.0,
        quantity: order.lines.iter().map(|line| line.quantity).sum(),
        status: "paid",
    };
    Ok((StatusCode::CREATED, Json(receipt)))
}
