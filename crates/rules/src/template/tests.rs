use super::*;
use model::{ManualClock, metrics::MetricStore};
use promql::testing::MemoryStore;
use std::time::Duration;

/// Writes `text` out for an alert on `up{job="web", instance="a.example:80"}` of value 0.25, at one minute.
fn check(text: &str, expected: &str) {
    let store = MemoryStore::new();
    for (instance, value) in [("b:1", 2.0), ("a:1", 1.0)] {
        store.add(&Labels::from_pairs([("__name__", "up"), ("instance", instance)]), 60_000, value);
    }
    let store: Arc<dyn MetricStore> = Arc::new(store);
    let clock = Arc::new(ManualClock::at_millis(60_000));
    let asker = Asker { store, engine: promql::Engine::default(), clock, timeout: Duration::from_secs(1) };
    let external = BTreeMap::from([("env".to_owned(), "local".to_owned())]);
    let expander = Arc::new(Expander::new(asker, "http://lab:9090/prom/".to_owned(), external));
    let labels = Labels::from_pairs([("job", "web"), ("instance", "a.example:80")]);
    let data = expander.data(&labels, 0.25);
    let texts = BTreeMap::from([("text".to_owned(), text.to_owned())]);
    let templates = Templates::compile(&texts, &expander).unwrap();
    let written = templates.expand("Test", 60_000, &data, &expander);
    assert_eq!(written[0].1, expected, "{text}");
}

#[test]
fn variables_are_those_of_prometheus() {
    check("{{ $labels.job }} {{ $value }} {{ .Value }} {{ $labels.nothing }}|", "web 0.25 0.25 |");
    check("{{ $externalLabels.env }} {{ $externalURL }}", "local http://lab:9090/prom");
    check("no template", "no template");
}

#[test]
fn numbers_are_made_readable() {
    check("{{ humanize 1234567.0 }} {{ humanize 0.0125 }} {{ humanize 0.0 }}", "1.235M 12.5m 0");
    check("{{ humanize1024 1048576.0 }}", "1Mi");
    check("{{ humanizeDuration 93784.0 }}", "1d 2h 3m 4s");
    check("{{ humanizeDuration 3661.0 }} {{ humanizeDuration 90.0 }}", "1h 1m 1s 1m 30s");
    check(
        "{{ humanizeDuration 1.5 }} {{ humanizeDuration 0.0042 }} {{ humanizeDuration -90.0 }}",
        "1.5s 4.2ms -1m 30s",
    );
    check("{{ $value | humanizePercentage }}", "25%");
    check("{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC");
    check("{{ parseDuration \"1h30m\" }}", "5400");
    check("{{ toTime 0.0 }}", "1970-01-01 00:00:00 +0000 UTC");
}

#[test]
fn texts_are_changed() {
    check("{{ title \"one two\" }} {{ toUpper \"a\" }} {{ toLower \"B\" }}", "One Two A b");
    check("{{ match \"^w.b$\" $labels.job }} {{ reReplaceAll \"(w)(e)\" \"$2$1\" $labels.job }}", "true ewb");
    check("{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }}", "a.example a:80");
    check("{{ stripPort \"[::1]:80\" }} {{ stripDomain \"10.0.0.1:80\" }}", "::1 10.0.0.1:80");
    check("{{ safeHtml \"<b>\" }}", "<b>");
    check("{{ with args 1 \"x\" }}{{ .arg0 }}{{ .arg1 }}{{ end }}", "1x");
    check("{{ define \"greet\" }}hello {{ . }}{{ end }}{{ tmpl \"greet\" \"you\" }}", "hello you");
}

#[test]
fn queries_are_asked_at_the_time_of_the_alert() {
    check("{{ query \"sum(up)\" | first | value }}", "3");
    check(
        "{{ range query \"up\" | sortByLabel \"instance\" }}{{ label \"instance\" . }}={{ .Value }} {{ end }}",
        "a:1=1 b:1=2 ",
    );
    check("{{ with query \"nothing\" }}there{{ else }}none{{ end }}", "none");
    check("{{ with query \"up\" | first }}{{ strvalue . }}|{{ end }}", "|");
}

#[test]
fn links_lead_to_the_expression() {
    check("{{ graphLink \"a + b\" }}", "/graph?g0.expr=a+%2B+b&g0.tab=0");
    check(
        "{{ tableLink \"up\" }} {{ pathPrefix }} {{ externalURL }}",
        "/graph?g0.expr=up&g0.tab=1 /prom http://lab:9090/prom",
    );
}

#[test]
fn what_cannot_be_written_says_so_in_its_place() {
    check(
        "{{ query \"nothing\" | first }}",
        "<error expanding template: template: text:1: executing \"text\": error calling first: first() called on vector with no elements>",
    );
}

#[test]
fn unknown_functions_are_refused_at_once() {
    let store: Arc<dyn MetricStore> = Arc::new(MemoryStore::new());
    let clock = Arc::new(ManualClock::at_millis(0));
    let asker = Asker { store, engine: promql::Engine::default(), clock, timeout: Duration::from_secs(1) };
    let expander = Arc::new(Expander::new(asker, String::new(), BTreeMap::new()));
    let texts = BTreeMap::from([("text".to_owned(), "{{ frobnicate 1 }}".to_owned())]);
    assert!(Templates::compile(&texts, &expander).is_err());
}
