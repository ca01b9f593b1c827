//! The catalog over HTTP, on a free port.
#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod items;
mod process;
mod prometheus;

use serde_json::Value;
use telemetry::{Settings, Telemetry, serve};
use testkit::Sink;

/// The service in this process.
struct TestApp {
    url: String,
    http: reqwest::Client,
    sink: Sink,
}

impl TestApp {
    async fn start() -> Self {
        let mut settings = Settings::default();
        settings.traces.disabled = true;
        let sink = Sink::default();
        let telemetry = Telemetry::start_to(catalog::app::SERVICE, settings, sink.clone()).unwrap();
        let listener = serve::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = catalog::app::app(&telemetry);
        tokio::spawn(serve::serve(listener, app, telemetry, std::future::pending()));
        Self { url, http: reqwest::Client::builder().no_proxy().build().unwrap(), sink }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}
