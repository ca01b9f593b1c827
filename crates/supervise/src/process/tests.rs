use super::*;
use crate::OutputLine;
use model::ManualClock;
use tokio::sync::mpsc::Receiver;

fn shell(script: &str) -> Spec {
    Spec {
        args: vec!["-c".into(), script.into()],
        backoff: Backoff { first: Duration::from_millis(10), ..Backoff::default() },
        grace: Duration::from_millis(300),
        ..Spec::new("a", "/bin/sh")
    }
}

fn start(spec: Spec) -> (Supervised, Receiver<OutputLine>) {
    let (output, lines) = Output::channel(100, Arc::new(ManualClock::default()));
    (Supervised::start(spec, output).unwrap(), lines)
}

async fn line(lines: &mut Receiver<OutputLine>) -> String {
    let next = tokio::time::timeout(Duration::from_secs(10), lines.recv());
    next.await.expect("no line within 10 s").expect("the channel is closed").line
}

#[tokio::test]
async fn output_reaches_the_channel_and_the_log_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let spec = Spec {
        log: Some((path.clone(), 1000)),
        env: vec![("WHO".into(), "world".into())],
        ..shell("echo hello $WHO; echo bad >&2; cat")
    };
    let (process, mut lines) = start(spec);
    let mut seen = [line(&mut lines).await, line(&mut lines).await];
    seen.sort();
    assert_eq!(seen, ["bad", "hello world"]);
    process.stop().await;
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_process_that_dies_comes_back() {
    let (process, mut lines) = start(shell("echo up; exit 3"));
    for _ in 0..3 {
        assert_eq!(line(&mut lines).await, "up");
    }
    let status = process.status();
    assert!(status.restarts >= 2, "{status:?}");
    assert_eq!(status.last_exit, Some(Exit::Code(3)));
    process.stop().await;
}

#[tokio::test]
async fn stop_closes_the_pipe_and_leaves_nothing_even_when_the_request_is_ignored() {
    // The inner shell outlives its parent unless the whole group is ended.
    let (process, mut lines) =
        start(shell("trap '' TERM; sh -c \"trap '' TERM; echo \\$\\$; sleep 60; sleep 60\""));
    let inner = Identity::of(line(&mut lines).await.parse().unwrap()).unwrap();
    let outer = process.status().identity().cloned().unwrap();
    let before = Instant::now();
    process.stop().await;
    assert!(before.elapsed() < Duration::from_secs(5));
    assert!(!outer.is_alive());
    for _ in 0..100 {
        if !inner.is_alive() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the grandchild is still there");
}

#[tokio::test]
async fn a_child_that_listens_to_its_pipe_ends_with_its_supervisor() {
    let (process, mut lines) = start(shell("trap '' TERM; echo $LAB_SUPERVISED; cat >/dev/null; echo bye"));
    assert_eq!(line(&mut lines).await, "1");
    // The pipe stays open for as long as the supervisor holds it.
    let early = tokio::time::timeout(Duration::from_millis(200), lines.recv()).await;
    assert!(early.is_err(), "{early:?}");
    let changes = process.changes();
    process.stop().await;
    assert_eq!(line(&mut lines).await, "bye");
    assert_eq!(changes.borrow().state, State::Stopped);
    assert_eq!(changes.borrow().last_exit, Some(Exit::Code(0)));
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_named() {
    let (output, _lines) = Output::channel(1, Arc::new(ManualClock::default()));
    let error = Supervised::start(Spec::new("a", "/no/such/program"), output).unwrap_err();
    assert!(error.to_string().starts_with("cannot start a (/no/such/program): "), "{error}");
}
