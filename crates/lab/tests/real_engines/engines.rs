//! The shop, Prometheus and Alertmanager as processes, on ports of their own, with the repository's files.
//!
//! The files name parts as compose does (`gateway:8000`). Outside compose those names mean nothing, so copies are run in
//! which each is replaced by the address the part has here; not a character more is changed.

use crate::http;
use crate::played::{self, Load, Received};
use reqwest::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinHandle;

const PROMETHEUS: &str = "prometheus";
const ALERTMANAGER: &str = "prometheus-alertmanager";
const SHOP: [(&str, u16); 3] = [("gateway", 8000), ("catalog", 8001), ("checkout", 8002)];
/// A port on which nobody listens: the parts that this test leaves out are down, as they may be.
const NOBODY: u16 = 1;

pub struct Lab {
    client: Client,
    prometheus: String,
    alertmanager: String,
    gateway: String,
    pub load: Load,
    received: Received,
    /// Where it all stands; removed at the end.
    _folder: TempDir,
    _played: Task,
    processes: Vec<Process>,
}

struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not of the program")]
pub fn required() -> bool {
    std::env::var("REQUIRE_TOOLS").as_deref() == Ok("1")
}

/// Whether both engines are here. Says so when not.
pub fn installed() -> bool {
    let missing: Vec<&str> = [PROMETHEUS, ALERTMANAGER]
        .into_iter()
        .filter(|tool| {
            !Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
        })
        .collect();
    assert!(missing.is_empty() || !required(), "not found: {missing:?}, and REQUIRE_TOOLS=1 is set");
    if !missing.is_empty() {
        eprintln!("SKIPPED: not found: {missing:?}");
    }
    missing.is_empty()
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Builds the three services, as the `lab` beside this test was built, and returns the folder that holds them.
fn build_shop() -> PathBuf {
    let binaries = Path::new(env!("CARGO_BIN_EXE_lab")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--target-dir"]).arg(binaries.parent().unwrap());
    if binaries.ends_with("release") {
        cargo.arg("--release");
    }
    for (name, _) in SHOP {
        cargo.args(["--package", name]);
    }
    assert!(cargo.current_dir(repository()).status().unwrap().success(), "the services cannot be built");
    binaries.to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Every `name:port` of the compose network that the files may speak of, with its port here.
fn addresses(ports: &BTreeMap<&str, u16>) -> Vec<(String, String)> {
    let elsewhere =
        [("loki", 3100), ("promtail", 9080), ("grafana", 3000), ("alloy", 12345), ("tempo", 3200)];
    let shop = SHOP.iter().map(|(name, port)| (*name, *port));
    let engines = [("prometheus", 9090), ("alertmanager", 9093), ("alert-sink", 8080)];
    shop.chain(engines)
        .chain(elsewhere)
        .map(|(name, port)| {
            let here = ports.get(name).copied().unwrap_or(NOBODY);
            (format!("{name}:{port}"), format!("127.0.0.1:{here}"))
        })
        .collect()
}

/// Copies a configuration folder, addresses replaced.
fn copy(from: &Path, to: &Path, addresses: &[(String, String)]) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target, addresses);
        } else {
            let mut text = std::fs::read_to_string(entry.path()).unwrap();
            for (name, address) in addresses {
                text = text.replace(name, address);
            }
            // Where compose mounts this folder.
            text = text.replace("/etc/prometheus", &to.display().to_string());
            std::fs::write(target, text).unwrap();
        }
    }
}

