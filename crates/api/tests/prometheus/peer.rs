//! A real Prometheus, as a process of its own.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Whether there is one; says so when there is none.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment of a test run says whether tools must be there"
)]
pub fn is_installed() -> bool {
    let found =
        Command::new("prometheus").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return true;
    }
    assert_ne!(
        std::env::var("REQUIRE_TOOLS").as_deref(),
        Ok("1"),
        "prometheus not found and REQUIRE_TOOLS=1 is set"
    );
    eprintln!("SKIPPED: prometheus not found");
    false
}

/// The configuration that both sides have.
pub fn config(target: &str) -> String {
    format!(
        "global: {{scrape_interval: 250ms, scrape_timeout: 250ms}}\n\
         scrape_configs:\n\
         - job_name: fixture\n  static_configs: [{{targets: ['{target}'], labels: {{service: shop}}}}]\n"
    )
}

pub struct Peer {
    pub url: String,
    child: Child,
    _dir: TempDir,
}

impl Peer {
    /// Starts one that scrapes `target` and sends all it has to the server at `receiver`.
    pub async fn start(target: &str, receiver: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("prometheus.yml");
        let sends = format!(
            "remote_write:\n- url: {receiver}/api/v1/write\n  send_exemplars: true\n  \
             metadata_config: {{send_interval: 1s}}\n"
        );
        std::fs::write(&file, config(target) + &sends).expect("the configuration is written");
        // It cannot tell which port it took, so one that was free a moment ago is given to it.
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = port.expect("a port").to_string();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--enable-feature=exemplar-storage")
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        let peer = Self { url: format!("http://{address}"), child, _dir: dir };
        let began = Instant::now();
        let ready = format!("{}/-/ready", peer.url);
        while !reqwest::get(&ready).await.is_ok_and(|response| response.status().is_success()) {
            assert!(began.elapsed().as_secs() < 20, "prometheus is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        peer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
