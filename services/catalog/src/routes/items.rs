//! `GET /items`, `GET /items/{id}`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::PathRejection},
    routing::get,
};
use serde::Serialize;

use crate::{
    error::Error,
    stock::{Item, Stock},
};

#[derive(Serialize)]
struct Items {
    items: &'static [Item],
}

pub fn router(stock: Stock) -> Router {
    Router::new().route("/items", get(list)).route("/items/{id}", get(one)).with_state(Arc::new(stock))
}

async fn list(State(stock): State<Arc<Stock>>) -> Json<Items> {
    Json(Items { items: stock.all() })
}

async fn one(
    State(stock): State<Arc<Stock>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<&'static Item>, Error> {
    let Path(id) = id.map_err(|_| Error::UnreadableId)?;
    stock.find(&id).map(Json).ok_or(Error::UnknownItem(id))
}
