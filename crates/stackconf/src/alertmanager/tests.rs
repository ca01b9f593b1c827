use super::*;

const FILE: &str = r#"
route:
  receiver: nobody
  group_by: [alertname, service]
  group_interval: 15s
  routes:
    - matchers: ['severity="page"']
      receiver: page
      group_wait: 0s
      routes:
        - match_re: {service: "gate.*"}
          group_by: ['...']
          mute_time_intervals: [night]
    - match: {severity: ticket}
      receiver: ticket
      continue: true
receivers:
  - name: nobody
  - name: page
    webhook_configs: [{url: "http://alert-sink:8080/page", max_alerts: 5}]
  - name: ticket
    webhook_configs: [{url: "http://alert-sink:8080/ticket", send_resolved: false}]
inhibit_rules:
  - source_matchers: [severity="page"]
    target_matchers: ['{severity="ticket", slo!=""}']
    equal: [service]
time_intervals:
  - name: night
    time_intervals:
      - {times: [{start_time: "22:00", end_time: "24:00"}], weekdays: ["monday:friday", sunday], days_of_month: ["1:-1"], months: [may, "7:8"]}
"#;

#[test]
fn a_whole_file_is_read_and_routes_inherit() {
    let loaded = parse("a.yml", FILE).unwrap();
    assert!(loaded.warnings.is_empty());
    let config = loaded.config;
    assert_eq!(config.resolve_timeout, Duration::from_secs(300));
    let page = &config.route.routes[0];
    assert_eq!((page.group_wait, page.group_interval), (Duration::ZERO, Duration::from_secs(15)));
    assert_eq!(page.repeat_interval, Duration::from_secs(4 * 3600));
    assert_eq!(page.group_by, GroupBy::Labels(vec!["alertname".into(), "service".into()]));
    let inner = &page.routes[0];
    assert_eq!((inner.receiver.as_str(), &inner.group_by), ("page", &GroupBy::All));
    assert!(inner.matchers[0].matches("gateway") && !inner.matchers[0].matches("a gateway"));
    assert!(config.route.routes[1].continue_matching);
    assert_eq!(config.receivers[1].webhook_configs[0].max_alerts, 5);
    assert!(!config.receivers[2].webhook_configs[0].send_resolved);
    assert_eq!(config.inhibit_rules[0].target.len(), 2);
    let night = &config.time_intervals[0].intervals[0];
    assert_eq!(night.times[0], 1320..1440);
    assert_eq!(night.weekdays, [1..=5, 0..=0]);
    assert_eq!(night.months, [5..=5, 7..=8]);
}

#[test]
fn matchers_come_in_many_forms() {
    for (text, expected) in [
        (r#"severity="page""#, r#"severity="page""#),
        ("severity=page", r#"severity="page""#),
        (r#" alertname =~ "SLO.*" "#, r#"alertname=~"SLO.*""#),
        (r#"{a="x, y", b!=z, "odd name"!~"\d+",}"#, r#"a="x, y" b!="z" odd name!~"\\d+""#),
        (r#"a="say \"hi\"\n""#, r#"a="say \"hi\"\n""#),
        ("a=", r#"a="""#),
        ("", ""),
    ] {
        let matchers = parse_matchers(text).unwrap();
        assert_eq!(
            matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            expected,
            "{text}"
        );
    }
    for text in
        ["a", "=b", r#"a="b"#, r#"a="b"c"#, "{a=b", "a=b}", r#"a=b"c"#, "a b=c", r#"a=~"(""#, r#""a=b"#]
    {
        assert!(parse_matchers(text).is_err(), "{text}");
    }
}

#[test]
fn mistakes_are_named() {
    let with = |route: &str| format!("receivers: [{{name: page}}]\nroute: {route}\n");
    for (text, expected) in [
        (with("{receiver: pager}"), "a.yml:2: receiver \"pager\" is not defined; did you mean \"page\"?"),
        (with("{}"), "a.yml:2: the first route needs a receiver"),
        (with("{receiver: page, matchers: [a=b]}"), "a.yml:2: the first route has no matchers"),
        (with("{receiver: page, routes: [{matchers: ['a']}]}"), "a.yml:2: found matcher \"a\", expected a name"),
        (with("{receiver: page, group_interval: 0s}"), "a.yml:2: group_interval must be more than 0"),
        (with("{receiver: page, grup_by: []}"), "did you mean \"group_by\"?"),
        (with("{receiver: page, group_by: [a, '...']}"), "'...' stands alone"),
        (with("{receiver: page, routes: [{mute_time_intervals: [x]}]}"), "time interval \"x\" is not defined"),
        ("receivers: []\n".to_owned(), "key \"route\" is missing in alertmanager.yml"),
        (
            "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'alert-sink:1'}]}]\n".to_owned(),
            "a.yml:2: found \"alert-sink:1\", expected a URL",
        ),
        ("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]\n".to_owned(), "receiver \"a\" is defined twice"),
        (
            "route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals: [{name: t, time_intervals: [{weekdays: [friday:monday]}]}]\n"
                .to_owned(),
            "a.yml:3: found \"friday:monday\", expected a weekday",
        ),
    ] {
        let error = parse("a.yml", &text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn other_receivers_are_a_warning() {
    let text = "route: {receiver: a}\nreceivers: [{name: a, slack_configs: []}]\n";
    assert_eq!(parse("a.yml", text).unwrap().warnings.len(), 1);
}
