//! Prometheus's and Alertmanager's own tools on the repository's files. Without the tools the tests say so and pass, unless
//! REQUIRE_TOOLS=1 asks for them.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that is told by its environment whether tools are required"
)]
fn required() -> bool {
    std::env::var("REQUIRE_TOOLS").is_ok_and(|value| value == "1")
}

/// Runs a tool in the repository's root; its output is the failure report.
fn run(tool: &str, arguments: &[&str]) {
    let output = match Command::new(tool).args(arguments).current_dir(root()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(!required(), "{tool} not found, and REQUIRE_TOOLS=1");
            eprintln!("SKIPPED: {tool} not found");
            return;
        }
        Err(error) => panic!("{tool}: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}:\n{said}");
}

fn files(folder: &str, count: usize) -> Vec<String> {
    let files = stackconf::glob::expand(&root().join(folder).join("*.yml"));
    assert_eq!(files.len(), count, "{folder}");
    files.into_iter().map(|path| path.display().to_string()).collect()
}

#[test]
fn promtool_accepts_the_configuration_and_the_rules() {
    run("promtool", &["check", "config", "prometheus/prometheus.yml"]);
    for set in ["lab", "production"] {
        for file in files(&format!("prometheus/rules/{set}"), 2) {
            run("promtool", &["check", "rules", &file]);
        }
    }
}

#[test]
fn the_rules_do_what_their_tests_say_with_lab_windows() {
    run("promtool", &["test", "rules", "prometheus/tests/lab.yml"]);
}

#[test]
fn the_rules_do_what_their_tests_say_with_production_windows() {
    run("promtool", &["test", "rules", "prometheus/tests/production.yml"]);
}

#[test]
fn amtool_accepts_the_configuration_and_routes_by_severity() {
    let file = "alertmanager/alertmanager.yml";
    run("amtool", &["check-config", file]);
    for (severity, receiver) in
        [("page", "page"), ("ticket", "ticket"), ("info", "nobody"), ("other", "ticket")]
    {
        let verify = format!("--verify.receivers={receiver}");
        let labels = format!("severity={severity}");
        run(
            "amtool",
            &["config", "routes", "test", "--config.file", file, &verify, &labels, "service=gateway"],
        );
    }
}
