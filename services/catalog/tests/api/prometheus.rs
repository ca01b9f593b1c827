//! A real Prometheus scrapes the service: the target is up and the exemplar of a request that was sent comes back.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::Process;

const BINARY: &str = env!("CARGO_BIN_EXE_catalog");
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4737";

struct Prometheus {
    child: Child,
    url: String,
    folder: PathBuf,
}

impl Prometheus {
    /// Scrapes `target` every 200 ms. `None` where Prometheus is not installed and nobody insists on it.
    fn start(target: &str) -> Option<Self> {
        if Command::new("prometheus").arg("--version").output().is_err() {
            #[expect(clippy::disallowed_methods, reason = "a test asks whether tools are required")]
            let required = std::env::var_os("REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "prometheus not found although REQUIRE_TOOLS=1");
            eprintln!("SKIPPED: prometheus not found, exemplars were not checked against a real one");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("catalog-prometheus-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let config = folder.join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\nscrape_configs:\n  - job_name: catalog\n    \
             honor_labels: true\n    static_configs:\n      - targets: ['{target}']\n        labels: {{service: catalog}}\n"
        );
        fs::write(&config, text).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("prometheus")
            .arg("--enable-feature=exemplar-storage")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { child, url: format!("http://127.0.0.1:{port}"), folder })
    }

    /// Asks until `found` is content, thirty seconds at most.
    async fn ask(&self, path: &str, found: impl Fn(&Value) -> bool) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut last = Value::Null;
        while Instant::now() < deadline {
            if let Ok(response) = http.get(format!("{}{path}", self.url)).send().await
                && let Ok(answer) = response.json::<Value>().await
            {
                if found(&answer["data"]) {
                    return answer["data"].clone();
                }
                last = answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path}: {last:#}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exemplars_of_sent_requests_come_back() {
    // Spans go nowhere; whether a request is sampled does not depend on that.
    let process = Process::start(BINARY, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]);
    let Some(prometheus) = Prometheus::start(&process.address) else { return };
    for (flags, trace) in [("01", TRACE), ("00", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")] {
        process.get("/items", &format!("traceparent: 00-{trace}-00f067aa0ba902b7-{flags}\r\n"));
    }
    let targets = prometheus.ask("/api/v1/targets", |data| data["activeTargets"][0]["health"] == "up").await;
    assert_eq!(targets["activeTargets"][0]["lastError"], "");
    prometheus
        .ask("/api/v1/query?query=http_requests_total%7Broute%3D%22/items%22%7D", |data| {
            data["result"]
                .as_array()
                .is_some_and(|series| series.iter().any(|series| series["value"][1] == "2"))
        })
        .await;
    let exemplars = prometheus
        .ask(
            "/api/v1/query_exemplars?query=http_request_duration_seconds_bucket&start=0&end=99999999999",
            |data| data.as_array().is_some_and(|series| !series.is_empty()),
        )
        .await;
    let text = exemplars.to_string();
    assert!(text.contains(TRACE), "{text}");
    assert!(!text.contains("aaaaaaaaaaaaaaaa"), "a trace that nobody kept: {text}");
    let labels = &exemplars[0]["seriesLabels"];
    assert_eq!((labels["route"].as_str(), labels["service"].as_str()), (Some("/items"), Some("catalog")));
}
