use super::*;

fn none() -> BTreeMap<String, String> {
    BTreeMap::new()
}

const SOURCES: &str = r#"
apiVersion: 1
prune: true
datasources:
  - name: Loki
    uid: loki
    type: loki
    access: proxy
    url: http://loki:3100
    isDefault: true
    jsonData:
      maxLines: 1000
      derivedFields:
        - {name: TraceID, matcherType: label, matcherRegex: "^trace_id$$", datasourceUid: tempo, url: "$${__value.raw}"}
  - name: Tempo
    uid: tempo
    type: tempo
    url: http://${TEMPO_HOST}:3200
    jsonData:
      tracesToLogsV2: {datasourceUid: loki, customQuery: true, query: '{$${__tags}} | trace_id = "$${__trace.traceId}"'}
      streamingEnabled: {search: false}
"#;

#[test]
fn data_sources_are_read_and_expanded() {
    let variables = BTreeMap::from([("TEMPO_HOST".to_owned(), "tempo".to_owned())]);
    let sources = parse_datasources("d.yml", SOURCES, &variables).unwrap().config.datasources;
    assert_eq!(sources[1].url, "http://tempo:3200");
    assert!(sources[0].is_default && !sources[1].is_default);
    assert_eq!(sources[0].setting("/maxLines").unwrap(), 1000);
    assert_eq!(sources[0].setting("/derivedFields/0/url").unwrap(), "${__value.raw}");
    assert_eq!(sources[0].setting("/derivedFields/0/matcherRegex").unwrap(), "^trace_id$");
    assert_eq!(
        sources[1].setting("/tracesToLogsV2/query").unwrap(),
        r#"{${__tags}} | trace_id = "${__trace.traceId}""#
    );
    assert_eq!(sources[1].setting("/streamingEnabled/search").unwrap(), false);
    assert_eq!(sources[0].links(), [("/derivedFields/0/datasourceUid".to_owned(), "tempo".to_owned())]);
}

#[test]
fn a_single_dollar_sign_arrives_empty_as_in_grafana() {
    for (text, expected) in [
        ("$${a}", "${a}"),
        ("${a}", ""),
        ("$a-", "-"),
        ("a$", "a$"),
        ("$1", "$1"),
        ("${x", "${x"),
        ("^t$", "^t$"),
    ] {
        assert_eq!(expand(text, &none()), expected, "{text}");
    }
}

#[test]
fn dashboard_providers_are_read() {
    let text = "apiVersion: 1\nproviders:\n- {name: lab, orgId: 1, folder: Lab, type: file, options: {path: /etc/grafana/dashboards}}\n";
    let providers = parse_dashboards("p.yml", text, &none()).unwrap().config;
    assert_eq!(
        (providers[0].folder.as_str(), providers[0].path.as_str()),
        ("Lab", "/etc/grafana/dashboards")
    );
}

#[test]
fn mistakes_are_named() {
    let source = |body: &str| {
        format!("apiVersion: 1\ndatasources:\n- {{name: L, uid: l, type: loki, url: u{body}}}\n")
    };
    for (text, expected) in [
        ("apiVersion: 2\n".to_owned(), "d.yml:1: found apiVersion 2, expected 1"),
        ("datasources: []\n".to_owned(), "key \"apiVersion\" is missing"),
        (source(", jsonData: {derivedField: []}"), "d.yml:3: unknown key \"derivedField\" in jsonData of loki; did you mean \"derivedFields\"?"),
        (source(", jsonData: {derivedFields: [{matcherRegexp: x}]}"), "did you mean \"matcherRegex\"?"),
        (source(", access: direct"), "found access \"direct\", expected proxy"),
        ("apiVersion: 1\ndatasources: [{name: a, type: loki, url: u}]\n".to_owned(), "key \"uid\" is missing"),
        (
            "apiVersion: 1\ndatasources: [{name: a, uid: x, type: loki, url: u}, {name: b, uid: x, type: loki, url: u}]\n".to_owned(),
            "data source uid \"x\" is used twice",
        ),
    ] {
        let error = parse_datasources("d.yml", &text, &none()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
