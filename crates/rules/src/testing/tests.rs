use super::*;

const RULES: &str = "
groups:
  - name: shop
    rules:
      - record: job:requests:rate1m
        expr: sum by (job) (rate(requests_total[1m]))
      - alert: Quiet
        expr: job:requests:rate1m < 1
        for: 30s
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }} is at {{ $value }}'}
";

fn run(test: &str) -> Result<TestReport, TestFileError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yml"), RULES).unwrap();
    let path = folder.path().join("test.yml");
    std::fs::write(&path, test).unwrap();
    run_file(&path)
}

const TEST: &str = "
rule_files: ['*hop.yml']
evaluation_interval: 15s
tests:
  - name: a shop that falls silent
    interval: 15s
    input_series:
      - {series: 'requests_total{job=\"web\"}', values: '0+30x8 240x8'}
    alert_rule_test:
      - {eval_time: 2m, alertname: Quiet}
      - eval_time: 4m
        alertname: Quiet
        exp_alerts:
          - exp_labels: {severity: page, job: web}
            exp_annotations: {summary: web is at 0}
    promql_expr_test:
      - expr: job:requests:rate1m
        eval_time: 2m
        exp_samples: [{labels: 'job:requests:rate1m{job=\"web\"}', value: 2}]
      - {expr: nothing, eval_time: 1m, exp_samples: []}
";

#[test]
fn expectations_that_are_met_pass() {
    let report = run(TEST).unwrap();
    assert_eq!(report.failures, Vec::<String>::new());
    assert_eq!(report.passed, 4);
}

#[test]
fn expectations_that_are_not_met_fail() {
    for (right, wrong) in [
        ("value: 2}", "value: 3}"),
        ("web is at 0", "web is at 1"),
        ("{eval_time: 2m, alertname: Quiet}", "{eval_time: 4m, alertname: Quiet}"),
        ("expr: nothing", "expr: '1'"),
    ] {
        assert!(TEST.contains(right), "{right}");
        let report = run(&TEST.replace(right, wrong)).unwrap();
        assert_eq!(report.failures.len(), 1, "{wrong}: {:?}", report.failures);
    }
}

#[test]
fn files_that_cannot_be_run_are_errors() {
    assert!(run(&TEST.replace("*hop", "other")).unwrap_err().message.contains("no file matches"));
    assert!(run(&TEST.replace("interval: 15s\n    input", "intervall: 15s\n    input")).is_err());
}
