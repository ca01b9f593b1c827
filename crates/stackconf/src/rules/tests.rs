use super::*;

#[test]
fn groups_and_rules_are_read() {
    let text = "groups:\n- name: g\n  interval: 5s\n  labels: {team: shop}\n  rules:\n  - record: a:b\n    expr: vector(1)\n  - alert: A\n    expr: |\n      up == 0\n    for: 1m\n    labels: {severity: page, team: mine}\n    annotations: {summary: down}\n";
    let file = parse("r.yml", text).unwrap().config;
    let group = &file.groups[0];
    assert_eq!((group.name.as_str(), group.interval), ("g", Some(Duration::from_secs(5))));
    assert_eq!(group.rules[0].name(), "a:b");
    assert_eq!(group.rules[0].labels["team"], "shop");
    assert_eq!(group.rules[1].labels["team"], "mine");
    assert_eq!(group.rules[1].line, 8);
    assert_eq!(group.rules[1].expr, "up == 0\n");
    assert!(matches!(&group.rules[1].kind, RuleKind::Alert { hold, .. } if hold.as_secs() == 60));
}

#[test]
fn mistakes_are_named() {
    let rule = |body: &str| format!("groups:\n- name: g\n  rules:\n  - {body}\n");
    for (body, expected) in [
        ("{expr: up}", "found neither record nor alert"),
        ("{record: a, alert: B, expr: up}", "either record or alert, not both"),
        ("{record: a-b, expr: up}", "found \"a-b\", expected a metric name"),
        ("{record: a, expr: up, for: 1m}", "a recording rule has no for"),
        ("{record: a, expr: ' '}", "the expression is empty"),
        ("{record: a}", "key \"expr\" is missing in groups[].rules[]"),
        ("{alert: a, expr: up, for: soon}", "not a valid duration: found \"soon\""),
        ("{alert: a, expr: up, lables: {}}", "did you mean \"labels\"?"),
        ("{alert: a, expr: up, labels: {a-b: c}}", "found label name \"a-b\""),
    ] {
        let error = parse("r.yml", &rule(body)).unwrap_err().to_string();
        assert!(error.starts_with("r.yml:4: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    let twice = "groups: [{name: g}, {name: g}]\n";
    assert!(parse("r.yml", twice).unwrap_err().to_string().contains("group name \"g\" is used twice"));
}

#[test]
fn an_empty_file_is_no_rules() {
    assert_eq!(parse("r.yml", "").unwrap().config, RuleFile::default());
}
