//! The files of this repository, for the tests that hold them together.
#![allow(dead_code, reason = "each test binary uses its own part")]

use serde_json::Value;
use std::path::{Path, PathBuf};

pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn json(name: &str) -> Value {
    serde_json::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A YAML file with its anchors and merge keys resolved.
pub fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A tool that a test needs but the repository does not bring: absent, the test is skipped loudly, unless
/// `REQUIRE_TOOLS=1` says that it has to run.
#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not of the program")]
pub fn tool(name: &str) -> Option<&str> {
    let found = std::process::Command::new(name)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        assert!(
            std::env::var("REQUIRE_TOOLS").as_deref() != Ok("1"),
            "{name} not found and REQUIRE_TOOLS=1 is set"
        );
        eprintln!("SKIPPED: {name} not found");
    }
    found.then_some(name)
}
