use super::*;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const FILE: &str = r#"
x-common: &common
  restart: unless-stopped
services:
  prometheus:
    <<: *common
    image: prom/prometheus:${TAG:-v3}
    ports: ["127.0.0.1:9090:9090"]
    volumes:
      - ./prometheus/prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - ./prometheus/rules/${SLO_WINDOWS:-lab}:/etc/prometheus/rules:ro
      - prometheus-data:/prometheus
  gateway:
    labels: {lab.logs: "true"}
    environment: ["PORT=8000", EMPTY]
volumes: {prometheus-data: {}}
"#;

#[test]
fn services_are_read() {
    let compose = parse("c.yml", FILE, &variables(&[("SLO_WINDOWS", "production")])).unwrap().config;
    let prometheus = &compose.services["prometheus"];
    assert_eq!(prometheus.image.as_deref(), Some("prom/prometheus:v3"));
    assert_eq!(
        prometheus.ports,
        [PortMapping { host_ip: Some("127.0.0.1".into()), host_port: Some(9090), container_port: 9090 }]
    );
    assert_eq!(compose.services["gateway"].labels["lab.logs"], "true");
    assert_eq!(compose.services["gateway"].environment["PORT"], "8000");
    let root = Path::new("/repo");
    let path = |inside| compose.host_path("prometheus", root, inside);
    assert_eq!(
        path("/etc/prometheus/rules/slo.yml"),
        Some("/repo/prometheus/rules/production/slo.yml".into())
    );
    assert_eq!(path("/etc/prometheus/prometheus.yml"), Some("/repo/prometheus/prometheus.yml".into()));
    assert_eq!(path("/prometheus/wal"), None);
    assert_eq!(path("/etc/passwd"), None);
}

#[test]
fn variables_are_replaced() {
    let set = variables(&[("A", "1"), ("EMPTY", "")]);
    for (text, expected) in [
        ("$A-${A}-$$A", "1-1-$A"),
        ("${B:-x}${EMPTY:-y}${EMPTY-z}", "xy"),
        ("${B:-${A}}", "1"),
        ("${A:+on}${B:+on}", "on"),
        ("${B}", ""),
    ] {
        assert_eq!(interpolate(text, &set).unwrap(), expected, "{text}");
    }
    for (text, part) in [
        ("${A", "without }"),
        ("$", "starts no variable"),
        ("${}", "expected the name"),
        ("${B:?set it}", "variable B is not set: set it"),
        ("${A!}", "expected one of"),
    ] {
        let error = interpolate(text, &set).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn mistakes_are_named() {
    for (text, expected) in [
        (
            "servces: {}\n",
            "c.yml:1: unknown key \"servces\" in docker-compose.yml; did you mean \"services\"?",
        ),
        (
            "services:\n  a:\n    port: []\n",
            "c.yml:3: unknown key \"port\" in services.<name>; did you mean \"ports\"?",
        ),
        (
            "services:\n  a:\n    ports: [\"x:1\"]\n",
            "c.yml:3: found port \"x:1\", expected [address:][host port:]container port",
        ),
    ] {
        assert_eq!(parse("c.yml", text, &BTreeMap::new()).unwrap_err().to_string(), expected);
    }
}
