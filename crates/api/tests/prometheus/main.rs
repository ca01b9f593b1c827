//! Our scraper, store and API beside a real Prometheus that scrapes the same target at the same time: the same series, the
//! same answers, the same errors.
//!
//! Skipped loudly where `prometheus` is not installed; with `REQUIRE_TOOLS=1` its absence is a failure.

mod ours;
mod peer;
mod target;

use ours::Ours;
use peer::Peer;
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};
use target::Target;

/// Queries whose answers do not depend on the moment of a scrape. Ends of windows are left out: Prometheus 2 counts the
/// sample at the very start of a window, Prometheus 3 and we do not.
const QUERIES: &[&str] = &[
    "up",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "count({job=\"fixture\"}) by (__name__)",
    "{job=\"fixture\",__name__!~\"scrape_duration_seconds|scrape_series_added\"}",
    "histogram_quantile(0.9, sum by (le) (request_seconds_bucket))",
    "sum by (path) (requests_total)",
    "escapes",
    "exported",
    "absent(vanishing)",
    "vanishing",
    "temperature * 2",
    "topk(1, requests_total)",
    "1e-7",
    "1e21",
    "vector(123456789.5)",
    "vector(1e-7)",
    "vector(1e21)",
    "vector(-0.25e-6)",
    "-Inf",
    "\"text\"",
];

const EXEMPLARS: &str = "/api/v1/query_exemplars?query=request_seconds_bucket&start=0&end=9999999999";

