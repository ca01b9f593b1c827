//! Checkout's router.

use std::sync::Arc;

use axum::Router;
use telemetry::{Endpoint, Problem, Service, Telemetry};

use crate::{charge::Provider, routes};

/// The service as its telemetry knows it. Every route below has its line here, or it counts as unmatched.
pub const SERVICE: Service = Service {
    name: "checkout",
    endpoints: &[
        Endpoint { method: "GET", path: "/", success: 200 },
        Endpoint { method: "POST", path: "/checkout", success: 201 },
    ],
    more_errors: &[],
};

/// The whole service without its socket. `seed` makes charge times and order ids repeatable.
pub fn app(telemetry: &Arc<Telemetry>, seed: Option<u64>) -> Router {
    let routes = Router::new()
        .merge(routes::about::router())
        .merge(routes::orders::router(Provider::new(seed)))
        .method_not_allowed_fallback(Problem::method_not_allowed)
        .fallback(Problem::not_found);
    telemetry.wrap(routes)
}
