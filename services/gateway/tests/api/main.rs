//! The gateway over HTTP, on a free port, before upstreams that a test writes or the real ones.
#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod shop;
mod upstreams;

use std::time::Duration;

use axum::Router;
use gateway::config::Upstreams;
use reqwest::Url;
use serde_json::Value;
use telemetry::{Settings, Telemetry, serve};
use testkit::{Collector, Sink};

/// The gateway in this process.
struct TestApp {
    url: String,
    http: reqwest::Client,
    sink: Sink,
}

impl TestApp {
    async fn start(catalog: &str, checkout: &str, collector: &Collector) -> Self {
        let sink = Sink::default();
        let telemetry =
            Telemetry::start_to(gateway::app::SERVICE, settings(collector), sink.clone()).unwrap();
        let upstreams = Upstreams { catalog: catalog.parse().unwrap(), checkout: checkout.parse().unwrap() };
        let app = gateway::app::app(&telemetry, &upstreams).unwrap();
        let url = serve_on_a_free_port(app, telemetry).await;
        Self { url, http: reqwest::Client::builder().no_proxy().build().unwrap(), sink }
    }

    /// Before upstreams that answer as `upstream` does.
    async fn before(upstream: Router) -> (Self, Collector) {
        let collector = Collector::start().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, upstream).await });
        (Self::start(&url, &url, &collector).await, collector)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.http.get(format!("{}{path}", self.url))).await
    }

    async fn purchase(&self, body: &Value) -> (u16, Value) {
        answer(self.http.post(format!("{}/purchase", self.url)).json(body)).await
    }

    async fn metric(&self, series: &str) -> Option<f64> {
        let text = self.http.get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
            .map(|value| value.parse().unwrap())
    }

    async fn count(&self, method: &str, route: &str, status: u16) -> Option<f64> {
        self.metric(&format!(
            "http_requests_total{{method=\"{method}\",route=\"{route}\",service=\"gateway\",status=\"{status}\"}}"
        ))
        .await
    }
}

fn settings(collector: &Collector) -> Settings {
    let mut settings = Settings::default();
    settings.traces.endpoint = Some(collector.endpoint());
    settings.traces.interval = Some(Duration::from_millis(20));
    settings
}

async fn serve_on_a_free_port(app: Router, telemetry: std::sync::Arc<Telemetry>) -> String {
    let listener = serve::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(serve::serve(listener, app, telemetry, std::future::pending()));
    url.as_str().trim_end_matches('/').to_owned()
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