impl Lab {
    pub async fn start() -> Self {
        let received = Received::default();
        let (played, server) = played::serve(Arc::clone(&received)).await;
        let mut ports: BTreeMap<&str, u16> = SHOP.iter().map(|(name, _)| (*name, free_port())).collect();
        ports.extend([
            ("prometheus", free_port()),
            ("alertmanager", free_port()),
            ("alert-sink", played),
            ("tempo", played),
        ]);
        let at = |name: &str| format!("127.0.0.1:{}", ports[name]);

        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let addresses = addresses(&ports);
        for name in ["prometheus", "alertmanager"] {
            copy(&repository().join(name), &root.join(name), &addresses);
        }
        // The lab windows stand where compose mounts them.
        let rules = root.join("prometheus/rules");
        let windows: Vec<PathBuf> = ["lab", "production"].iter().map(|set| rules.join(set)).collect();
        for file in std::fs::read_dir(&windows[0]).unwrap() {
            let file = file.unwrap();
            std::fs::rename(file.path(), rules.join(file.file_name())).unwrap();
        }
        for set in &windows {
            std::fs::remove_dir_all(set).unwrap();
        }

        let mut processes = Vec::new();
        let mut run = |name: &'static str, command: &mut Command| {
            let log = root.join(format!("{name}.log"));
            let output = std::fs::File::create(&log).unwrap();
            command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
            let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
            processes.push(Process { name, child, log });
        };
        let binaries = build_shop();
        for (name, _) in SHOP {
            run(
                name,
                Command::new(binaries.join(name))
                    .env("LISTEN_ADDR", at(name))
                    .env("OTEL_SERVICE_NAME", name)
                    .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{NOBODY}"))
                    .env("CATALOG_URL", format!("http://{}", at("catalog")))
                    .env("CHECKOUT_URL", format!("http://{}", at("checkout"))),
            );
        }
        run(
            "alertmanager",
            Command::new(ALERTMANAGER)
                .arg(format!("--config.file={}", root.join("alertmanager/alertmanager.yml").display()))
                .arg(format!("--storage.path={}", root.join("alertmanager-data").display()))
                .arg(format!("--web.listen-address={}", at("alertmanager")))
                .arg("--cluster.listen-address="),
        );
        run(
            "prometheus",
            Command::new(PROMETHEUS)
                .arg(format!("--config.file={}", root.join("prometheus/prometheus.yml").display()))
                .arg(format!("--storage.tsdb.path={}", root.join("prometheus-data").display()))
                .arg(format!("--web.listen-address={}", at("prometheus")))
                .args(["--enable-feature=exemplar-storage", "--web.enable-remote-write-receiver"]),
        );
        let gateway = format!("http://{}", at("gateway"));
        Self {
            client: http::client(),
            prometheus: format!("http://{}", at("prometheus")),
            alertmanager: format!("http://{}", at("alertmanager")),
            load: Load::start(gateway.clone()),
            gateway,
            received,
            _folder: folder,
            _played: Task(server),
            processes,
        }
    }

    /// Waits until `holds` does, or fails with what the processes said last.
    pub async fn within(&self, limit: Duration, what: &str, holds: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !holds().await {
            assert!(
                begun.elapsed() < limit,
                "{what}: not within {} s\n{}",
                limit.as_secs(),
                self.last_words()
            );
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    fn last_words(&self) -> String {
        let words = |process: &Process| {
            let text = std::fs::read_to_string(&process.log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(5).collect();
            format!("--- {}\n{}\n", process.name, lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
        };
        self.processes.iter().map(words).collect()
    }

    pub async fn prometheus(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        http::get(&self.client, &self.prometheus, path, parameters).await
    }

    /// The samples of an instant query, those that are not a number left out.
    pub async fn query(&self, expr: &str) -> Vec<Value> {
        let answer = self.prometheus("/api/v1/query", &[("query", expr)]).await;
        assert!(answer["status"] != "error", "{expr}: {answer}");
        let samples = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        samples.into_iter().filter(|sample| sample["value"][1] != "NaN").collect()
    }

    pub async fn exemplar_trace_ids(&self, expr: &str) -> Vec<String> {
        let parameters = [("query", expr), ("start", "0"), ("end", "9999999999")];
        let answer = self.prometheus("/api/v1/query_exemplars", &parameters).await;
        let series = answer["data"].as_array().cloned().unwrap_or_default();
        let ids = series.iter().filter_map(|one| one["exemplars"].as_array()).flatten();
        ids.filter_map(|exemplar| exemplar["labels"]["trace_id"].as_str().map(str::to_owned)).collect()
    }

    /// How many pages of a service Alertmanager shows now.
    pub async fn pages(&self, service: &str) -> usize {
        let answer = http::get(&self.client, &self.alertmanager, "/api/v2/alerts", &[]).await;
        let is_page =
            |alert: &&Value| alert["labels"]["severity"] == "page" && alert["labels"]["service"] == service;
        answer.as_array().map_or(usize::MAX, |alerts| alerts.iter().filter(is_page).count())
    }

    pub fn received(&self) -> String {
        self.received.lock().unwrap().clone()
    }

    pub async fn chaos(&self, spec: &str) {
        http::put(&self.client, format!("{}/chaos", self.gateway), spec).await;
    }
}
