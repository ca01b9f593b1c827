use super::*;

/// Labels as `a=1 b=2`; the result the same way, or `dropped`.
fn check(before: &str, steps: &str, after: &str) {
    let pairs = before.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    let indented = steps.replace('\n', "\n      ");
    let text = format!("scrape_configs:\n- job_name: x\n  relabel_configs:\n      {indented}\n");
    let config = stackconf::prometheus::parse("test.yml", &text).unwrap().config;
    let steps = &config.scrape_configs[0].relabel_configs;
    let shown = match relabel(&Labels::from_pairs(pairs), steps) {
        None => "dropped".to_owned(),
        Some(labels) => {
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(shown, after, "{text}");
}

#[test]
fn replace() {
    check("a=foo b=bar", "- {source_labels: [a, b], target_label: c}", "a=foo b=bar c=foo;bar");
    check(
        "a=foo",
        "- {source_labels: [a], regex: 'f(.*)', target_label: b, replacement: 'x${1}y$$'}",
        "a=foo b=xooy$",
    );
    check("a=foo", "- {source_labels: [a], regex: nope, target_label: b}", "a=foo");
    check("a=foo b=x", "- {source_labels: [a], target_label: b, replacement: ''}", "a=foo");
    check("a=foo", "- {target_label: b, replacement: fixed}", "a=foo b=fixed");
    check(
        "a=k;v",
        "- {source_labels: [a], regex: '(.*);(.*)', target_label: '${1}', replacement: '$2'}",
        "a=k;v k=v",
    );
    check(
        "a=9;v",
        "- {source_labels: [a], regex: '(.*);(.*)', target_label: '${1}', replacement: '$2'}",
        "a=9;v",
    );
    check(
        "a=foo",
        "- {source_labels: [a], regex: '(?P<rest>f.*)', target_label: b, replacement: '${rest}!'}",
        "a=foo b=foo!",
    );
}

#[test]
fn keep_and_drop() {
    check("a=foo", "- {source_labels: [a], regex: 'f.*', action: keep}", "a=foo");
    check("a=foo", "- {source_labels: [a], regex: f, action: keep}", "dropped");
    check("a=foo", "- {source_labels: [a], regex: 'foo|bar', action: drop}", "dropped");
    check("a=foo", "- {source_labels: [missing], regex: '.+', action: drop}", "a=foo");
    check("a=x b=x", "- {source_labels: [a], target_label: b, action: keepequal}", "a=x b=x");
    check("a=x b=y", "- {source_labels: [a], target_label: b, action: keepequal}", "dropped");
    check("a=x b=x", "- {source_labels: [a], target_label: b, action: dropequal}", "dropped");
    check("a=x b=y", "- {source_labels: [a], target_label: b, action: dropequal}", "a=x b=y");
    check(
        "a=x",
        "- {source_labels: [a], regex: y, action: keep}\n- {target_label: b, replacement: c}",
        "dropped",
    );
}

#[test]
fn case_and_hash() {
    check("a=Foo", "- {source_labels: [a], target_label: b, action: lowercase}", "a=Foo b=foo");
    check("a=Foo", "- {source_labels: [a], target_label: b, action: uppercase}", "a=Foo b=FOO");
    // The lower half of `printf foo | md5sum`.
    assert_eq!(hash("foo"), 0xedef_654f_ccc4_a4d8);
    check("a=foo", "- {source_labels: [a], target_label: b, action: hashmod, modulus: 1000}", "a=foo b=696");
}

#[test]
fn names() {
    check("__meta_x=1 a=2", "- {regex: '__meta_(.+)', action: labelmap}", "__meta_x=1 a=2 x=1");
    check(
        "__meta_x=1",
        "- {regex: '__meta_(.+)', action: labelmap, replacement: 'k_$1'}",
        "__meta_x=1 k_x=1",
    );
    check("a=1 ab=2 b=3", "- {regex: 'a.*', action: labeldrop}", "b=3");
    check("a=1 ab=2 b=3", "- {regex: 'a.*', action: labelkeep}", "a=1 ab=2");
}
