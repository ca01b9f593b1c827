//! The gateway's router.

use std::sync::Arc;

use axum::Router;
use telemetry::{Endpoint, Problem, Service, Telemetry};

use crate::{config::Upstreams, routes, upstream, upstream::Upstream};

/// The service as its telemetry knows it. Every route below has its line here, or it counts as unmatched.
pub const SERVICE: Service = Service {
    name: "gateway",
    endpoints: &[
        Endpoint { method: "GET", path: "/", success: 200 },
        Endpoint { method: "GET", path: "/browse", success: 200 },
        Endpoint { method: "POST", path: "/purchase", success: 201 },
    ],
    more_errors: &[502, 504],
};

/// The whole service without its socket.
///
/// # Errors
/// As [`upstream::client`].
pub fn app(telemetry: &Arc<Telemetry>, upstreams: &Upstreams) -> Result<Router, reqwest::Error> {
    let client = upstream::client(telemetry)?;
    let catalog = Upstream::new("catalog", upstreams.catalog.clone(), client.clone(), telemetry);
    let checkout = Upstream::new("checkout", upstreams.checkout.clone(), client, telemetry);
    let routes = Router::new()
        .merge(routes::about::router())
        .merge(routes::browse::router(catalog))
        .merge(routes::purchase::router(checkout))
        .method_not_allowed_fallback(Problem::method_not_allowed)
        .fallback(Problem::not_found);
    Ok(telemetry.wrap(routes))
}
