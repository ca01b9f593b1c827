use super::*;

#[test]
fn the_holder_of_a_port_is_this_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let found = holder(port).unwrap();
    assert_eq!(found.pid, i32::try_from(std::process::id()).unwrap());
    drop(listener);
    assert_eq!(holder(port), None);
}

#[test]
fn a_taken_port_is_named_with_its_part_and_holder() {
    let offset = free_offset(false).unwrap();
    check(false, offset).unwrap();
    let _listener = TcpListener::bind(loopback(crate::endpoints::LOKI, offset)).unwrap();
    let error = check(true, offset).unwrap_err().to_string();
    let expected = format!("port {} (loki) is taken by ", 3100 + offset);
    assert!(
        error.starts_with(&expected) && error.contains(&format!("pid {}", std::process::id())),
        "{error}"
    );
}

#[test]
fn a_stack_without_the_shop_needs_none_of_its_ports() {
    assert!(needed(true).all(|endpoint| endpoint.port < 8000 || endpoint.port > 8002));
    assert_eq!(needed(false).count(), ALL.len());
}
