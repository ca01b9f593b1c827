//! docker-compose.yml keeps its promises: pinned, healthy, bounded, reachable from this machine only, and read alike by
//! both generations of compose.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

mod repository;

use repository::{path, read, tool, yaml};
use serde_json::{Map, Value};
use std::process::Command;

const BASE: &str = "docker-compose.yml";
const ALLOY: &str = "docker-compose.alloy.yml";
const SHOP: &[&str] = &["gateway", "catalog", "checkout"];
/// Run once by hand and gone; everything else stays up.
const ONE_SHOT: &str = "lab";

fn services(file: &str) -> Map<String, Value> {
    yaml(file)["services"].as_object().expect("services").clone()
}

/// Every service that stays up, of the stack and of its overlay.
fn long_running() -> Vec<(String, Value)> {
    services(BASE)
        .into_iter()
        .chain(services(ALLOY))
        .filter(|(name, service)| name != ONE_SHOT && service.get("image").is_some())
        .collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

#[test]
fn the_stack_has_every_part() {
    let names: Vec<String> = services(BASE).keys().cloned().collect();
    for name in ["prometheus", "alertmanager", "loki", "promtail", "tempo", "grafana", "alert-sink", ONE_SHOT]
        .iter()
        .chain(SHOP)
    {
        assert!(names.iter().any(|known| known == name), "{name} is missing from {names:?}");
    }
}

#[test]
fn images_are_pinned() {
    for (name, service) in long_running() {
        let image = service["image"].as_str().unwrap();
        let tag = image
            .rsplit_once(':')
            .map(|(_, tag)| tag)
            .unwrap_or_else(|| panic!("{name}: {image} has no tag"));
        let built_here = service.get("build").is_some();
        assert!(built_here || tag.contains(|c: char| c.is_ascii_digit()), "{name}: {image} is not pinned");
    }
}

#[test]
fn ports_are_published_on_loopback_only() {
    let mut published = 0;
    for (name, service) in long_running() {
        for port in texts(&service["ports"]) {
            published += 1;
            assert!(port.starts_with("127.0.0.1:"), "{name} publishes {port} to everyone");
            let sides: Vec<&str> = port.split(':').skip(1).collect();
            assert_eq!(sides[0], sides[1], "{name}: {port}: a lesson's address would hold on one stack only");
        }
    }
    assert_eq!(published, 10, "the contract has ten published ports");
    assert!(services(BASE)["alert-sink"].get("ports").is_none(), "only Alertmanager talks to the sink");
}

#[test]
fn every_container_is_bounded_watched_and_without_privileges() {
    for (name, service) in long_running() {
        assert!(service["mem_limit"].is_string(), "{name} may take all the memory");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert_eq!(
            service["logging"]["driver"], "json-file",
            "{name}: the collectors read the json-file driver"
        );
        assert!(service["logging"]["options"]["max-size"].is_string(), "{name}: its log may fill the disk");
        assert_eq!(service["restart"], "unless-stopped", "{name}");
        let check = &service["healthcheck"];
        assert!(
            check["retries"].as_u64().is_some_and(|retries| retries >= 10),
            "{name}: one slow answer is no illness"
        );
        // A shell string would fail in the images that hold nothing but one binary.
        assert_eq!(texts(&check["test"])[0], "CMD", "{name}: {check}");
    }
}

#[test]
fn what_is_waited_for_can_become_healthy() {
    let all = long_running();
    let mut waits = 0;
    for (name, service) in &all {
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            waits += 1;
            assert_eq!(how["condition"], "service_healthy", "{name} waits for {other}");
            let target = all.iter().find(|(known, _)| known == other);
            assert!(target.is_some_and(|(_, target)| target.get("healthcheck").is_some()), "{name}: {other}");
        }
    }
    assert!(waits >= 8, "{waits}");
    // The shop has to work, and to start, while every backend is dead.
    for name in SHOP {
        let (_, service) = all.iter().find(|(known, _)| known == name).unwrap();
        for other in service["depends_on"].as_object().into_iter().flat_map(Map::keys) {
            assert!(SHOP.contains(&other.as_str()), "{name} waits for {other}");
        }
    }
}

#[test]
fn the_collector_finds_the_shop_and_nothing_else() {
    for (name, service) in long_running() {
        let collected = service["labels"]["lab.logs"] == "true";
        assert_eq!(collected, SHOP.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn a_service_is_called_the_same_everywhere() {
    // Logs carry the compose service's name, spans OTEL_SERVICE_NAME: every link between them needs the two to be equal.
    let all = services(BASE);
    for name in SHOP {
        assert_eq!(all[*name]["environment"]["OTEL_SERVICE_NAME"], *name);
        assert_eq!(all[*name]["build"]["target"], *name);
    }
}

#[test]
fn what_is_mounted_exists_and_volumes_are_declared() {
    for file in [BASE, ALLOY] {
        let declared = yaml(file)["volumes"].as_object().expect("volumes").clone();
        for (name, service) in services(file) {
            for volume in texts(&service["volumes"]) {
                let volume = volume.replace("${SLO_WINDOWS:-lab}", "lab");
                let source = volume.split(':').next().unwrap();
                match source.strip_prefix("./") {
                    Some(folder) => {
                        assert!(path(folder).is_dir(), "{name}: {folder} is not a folder of the repository");
                        assert!(volume.ends_with(":ro"), "{name} may write into the repository: {volume}");
                    }
                    None if source.starts_with('/') => assert_eq!(source, "/var/run/docker.sock", "{name}"),
                    None => assert!(declared.contains_key(source), "{name}: volume {source} is not declared"),
                }
            }
        }
    }
    assert!(path("prometheus/rules/production").is_dir(), "SLO_WINDOWS=production has nothing to mount");
}

#[test]
fn the_base_speaks_to_both_generations_of_compose() {
    for file in [BASE, ALLOY] {
        let top = yaml(file);
        // `name` is unknown to compose 1.29, `version` makes compose v2 warn at every command.
        for key in ["name", "version"] {
            assert!(top.get(key).is_none(), "{file}: {key}");
        }
        for (name, service) in services(file) {
            assert!(
                service.get("deploy").is_none(),
                "{file}: {name}: compose 1.29 reads limits from mem_limit only"
            );
        }
    }
}

#[test]
fn every_service_that_is_built_has_a_stage() {
    let dockerfile = read("Dockerfile");
    for (name, service) in services(BASE) {
        if let Some(target) = service["build"]["target"].as_str() {
            assert!(dockerfile.contains(&format!(" AS {target}\n")), "{name}: no stage {target}");
        }
    }
    for line in dockerfile.lines().filter(|line| line.starts_with("ARG ") && line.contains("_IMAGE=")) {
        assert!(
            line.rsplit(':').next().unwrap().contains(|c: char| c.is_ascii_alphanumeric()),
            "{line} is not pinned"
        );
        assert!(!line.ends_with(":latest"), "{line}");
    }
}

#[test]
fn compose_accepts_the_files() {
    let Some(compose) = tool("docker-compose") else { return };
    for files in [&[BASE][..], &[BASE, ALLOY]] {
        for windows in ["lab", "production"] {
            let mut command = Command::new(compose);
            command.current_dir(path("")).env("SLO_WINDOWS", windows);
            for file in files {
                command.args(["-f", file]);
            }
            let output = command.arg("config").output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{files:?}: {errors}");
            assert!(errors.trim().is_empty(), "{files:?} with a warning: {errors}");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains(&format!("prometheus/rules/{windows}:/etc/prometheus/rules")), "{text}");
        }
    }
}
