//! A fresh embedded stack on free ports, and a shell in which `make` and `localhost` mean that one.

use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The ports that pages name.
const PORTS: [u16; 10] = [3000, 8000, 8001, 8002, 9090, 9093, 3100, 3200, 4317, 4318];

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the repository").to_path_buf()
}

/// The folder of the `lab` binary, with the services built beside it.
fn binaries() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_lab")).parent().expect("a folder").to_path_buf();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "-p", "gateway", "-p", "catalog", "-p", "checkout"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        cargo.arg("--target-dir").arg(folder.parent().expect("the target folder")).current_dir(repository());
        assert!(cargo.status().expect("cargo runs").success(), "the services do not build");
        folder
    })
}

pub struct Stack {
    folder: TempDir,
    offset: u16,
    background: Vec<Child>,
}

impl Stack {
    pub fn up() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // `make` looks for target/release/lab: this is where it finds the one under test.
        std::fs::create_dir(folder.path().join("target")).expect("a folder");
        std::os::unix::fs::symlink(binaries(), folder.path().join("target/release")).expect("a link");
        let mut stack = Self { folder, offset: 0, background: Vec::new() };
        let (succeeded, said) =
            stack.shell("target=$CARGO_TARGET_DIR/release; \"$target/lab\" up --offset auto");
        assert!(succeeded, "the stack does not start: {said}");
        let (_, parts) = stack.shell("\"$CARGO_TARGET_DIR/release/lab\" ps --json");
        let start = parts.find('{').unwrap_or_else(|| panic!("no JSON: {parts}"));
        let parts: Value =
            serde_json::from_str(&parts[start..]).unwrap_or_else(|error| panic!("{error}: {parts}"));
        let gateway = parts["parts"].as_array().expect("parts").iter().find(|part| part["name"] == "gateway");
        let url = gateway.and_then(|part| part["url"].as_str()).expect("the gateway's address");
        let port: u16 =
            url.trim_end_matches('/').rsplit(':').next().and_then(|p| p.parse().ok()).expect("a port");
        stack.offset = port - 8000;
        stack
    }

    fn command(&self, script: &str) -> Command {
        let script = PORTS.iter().fold(script.to_owned(), |text, port| {
            text.replace(&format!("localhost:{port}"), &format!("localhost:\u{0}{}", port + self.offset))
        });
        let mut command = Command::new("sh");
        command.args(["-euc", &script.replace('\u{0}', "")]).current_dir(repository()).stdin(Stdio::null());
        command.env("LAB_DIR", self.folder.path().join("lab"));
        command.env("CARGO_TARGET_DIR", self.folder.path().join("target")).env("STACK", "embedded");
        for variable in [
            "PORT_OFFSET",
            "ONLY",
            "SLO_WINDOWS",
            "LAB_ENDPOINTS",
            "ARGS",
            "SERVICE",
            "MAKEFLAGS",
            "MAKELEVEL",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// Whether the commands succeeded, and what they wrote.
    pub fn shell(&self, script: &str) -> (bool, String) {
        let output = self.command(script).output().expect("sh runs");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said.into_owned())
    }

    /// Starts commands that run on until the stack is dropped.
    pub fn start(&mut self, script: &str) {
        let mut command = self.command(script);
        // A group of its own, so that all of it can be stopped: make, the shell, the program.
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        self.background.push(command.spawn().expect("sh runs"));
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for mut child in self.background.drain(..) {
            let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
        }
        let _ = self.shell("\"$CARGO_TARGET_DIR/release/lab\" down");
    }
}
