//! What telemetry costs a request: a service with one small route, and as much telemetry as the argument says.
//!
//! `cost bare|metrics|logs|traces|metrics+logs|all [COLLECTOR]` serves, `cost sink` is a collector that throws away what it
//! is sent. The address is the first line on standard error. `cargo xtask bench request` drives it.

use std::{error::Error, time::Duration};

use axum::{Json, Router, routing::get};
use serde::Serialize;
use telemetry::{Endpoint, Service, Settings, Telemetry};
use testkit::Collector;
use tokio::net::TcpListener;

const SERVICE: Service = Service {
    name: "cost",
    endpoints: &[Endpoint { method: "GET", path: "/work", success: 200 }],
    more_errors: &[],
};

#[derive(Serialize)]
struct Work {
    id: u32,
    name: &'static str,
    price: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().ok_or("expected a mode")?;
    if mode == "sink" {
        let collector = Collector::discarding().await;
        eprintln!("{}", collector.address());
        tokio::time::sleep(Duration::MAX).await;
    }
    let routes = Router::new()
        .route("/work", get(async || Json(Work { id: 1, name: "Field notebook", price: 19.99 })));
    let app = if mode == "bare" {
        routes
    } else {
        let on = |signal: &str| mode == "all" || mode.split('+').any(|named| named == signal);
        let mut settings = Settings { metrics: on("metrics"), ..Settings::default() };
        if !on("logs") {
            settings.logs = telemetry::settings::LogFilter::off();
        }
        settings.traces.disabled = !on("traces");
        settings.traces.endpoint = arguments.next();
        let telemetry = Telemetry::start(SERVICE, settings)?;
        telemetry.install()?;
        telemetry.wrap(routes)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
