use super::*;

fn hold(corpus: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance").join(corpus);
    let report = run(&dir).unwrap();
    let failed: Vec<_> =
        report.failures.iter().map(|failure| format!("{}: {}", failure.case, failure.reason)).collect();
    assert!(report.passed + failed.len() >= 200, "only {} cases ran", report.passed);
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

/// What a real Loki answered.
#[test]
fn recorded_answers_hold() {
    hold("logs");
}

/// Our own corpus: every stage, function and operator.
#[test]
fn our_own_answers_hold() {
    hold("logql");
}

#[test]
fn a_difference_is_found() {
    let case = |expect: Value| Case {
        id: "one".to_owned(),
        endpoint: "/loki/api/v1/query".to_owned(),
        method: None,
        params: Map::new(),
        headers: BTreeMap::new(),
        compare: None,
        keep_order: false,
        expect,
    };
    let answer = |value: &str| json!({"status": 200, "body": {"resultType": "vector", "result": [{"metric": {"a": "b"}, "value": [1, value]}]}});
    assert_eq!(compare::compare(&case(answer("0.30000000000000004")), &answer("0.3")), Ok(()));
    assert!(compare::compare(&case(answer("0.31")), &answer("0.3")).is_err());
    assert!(compare::compare(&case(json!({"status": 400, "error_kind": "parse"})), &answer("0.3")).is_err());
}
