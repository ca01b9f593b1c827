use super::*;
use std::process::{Command, Stdio};

#[test]
fn the_same_number_with_another_start_time_is_another_process() {
    let me = Identity::of(std::process::id()).unwrap();
    assert!(me.is_alive());
    let other = Identity { start: format!("{}0", me.start), ..me.clone() };
    assert!(!other.is_alive());
    assert_eq!(Identity::parse(&me.to_string()), Some(me));
}

#[test]
fn damaged_texts_and_the_numbers_of_init_are_refused() {
    for text in ["", "12", "x 5", "0 5", "1 5", "-4 5"] {
        assert_eq!(Identity::parse(text), None, "{text:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_name_with_brackets_and_spaces_does_not_shift_the_fields() {
    let rest: Vec<String> = (4..=30).map(|field| field.to_string()).collect();
    let stat = |state: &str| format!("77 (a) b (c) {state} {}", rest.join(" "));
    assert_eq!(parse_stat(&stat("S")).as_deref(), Some("22"));
    assert_eq!(parse_stat(&stat("Z")), None);
    assert_eq!(parse_stat("77 (a"), None);
}

#[tokio::test]
async fn a_process_that_ignores_the_request_is_killed() {
    let mut child = Command::new("sh")
        .args(["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 5];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let identity = Identity::of(child.id()).unwrap();
    let reaped = reap(std::slice::from_ref(&identity), Duration::from_millis(100)).await;
    assert_eq!(reaped, std::slice::from_ref(&identity));
    assert!(!identity.is_alive());
    child.wait().unwrap();
    assert_eq!(reap(&[identity], Duration::from_millis(100)).await, []);
}
