//! What this test plays itself: users, the receiver of alerts, and the series of Tempo's metrics generator.
//!
//! No Tempo is at hand, so its series are given as constants with rates, under the names, labels and buckets that its
//! documentation states; that the embedded generator makes the same ones is tested beside it.

use axum::Router;
use axum::extract::State;
use axum::routing::{any, get};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Sends requests until it is dropped.
pub struct Load {
    task: JoinHandle<()>,
    trace_ids: BTreeSet<String>,
}

/// Trace ids are taken from a fixed list, so that any of them can be recognised in an exemplar.
const TRACES: usize = 64;
/// About 50 requests a second, in pairs.
const PAUSE: Duration = Duration::from_millis(40);

impl Load {
    pub fn start(gateway: String) -> Self {
        let ids: Vec<String> =
            (1..=TRACES).map(|number| format!("{:032x}", 0xfeed_0000_0000_u128 + number as u128)).collect();
        let trace_ids = ids.iter().cloned().collect();
        let task = tokio::spawn(async move {
            let client = super::http::client();
            for (number, id) in ids.iter().cycle().enumerate() {
                let parent = format!("00-{id}-{:016x}-01", number + 1);
                let browse = client.get(format!("{gateway}/browse")).header("traceparent", &parent);
                // A user's request is sent and forgotten: the load stays open, whatever the answers take.
                tokio::spawn(browse.send());
                let order = r#"{"items":[{"id":"1","price":19.99,"quantity":1}]}"#;
                let purchase = client.post(format!("{gateway}/purchase")).header("traceparent", parent);
                tokio::spawn(purchase.header("content-type", "application/json").body(order).send());
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { task, trace_ids }
    }

    pub fn trace_ids(&self) -> &BTreeSet<String> {
        &self.trace_ids
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What Alertmanager sent, one body after the other.
pub type Received = Arc<Mutex<String>>;

/// The receiver of alerts and the generator's series, on one port.
pub async fn serve(received: Received) -> (u16, JoinHandle<()>) {
    let begun = Instant::now();
    let app = Router::new()
        .route("/metrics", get(async move || generator(begun.elapsed().as_secs_f64())))
        .fallback(any(async |State(received): State<Received>, body: String| {
            received.lock().unwrap().push_str(&body);
        }))
        .with_state(received);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }))
}

/// Ten calls a second along each edge of the shop, one in ten failed, all within 25 ms.
fn generator(seconds: f64) -> String {
    let calls = (seconds * 10.0).floor();
    let mut text = String::new();
    let histogram = |text: &mut String, name: &str, labels: &str| {
        for bound in ["0.005", "0.025", "0.1", "+Inf"] {
            let count = if bound == "0.005" { 0.0 } else { calls };
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(text, "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {calls}", calls * 0.01);
    };
    for server in ["catalog", "checkout"] {
        let edge = format!("client=\"gateway\",server=\"{server}\",connection_type=\"\"");
        let _ = writeln!(text, "traces_service_graph_request_total{{{edge}}} {calls}");
        let _ =
            writeln!(text, "traces_service_graph_request_failed_total{{{edge}}} {}", (calls / 10.0).floor());
        histogram(&mut text, "traces_service_graph_request_server_seconds", &edge);
        histogram(&mut text, "traces_service_graph_request_client_seconds", &edge);
        let span = format!(
            "service=\"{server}\",span_name=\"GET\",span_kind=\"SPAN_KIND_SERVER\",status_code=\"STATUS_CODE_UNSET\""
        );
        let _ = writeln!(text, "traces_spanmetrics_calls_total{{{span}}} {calls}");
        histogram(&mut text, "traces_spanmetrics_latency", &span);
    }
    text
}
