//! The life of a stack: up, again, broken, killed, down.

use crate::harness::{Stack, eventually, get, runs, stderr, text};
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

#[test]
fn up_answers_and_down_leaves_nothing() {
    let stack = Stack::up();
    let (status, body) = get(&format!("{}/browse", stack.url("gateway"))).unwrap();
    assert_eq!(status, 200, "{body}");
    let pids = stack.pids();
    assert_eq!(pids.len(), 4, "the daemon and three services");
    let gateway = stack.url("gateway");
    stack.run(&["down"]);
    eventually("all processes have ended", || !pids.iter().any(|pid| runs(*pid)));
    assert!(get(&gateway).is_err(), "the port is still served");
    for leftover in ["state.json", "control.sock"] {
        assert!(!stack.lab_folder().join(leftover).exists(), "{leftover} is left");
    }
    assert!(stack.lab(&["down"]).status.success(), "a second down is no failure");
}

#[test]
fn a_second_up_does_nothing_and_names_what_it_does_otherwise() {
    let stack = Stack::up();
    let before = stack.pids();
    let output = stack.lab(&["up", "--offset", "auto"]);
    assert!(
        output.status.success() && stderr(&output).contains("already up, nothing changed"),
        "{}",
        text(&output)
    );
    assert_eq!(stack.pids(), before);
    let output = stack.lab(&["up", "--offset", "auto", "--slo-windows", "production"]);
    assert!(output.status.success() && stderr(&output).contains("other options"), "{}", text(&output));
    let after = stack.pids();
    assert!(before.iter().all(|pid| !after.contains(pid)), "{before:?} {after:?}");
}

#[test]
fn what_a_killed_daemon_leaves_is_gone_after_down() {
    let stack = Stack::up();
    let pids = stack.pids();
    kill(stack.daemon(), Signal::KILL);
    stack.run(&["down"]);
    eventually("all processes have ended", || !pids.iter().any(|pid| runs(*pid)));
    assert!(!stack.lab_folder().join("state.json").exists());
}

#[test]
fn up_after_a_killed_daemon_starts_anew() {
    let stack = Stack::up();
    let pids = stack.pids();
    kill(stack.daemon(), Signal::KILL);
    stack.run(&["up", "--offset", "auto"]);
    assert!(!pids.iter().any(|pid| runs(*pid)), "old processes are still there");
    assert_eq!(get(&format!("{}/browse", stack.url("gateway"))).unwrap().0, 200);
}

#[test]
fn a_service_that_dies_comes_back() {
    let stack = Stack::up();
    let old = stack.part("catalog")["pid"].as_i64().unwrap();
    kill(old as i32, Signal::KILL);
    eventually("the catalog is back", || {
        let part = stack.part("catalog");
        part["state"] == "ready" && part["restarts"] == 1 && part["pid"].as_i64() != Some(old)
    });
    assert_eq!(get(&format!("{}/browse", stack.url("gateway"))).unwrap().0, 200);
}

#[test]
fn one_service_is_restarted_alone() {
    let stack = Stack::up();
    let before = stack.pids();
    stack.run(&["restart", "checkout"]);
    eventually("one process was replaced", || {
        let after = stack.pids();
        after.len() == before.len()
            && before.iter().filter(|pid| after.contains(pid)).count() == before.len() - 1
    });
    let output = stack.lab(&["restart", "till"]);
    assert!(stderr(&output).contains("unknown service \"till\", expected one of catalog, checkout, gateway"));
}

#[test]
fn a_taken_port_is_named_and_nothing_is_started() {
    let stack = Stack::new();
    // 9093 + 20 is in nobody's way.
    let listener =
        (20..400).find_map(|offset| Some((offset, TcpListener::bind(("127.0.0.1", 9093 + offset)).ok()?)));
    let (offset, _listener) = listener.unwrap();
    let output = stack.lab(&["up", "--offset", &offset.to_string()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let expected = format!("port {} (alertmanager) is taken by ", 9093 + offset);
    assert!(stderr(&output).contains(&expected), "{}", text(&output));
    assert!(stderr(&output).contains(&format!("(pid {})", std::process::id())), "{}", text(&output));
    assert!(!stack.lab_folder().join("state.json").exists(), "something was started");
}

#[test]
fn an_interrupted_up_stops_what_it_started() {
    let stack = Stack::new();
    // The lock is held, so `up` waits and can be interrupted in the middle.
    let lock = std::fs::File::create(stack.lab_folder().join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let up = stack.command(&["up", "--offset", "auto"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // Its format file says that the interrupt is waited for.
    eventually("up is at work", || stack.lab_folder().join("format").exists());
    std::thread::sleep(std::time::Duration::from_millis(200));
    kill(up.id() as i32, Signal::INT);
    let output = up.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    assert!(!stack.lab_folder().join("state.json").exists());
}

#[test]
fn a_folder_of_another_format_is_an_error_with_a_way_out() {
    let stack = Stack::new();
    std::fs::write(stack.lab_folder().join("format"), "0\n").unwrap();
    for command in ["up", "down"] {
        let output = stack.lab(&[command]);
        assert!(stderr(&output).contains("has format 0, this lab writes format 1"), "{}", text(&output));
        assert!(stderr(&output).contains("hint: `make clean`"), "{}", text(&output));
    }
    stack.run(&["clean"]);
    assert!(!stack.lab_folder().exists());
}

#[test]
fn the_stack_runs_without_the_shop() {
    let stack = Stack::new();
    stack.run(&["up", "--offset", "auto", "--only", "stack"]);
    let parts = stack.status()["parts"].to_string();
    assert!(parts.contains("alertmanager") && !parts.contains("gateway"), "{parts}");
    assert_eq!(stack.pids().len(), 1);
    let output = stack.lab(&["restart", "gateway"]);
    assert!(stderr(&output).contains("runs without the shop"), "{}", text(&output));
}

#[test]
fn faults_are_injected_checked_and_taken_away() {
    let stack = Stack::up();
    let browse = format!("{}/browse", stack.url("gateway"));
    stack.run(&["chaos", "errors", "--service", "gateway", "--rate", "1.0"]);
    assert_eq!(get(&browse).unwrap().0, 500);
    stack.run(&["chaos", "reset"]);
    assert_eq!(get(&browse).unwrap().0, 200);
    for (arguments, expected) in [
        (
            ["errors", "--service", "gateway", "--rate", "1.5"],
            "rate is \"1.5\", expected a number from 0.0 to 1.0",
        ),
        (
            ["errors", "--service", "till", "--rate", "0.5"],
            "unknown service \"till\", expected one of catalog, checkout, gateway",
        ),
        (
            ["latency", "--service", "catalog", "--latency", "-5"],
            "latency is \"-5\", expected whole milliseconds from 0 to 60000",
        ),
    ] {
        let output = stack.lab(&[&["chaos"], arguments.as_slice()].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(expected), "{}", text(&output));
    }
}
