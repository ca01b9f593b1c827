//! A target with a page of every kind of series, which changes when it is told to.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const PAGE: &str = r#"# HELP request_seconds How long "requests" take.\nIn seconds.
# TYPE request_seconds histogram
# UNIT request_seconds seconds
request_seconds_bucket{le="0.25"} 3 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"} 0.21 1700000000.123
request_seconds_bucket{le="1.0"} 5
request_seconds_bucket{le="+Inf"} 6 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 7.5 1700000001
request_seconds_count 6
request_seconds_sum 9.75
# TYPE requests counter
# HELP requests All of them.
requests_total{path="/",job="page"} 12
requests_total{path="/items/{id}"} 7e3
# TYPE temperature gauge
temperature{unit="°C",empty=""} -1.5
# TYPE escapes gauge
escapes{text="a\"b\\c\nd"} 1
# TYPE exported gauge
exported{instance="page",exported_instance="too"} 1
# TYPE state stateset
state{state="on"} 1
# TYPE latency summary
latency{quantile="0.5"} 0.1
latency{quantile="0.99"} NaN
latency_sum 17
latency_count 4
# TYPE vanishing gauge
vanishing{part="stays"} 1
"#;

/// What the page is now.
const WHOLE: u8 = 0;
const WITHOUT_ONE: u8 = 1;
const BROKEN: u8 = 2;

pub struct Target {
    pub address: String,
    state: Arc<AtomicU8>,
}

impl Target {
    pub async fn start() -> Self {
        let state = Arc::new(AtomicU8::new(WHOLE));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let router = Router::new().route("/metrics", get(page)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// One of two series goes.
    pub fn vanish(&self) {
        self.state.store(WITHOUT_ONE, Ordering::SeqCst);
    }

    pub fn fail(&self) {
        self.state.store(BROKEN, Ordering::SeqCst);
    }
}

async fn page(State(state): State<Arc<AtomicU8>>) -> Response {
    let more = match state.load(Ordering::SeqCst) {
        WHOLE => "vanishing{part=\"goes\"} 1\n# EOF\n",
        WITHOUT_ONE => "# EOF\n",
        _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], format!("{PAGE}{more}")).into_response()
}
