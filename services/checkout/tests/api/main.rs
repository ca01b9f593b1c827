//! Checkout over HTTP, on a free port.
#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod orders;

use serde_json::Value;
use telemetry::{Settings, Telemetry, serve};
use testkit::{Collector, Sink};

/// The service in this process, with a collector for its spans.
struct TestApp {
    url: String,
    http: reqwest::Client,
    sink: Sink,
    collector: Collector,
    _subscriber: tracing::subscriber::DefaultGuard,
}

impl TestApp {
    async fn start() -> Self {
        let collector = Collector::start().await;
        let mut settings = Settings::default();
        settings.traces.endpoint = Some(collector.endpoint());
        settings.traces.interval = Some(std::time::Duration::from_millis(20));
        let sink = Sink::default();
        let telemetry = Telemetry::start_to(checkout::app::SERVICE, settings, sink.clone()).unwrap();
        // The tests' runtime has one thread, so this thread runs the handlers too.
        let subscriber = tracing::subscriber::set_default(telemetry.subscriber());
        let listener = serve::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = checkout::app::app(&telemetry, Some(7));
        tokio::spawn(serve::serve(listener, app, telemetry, std::future::pending()));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, http, sink, collector, _subscriber: subscriber }
    }

    async fn post(&self, content_type: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self.http.post(format!("{}/checkout", self.url)).header("content-type", content_type);
        let response = request.body(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}
