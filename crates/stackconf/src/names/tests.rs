use super::*;

#[test]
fn names_lead_to_loopback_and_back() {
    let names = Names::with_offset(0).unwrap();
    assert_eq!(names.resolve("gateway:8000"), Some("127.0.0.1:8000".parse().unwrap()));
    assert_eq!(names.resolve("alert-sink:8080"), Some("127.0.0.1:28080".parse().unwrap()));
    assert_eq!(names.resolve("tempo:4318"), Some("127.0.0.1:4318".parse().unwrap()));
    assert_eq!(names.reverse("127.0.0.1:8002".parse().unwrap()).as_deref(), Some("checkout:8002"));
    for unknown in ["gateway:9", "gateway", "elsewhere:8000", ":", ""] {
        assert_eq!(names.resolve(unknown), None, "{unknown}");
    }
    assert_eq!(names.connect_to("example.org:80"), "example.org:80");
}

#[test]
fn compose_and_offset_move_ports() {
    let text = "services:\n  gateway: {ports: [\"127.0.0.1:18000:8000\"]}\n  loki: {}\n";
    let compose = crate::compose::parse("c.yml", text, &BTreeMap::new()).unwrap().config;
    let names = Names::from_compose(&compose, 100).unwrap();
    assert_eq!(names.resolve("gateway:8000"), Some("127.0.0.1:18100".parse().unwrap()));
    assert_eq!(names.resolve("loki:3100"), Some("127.0.0.1:3200".parse().unwrap()));
    let error = Names::from_compose(&compose, 60_000).unwrap_err().to_string();
    assert_eq!(error, "port 18000 of gateway plus the port offset 60000 is above 65535");
}

#[test]
fn urls_are_resolved() {
    let names = Names::with_offset(0).unwrap();
    for (url, expected) in [
        ("http://loki:3100/loki/api/v1/push", "http://127.0.0.1:3100/loki/api/v1/push"),
        ("http://alert-sink:8080/page", "http://127.0.0.1:28080/page"),
        ("http://u:p@loki:3100", "http://u:p@127.0.0.1:3100"),
        ("https://example.org/x", "https://example.org/x"),
        ("loki:3100", "loki:3100"),
    ] {
        assert_eq!(names.resolve_url(url), expected);
    }
}

#[test]
fn free_ports_are_entered_after_binding_and_clones_share_them() {
    let names = Names::free_ports();
    let clone = names.clone();
    assert_eq!(names.address("loki", 3100).map(|a| a.port()), Some(0));
    names.set("loki", 3100, "127.0.0.1:40123".parse().unwrap());
    assert_eq!(clone.resolve_url("http://loki:3100/ready"), "http://127.0.0.1:40123/ready");
}
