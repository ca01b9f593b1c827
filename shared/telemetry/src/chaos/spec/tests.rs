use proptest::prelude::*;
use serde_json::json;

use super::*;

const ROUTES: [&str; 2] = ["/items", "/items/{id}"];

fn merged(base: &ChaosSpec, change: Value) -> Result<ChaosSpec, String> {
    base.merged(&change, &ROUTES).map_err(|violation| {
        format!("{}: found {}, expected {}", violation.field, violation.found, violation.expected)
    })
}

#[test]
fn changes_add_up() {
    let errors = merged(&ChaosSpec::default(), json!({"error_rate": 0.5})).unwrap();
    let both = merged(&errors, json!({"latency_ms": 500, "jitter_ms": 100.0, "routes": ["/items"]})).unwrap();
    assert_eq!(
        both,
        ChaosSpec {
            error_rate: 0.5,
            latency_ms: 500,
            jitter_ms: 100,
            routes: vec!["/items".into()],
            ttl_seconds: 600
        }
    );
    let calmer = merged(&both, json!({"error_rate": null, "routes": null, "ttl_seconds": 0})).unwrap();
    assert_eq!((calmer.error_rate, calmer.latency_ms, calmer.ttl_seconds), (0.0, 500, 0));
    assert!(calmer.routes.is_empty());
    assert!(merged(&calmer, json!({"latency_ms": 0, "jitter_ms": 0})).unwrap().is_off());
}

#[test]
fn limits_are_part_of_the_range() {
    for change in [
        json!({"error_rate": 0}),
        json!({"error_rate": 1}),
        json!({"latency_ms": 60_000, "jitter_ms": 60_000, "ttl_seconds": 86_400}),
    ] {
        merged(&ChaosSpec::default(), change).unwrap();
    }
}

#[test]
fn errors_name_the_field_and_the_range() {
    for (change, expected) in [
        (json!([]), "body: found [], expected an object"),
        (json!({"error_rate": 1.01}), "error_rate: found 1.01, expected a number from 0 to 1"),
        (json!({"error_rate": -0.1}), "error_rate: found -0.1, expected a number from 0 to 1"),
        (json!({"error_rate": "0.5"}), "error_rate: found \"0.5\", expected a number from 0 to 1"),
        (json!({"latency_ms": -1}), "latency_ms: found -1, expected a whole number from 0 to 60000"),
        (json!({"latency_ms": 1.5}), "latency_ms: found 1.5, expected a whole number from 0 to 60000"),
        (json!({"latency_ms": 60_001}), "latency_ms: found 60001, expected a whole number from 0 to 60000"),
        (json!({"jitter_ms": 1e300}), "jitter_ms: found 1e+300, expected a whole number from 0 to 60000"),
        (json!({"ttl_seconds": 86_401}), "ttl_seconds: found 86401, expected a whole number from 0 to 86400"),
        (json!({"routes": "/items"}), "routes: found \"/items\", expected a list of route patterns"),
        (json!({"routes": [1]}), "routes: found [1], expected a list of route patterns"),
        (json!({"routes": ["/items", "/x"]}), "routes[1]: found \"/x\", expected one of /items, /items/{id}"),
        (
            json!({"error_rat": 1}),
            "error_rat: found an unknown member, expected one of error_rate, latency_ms, jitter_ms, routes, \
             ttl_seconds",
        ),
    ] {
        assert_eq!(merged(&ChaosSpec::default(), change).unwrap_err(), expected);
    }
}

/// Members that are nearly right, so that many are accepted.
fn member() -> impl Strategy<Value = (String, Value)> {
    let key =
        prop::sample::select(vec!["error_rate", "latency_ms", "jitter_ms", "routes", "ttl_seconds", "other"]);
    let value = prop_oneof![
        Just(Value::Null),
        any::<f64>().prop_map(|number| json!(number)),
        (0.0..=1.0).prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        (0u64..100_000).prop_map(|number| json!(number)),
        Just(json!(["/items"])),
        any::<String>().prop_map(|text| json!([text])),
    ];
    (key.prop_map(str::to_owned), value)
}

proptest! {
    #[test]
    fn what_is_accepted_is_within_its_limits(members in prop::collection::vec(member(), 0..5)) {
        let change = Value::Object(members.into_iter().collect());
        if let Ok(spec) = ChaosSpec::default().merged(&change, &ROUTES) {
            prop_assert!((0.0..=1.0).contains(&spec.error_rate));
            prop_assert!(spec.latency_ms <= 60_000 && spec.jitter_ms <= 60_000 && spec.ttl_seconds <= 86_400);
            prop_assert!(spec.routes.iter().all(|route| ROUTES.contains(&route.as_str())));
            // What is shown can be sent back.
            let shown = serde_json::to_value(&spec).unwrap();
            prop_assert_eq!(ChaosSpec::default().merged(&shown, &ROUTES).unwrap(), spec);
        }
    }
}