/// Paths of which status and whole body must agree.
const PATHS: &[&str] = &[
    "/api/v1/series?match[]=%7Bjob%3D%22fixture%22%7D",
    "/api/v1/labels",
    "/api/v1/labels?match[]=requests_total",
    "/api/v1/label/path/values",
    "/api/v1/label/__name__/values",
    "/api/v1/metadata?metric=request_seconds",
    EXEMPLARS,
    "/api/v1/series",
    "/api/v1/query?query=up&time=yesterday",
    "/api/v1/query?query=up&timeout=soon",
    "/api/v1/query_range?query=up&start=1&end=2",
    "/api/v1/query_range?query=up&start=2&end=1&step=1",
    "/api/v1/query_range?query=up&start=1&end=2&step=0",
    "/api/v1/query_range?query=up&start=1&end=2&step=-1",
    "/api/v1/query_exemplars?query=up&start=2&end=1",
    "/api/v1/labels?start=2&end=1",
    "/api/v1/label/job/values?start=2&end=1",
    "/api/v1/series?match[]=up&start=2&end=1",
    "/api/v1/series?match[]=up&start=1&end=x",
    "/api/v1/query_range?query=up&start=x&end=1&step=1",
    "/api/v1/query_range?query=up&start=1&end=2&step=x",
    "/api/v1/query_range?query=up&start=0&end=11001&step=1",
    "/api/v1/query?query=label_replace(up,%22job%22,%22%22,%22job%22,%22.*%22)&time=1",
    "/api/v1/query?query=%22a%22&time=1.5",
    "/api/v1/query?query=1&time=2023-11-14T22:13:20.1Z",
    "/api/v1/query",
    "/api/v1/metadata?limit=many",
    "/api/v1/metadata?limit=0",
    "/api/v1/alertmanagers",
    "/api/v1/query_exemplars?query=",
    "/api/v1/query_exemplars?query=up",
    "/api/v1/rules?type=other",
    "/api/v1/rules",
    "/api/v1/alerts",
    "/-/healthy",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_target_gives_the_same_answers() {
    if !peer::is_installed() {
        return;
    }
    let target = Target::start().await;
    let receiver = ours::receiver().await;
    let peer = Peer::start(&target.address, &receiver).await;
    let ours = Ours::start(&target.address).await;
    let sides = Sides { peer: peer.url.clone(), ours: ours.url.clone(), client: reqwest::Client::new() };

    sides.wait_for("up{job=\"fixture\"}", "1").await;
    sides.wait_for("count(vanishing)", "2").await;
    sides.compare("both series are there").await;
    sides.compare_promtool();
    sides.compare_sent(&receiver).await;

    target.vanish();
    sides.wait_for("count(vanishing)", "1").await;
    sides.compare("one series has vanished").await;

    target.fail();
    sides.wait_for("up{job=\"fixture\"}", "0").await;
    sides.compare("the target fails").await;
    ours.stop().await;
}

/// The two servers.
struct Sides {
    peer: String,
    ours: String,
    client: reqwest::Client,
}

impl Sides {
    async fn get(&self, base: &str, path: &str) -> (u16, String) {
        let response = self.client.get(format!("{base}{path}")).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a body"))
    }

    async fn query(&self, base: &str, query: &str, time: &str) -> (u16, String) {
        let form = [("query", query), ("time", time)];
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client.post(format!("{base}/api/v1/query"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a body"))
    }

    /// Waits until both sides answer a query with this value.
    async fn wait_for(&self, query: &str, value: &str) {
        let began = Instant::now();
        loop {
            let wanted = format!(",\"{value}\"]}}]");
            let answers =
                [self.query(&self.peer, query, "").await.1, self.query(&self.ours, query, "").await.1];
            if answers.iter().all(|answer| answer.contains(&wanted)) {
                return;
            }
            assert!(began.elapsed().as_secs() < 20, "{query} is not {value}: {answers:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn compare(&self, moment: &str) {
        let now = self.query(&self.peer, "time()", "").await.1;
        let now: Value = serde_json::from_str(&now).expect("JSON");
        let now = now["data"]["result"][1].as_str().expect("a number").to_owned();
        let mut differences = Vec::new();
        let mut hold = |what: &str, ours: (u16, String), peer: (u16, String)| {
            let (ours, peer) = (sorted(&ours), sorted(&peer));
            if ours != peer {
                differences.push(format!("{what}\n   ours: {ours:?}\n   peer: {peer:?}"));
            }
        };
        for query in QUERIES {
            let ours = self.query(&self.ours, query, &now).await;
            hold(query, ours, self.query(&self.peer, query, &now).await);
        }
        for path in PATHS {
            let ours = self.get(&self.ours, path).await;
            hold(path, ours, self.get(&self.peer, path).await);
        }
        assert!(differences.is_empty(), "{moment}:\n{}", differences.join("\n"));
    }
}

/// What promtool asks a server; `URL` is the server's.
const COMMANDS: &[&str] = &[
    "query instant URL requests_total*2",
    "query instant --format=json URL count(vanishing)",
    "query series --match=requests_total URL",
    "query labels URL path",
];

impl Sides {
    /// The same program, told of one server or the other, says the same.
    fn compare_promtool(&self) {
        for command in COMMANDS {
            let said = |url: &str| {
                let arguments = command.split(' ').map(|word| word.replace("URL", url));
                let output = Command::new("promtool").args(arguments).output().expect("promtool runs");
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                // Instant queries show the moment at which they were asked.
                let text = text.split(" @[").next().unwrap_or_default().to_owned();
                let text = text.split("\"value\":[").next().unwrap_or_default().to_owned();
                assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
                let mut lines: Vec<String> = text.lines().map(|line| line.replace(url, "URL")).collect();
                lines.sort();
                lines
            };
            assert_eq!(said(&self.ours), said(&self.peer), "promtool {command}");
        }
    }

    /// What the peer sends by remote write is what it has: series, exemplars, metadata.
    async fn compare_sent(&self, receiver: &str) {
        for path in [PATHS[0], "/api/v1/metadata?metric=temperature", EXEMPLARS] {
            let began = Instant::now();
            loop {
                let (sent, peer) = (self.get(receiver, path).await, self.get(&self.peer, path).await);
                if sorted(&sent) == sorted(&peer) {
                    break;
                }
                assert!(began.elapsed().as_secs() < 20, "{path}:\n   sent: {sent:?}\n   peer: {peer:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Status and body; lists that have no order of their own are sorted, and what is not JSON stays as it is.
fn sorted((status, body): &(u16, String)) -> (u16, Value) {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return (*status, Value::from(body.as_str()));
    };
    let lists = ["/data", "/data/result"];
    for list in lists {
        if let Some(Value::Array(items)) = value.pointer_mut(list)
            && items.iter().all(Value::is_object)
        {
            items.sort_by_key(Value::to_string);
        }
    }
    (*status, value)
}
