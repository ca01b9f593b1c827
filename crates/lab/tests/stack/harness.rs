//! A stack for one test: started with free ports in a folder of its own, taken down at the end whatever happened.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for something that takes a second.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// The `lab` binary, with the services built beside it.
fn lab() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let lab = PathBuf::from(env!("CARGO_BIN_EXE_lab"));
        let target = lab.ancestors().nth(2).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "-p", "gateway", "-p", "catalog", "-p", "checkout"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        cargo.arg("--target-dir").arg(target).current_dir(repository());
        assert!(cargo.status().unwrap().success(), "the services do not build");
        lab
    })
}

pub struct Stack {
    folder: TempDir,
    root: PathBuf,
}

impl Stack {
    /// Nothing is started yet; configuration comes from the repository.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), root: repository() }
    }

    /// A repository of its own that holds a copy of the configuration, to be changed.
    pub fn with_own_configuration() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repository");
        for name in CONFIGURATION {
            copy(&repository().join(name), &root.join(name));
        }
        Self { folder, root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A started stack on free ports.
    pub fn up() -> Self {
        let stack = Self::new();
        let output = stack.lab(&["up", "--offset", "auto"]);
        assert!(output.status.success(), "{}", text(&output));
        stack
    }

    /// A command that is about to run `lab` for this stack.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(lab());
        command.args(arguments).current_dir(&self.root).env("LAB_DIR", self.folder.path());
        for variable in ["PORT_OFFSET", "ONLY", "SLO_WINDOWS", "LAB_ENDPOINTS", "OTEL_SERVICE_NAME"] {
            command.env_remove(variable);
        }
        command
    }

    pub fn lab(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs `lab`, which has to succeed, and gives its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.lab(arguments);
        assert!(output.status.success(), "lab {}: {}", arguments.join(" "), text(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn lab_folder(&self) -> &Path {
        self.folder.path()
    }

    /// `lab ps --json`.
    pub fn status(&self) -> Value {
        let output = self.lab(&["ps", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)))
    }

    pub fn part(&self, name: &str) -> Value {
        let status = self.status();
        let parts = status["parts"].as_array().unwrap();
        parts
            .iter()
            .find(|part| part["name"] == name)
            .unwrap_or_else(|| panic!("no part {name}: {status}"))
            .clone()
    }

    pub fn url(&self, part: &str) -> String {
        self.part(part)["url"].as_str().unwrap().replace("localhost", "127.0.0.1")
    }

    /// The numbers of all processes in the state file.
    pub fn pids(&self) -> Vec<i32> {
        let state = std::fs::read(self.folder.path().join("state.json")).unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        let processes = state["processes"].as_array().unwrap();
        processes.iter().map(|process| pid_of(process["identity"].as_str().unwrap())).collect()
    }

    /// The daemon's number: the first of them.
    pub fn daemon(&self) -> i32 {
        self.pids()[0]
    }
}

/// What the embedded stack reads.
const CONFIGURATION: &[&str] =
    &["docker-compose.yml", "prometheus", "alertmanager", "loki", "promtail", "tempo", "grafana", "slo"];

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
        return;
    }
    for entry in std::fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // A test that failed must not leave a stack behind.
        let _ = self.lab(&["down"]);
    }
}

fn pid_of(identity: &str) -> i32 {
    identity.split(' ').next().unwrap().parse().unwrap()
}

/// What a command printed, for failure reports.
pub fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{} | {out} | {}", output.status, String::from_utf8_lossy(&output.stderr))
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether a process with this number runs and is no zombie.
pub fn runs(pid: i32) -> bool {
    supervise::Identity::of(u32::try_from(pid).unwrap()).is_some()
}

/// Asks until the answer is yes.
pub fn eventually(what: &str, mut ask: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ask() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A GET without a library: status and body.
pub fn get(url: &str) -> Result<(u16, String), String> {
    request("GET", url, "")
}

/// One HTTP/1.1 request on a connection of its own.
pub fn request(method: &str, url: &str, body: &str) -> Result<(u16, String), String> {
    let client = reqwest_blocking()?;
    let method = method.parse().map_err(|_| format!("not a method: {method}"))?;
    client.0.block_on(async {
        let mut request = client.1.request(method, url);
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = response.status().as_u16();
        Ok((status, response.text().await.map_err(|error| error.to_string())?))
    })
}

fn reqwest_blocking() -> Result<(tokio::runtime::Runtime, reqwest::Client), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
    Ok((runtime.map_err(|error| error.to_string())?, client.map_err(|error| error.to_string())?))
}
