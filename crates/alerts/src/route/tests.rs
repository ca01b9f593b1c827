use super::*;

fn route(receiver: &str, matchers: &[(&str, &str)], proceed: bool, routes: Vec<Route>) -> Route {
    Route {
        receiver: receiver.into(),
        group_by: GroupBy::Labels(["alertname".to_owned()].into()),
        group_wait: 0,
        group_interval: 0,
        repeat_interval: 0,
        matchers: matchers.iter().map(|(name, value)| Matcher::equal(*name, *value)).collect(),
        proceed,
        mute_time_intervals: vec![],
        active_time_intervals: vec![],
        routes,
        key: String::new(),
        index: 0,
    }
}

fn tree() -> Route {
    route(
        "default",
        &[],
        false,
        vec![
            route("audit", &[("audit", "yes")], true, vec![]),
            route(
                "page",
                &[("severity", "page")],
                false,
                vec![route("night", &[("time", "night")], false, vec![])],
            ),
            route("page-again", &[("severity", "page")], false, vec![]),
        ],
    )
    .finish()
}

fn check(labels: &[(&str, &str)], receivers: &[&str]) {
    let tree = tree();
    let found = tree.matching(&Labels::from_pairs(labels.iter().copied()));
    assert_eq!(
        found.iter().map(|route| route.receiver.as_str()).collect::<Vec<_>>(),
        receivers,
        "{labels:?}"
    );
}

#[test]
fn the_deepest_match_wins_and_the_root_takes_the_rest() {
    check(&[("severity", "page")], &["page"]);
    check(&[("severity", "page"), ("time", "night")], &["night"]);
    check(&[("severity", "ticket")], &["default"]);
}

#[test]
fn continue_goes_on_to_the_siblings() {
    check(&[("audit", "yes"), ("severity", "page")], &["audit", "page"]);
    check(&[("audit", "yes")], &["audit"]);
}

#[test]
fn keys_name_the_way_from_the_root() {
    let tree = tree();
    let night = tree.walk()[3];
    assert_eq!((night.index, night.key.as_str()), (3, "{}/{severity=\"page\"}/{time=\"night\"}"));
    let labels = Labels::from_pairs([("alertname", "A"), ("b", "2")]);
    assert_eq!(
        group_key(&night.key, &night.group_labels(&labels)),
        format!("{}:{{alertname=\"A\"}}", night.key)
    );
}
