//! The catalog's router.

use std::sync::Arc;

use axum::Router;
use telemetry::{Endpoint, Problem, Service, Telemetry};

use crate::{routes, stock::Stock};

/// The service as its telemetry knows it. Every route below has its line here, or it counts as unmatched.
pub const SERVICE: Service = Service {
    name: "catalog",
    endpoints: &[
        Endpoint { method: "GET", path: "/", success: 200 },
        Endpoint { method: "GET", path: "/items", success: 200 },
        Endpoint { method: "GET", path: "/items/{id}", success: 200 },
    ],
    more_errors: &[],
};

/// The whole service without its socket.
pub fn app(telemetry: &Arc<Telemetry>) -> Router {
    let routes = Router::new()
        .merge(routes::about::router())
        .merge(routes::items::router(Stock::of_the_shop()))
        .method_not_allowed_fallback(Problem::method_not_allowed)
        .fallback(Problem::not_found);
    telemetry.wrap(routes)
}
