//! Runs test files of rules (`promtool test rules FILE`) without promtool, against the manager that the lab itself uses.

mod file;

use crate::alerting::ALERT_NAME;
use crate::manager::{Manager, Options};
use crate::notify::Silent;
use crate::view::{AlertState, AlertView, RuleKind};
use file::{AlertTest, ExpectedSample, ExprTest, TestFile, TestGroup};
use model::clock::Millis;
use model::{Labels, ManualClock};
use promql::testing::{MemoryStore, Slot, parse_series};
use promql::{Engine, Never, Value};
use stackconf::rules::RuleFile;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Relative difference up to which values are the same when the file does not ask for a fuzzy comparison: the last digits, in
/// which the order of additions shows.
const EXACT: f64 = 1e-13;
/// The same when it does.
const FUZZY: f64 = 1e-9;
/// Evaluations that one test may ask for.
const MAX_EVALUATIONS: i64 = 1_000_000;

/// A test file that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct TestFileError {
    pub file: String,
    pub message: String,
}

#[derive(Clone, Debug, Default)]
pub struct TestReport {
    /// Expectations that were met.
    pub passed: usize,
    /// What was found and what was expected, with the test's name.
    pub failures: Vec<String>,
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// Runs the tests of a file. Its rule files are looked for beside it.
///
/// # Errors
/// [`TestFileError`] when the file or a rule file cannot be read. Failed expectations are in the report.
pub fn run_file(path: &Path) -> Result<TestReport, TestFileError> {
    let fail = |message: String| TestFileError { file: path.display().to_string(), message };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let file: TestFile = serde_saphyr::from_str(&text).map_err(|error| fail(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut rules: Vec<(String, RuleFile)> = Vec::new();
    for pattern in &file.rule_files {
        let found = stackconf::glob::expand(&folder.join(pattern));
        if found.is_empty() {
            return Err(fail(format!("no file matches {pattern:?}")));
        }
        for rule_file in found {
            let loaded = stackconf::rules::load(&rule_file).map_err(|error| fail(error.to_string()))?;
            rules.push((rule_file.display().to_string(), loaded.config));
        }
    }
    order(&mut rules, &file.group_eval_order);
    let mut report = TestReport::default();
    for (index, test) in file.tests.iter().enumerate() {
        let name = if test.name.is_empty() { format!("test {}", index + 1) } else { test.name.clone() };
        Run::new(&file, test, &rules).map_err(&fail)?.run(&name, &mut report).map_err(&fail)?;
    }
    Ok(report)
}

/// Puts the named groups first, in their order.
fn order(rules: &mut [(String, RuleFile)], names: &[String]) {
    let rank = |name: &String| names.iter().position(|other| other == name).unwrap_or(names.len());
    for (_, file) in rules.iter_mut() {
        file.groups.sort_by_key(|group| rank(&group.name));
    }
    rules.sort_by_key(|(_, file)| file.groups.iter().map(|group| rank(&group.name)).min());
}

struct Run<'a> {
    file: &'a TestFile,
    test: &'a TestGroup,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    manager: Manager,
}

impl<'a> Run<'a> {
    fn new(file: &'a TestFile, test: &'a TestGroup, rules: &[(String, RuleFile)]) -> Result<Self, String> {
        let store = Arc::new(MemoryStore::new());
        for input in &test.input_series {
            let series = parse_series(&format!("{} {}", input.series, input.values.get()))?;
            if series.native {
                return Err(format!("native histograms are not supported: {}", input.series));
            }
            for (at, slot) in series.slots.iter().enumerate() {
                if let Slot::Value(value) = slot {
                    store.add(&series.labels, at as Millis * millis(test.interval), *value);
                }
            }
        }
        let clock = Arc::new(ManualClock::at_millis(0));
        let mut options = Options::new(store.clone(), clock.clone(), Arc::new(Silent));
        options.external_labels.clone_from(&test.external_labels);
        options.external_url.clone_from(&test.external_url);
        options.evaluation_interval = file.evaluation_interval;
        let manager = Manager::new(options);
        manager.load(rules).map_err(|error| error.to_string())?;
        manager.assume_restored();
        Ok(Self { file, test, store, clock, manager })
    }

    fn run(&self, name: &str, report: &mut TestReport) -> Result<(), String> {
        let step = millis(self.file.evaluation_interval);
        let alert_times = self.test.alert_rule_test.iter().map(|test| test.eval_time);
        let last = alert_times.chain(self.test.promql_expr_test.iter().map(|test| test.eval_time)).max();
        let last = millis(last.unwrap_or_default());
        if step <= 0 || last / step > MAX_EVALUATIONS {
            return Err(format!("{name}: too many evaluations: {last} ms at one each {step} ms"));
        }
        let mut record = |what: String, outcome: Result<(), String>| match outcome {
            Ok(()) => report.passed += 1,
            Err(reason) => report.failures.push(format!("{name}: {what}: {reason}")),
        };
        let mut t = 0;
        while t <= last {
            self.clock.set_nanos(t * model::clock::NANOS_PER_MILLI);
            self.manager.evaluate(t);
            for test in &self.test.alert_rule_test {
                // An alert is asked for at the evaluation before its time.
                if (t..t + step).contains(&millis(test.eval_time)) {
                    record(format!("alert {} at {t} ms", test.alertname), self.check_alerts(test));
                }
            }
            t += step;
        }
        for group in self.manager.groups() {
            for rule in group.rules {
                if let Some(error) = rule.last_error {
                    record(format!("rule {}", rule.name), Err(error));
                }
            }
        }
        for test in &self.test.promql_expr_test {
            let what = format!("{} at {} ms", test.expr, millis(test.eval_time));
            record(what, self.check_expr(test));
        }
        Ok(())
    }

    fn check_alerts(&self, test: &AlertTest) -> Result<(), String> {
        let firing = |alert: &AlertView| alert.state == AlertState::Firing;
        let rules = self.manager.groups().into_iter().flat_map(|group| group.rules);
        let mut found: Vec<String> = rules
            .filter(|rule| rule.name == test.alertname)
            .filter_map(|rule| match rule.kind {
                RuleKind::Alerting { alerts, .. } => Some(alerts),
                RuleKind::Recording => None,
            })
            .flatten()
            .filter(firing)
            .map(|alert| format!("{} {:?}", alert.labels, alert.annotations))
            .collect();
        let mut expected: Vec<String> = test
            .exp_alerts
            .iter()
            .map(|alert| {
                let mut builder = Labels::from_pairs(&alert.exp_labels).to_builder();
                builder.set(ALERT_NAME, &test.alertname);
                format!("{} {:?}", builder.build(), alert.exp_annotations)
            })
            .collect();
        found.sort();
        expected.sort();
        if found == expected { Ok(()) } else { Err(format!("found {found:#?}, expected {expected:#?}")) }
    }

    fn check_expr(&self, test: &ExprTest) -> Result<(), String> {
        let expr = promql::parse(&test.expr).map_err(|error| error.to_string())?;
        let t = millis(test.eval_time);
        let answer =
            Engine::default().instant(&*self.store, &expr, t, &Never).map_err(|error| error.to_string())?;
        let mut found: Vec<(Labels, f64)> = match answer.value {
            Value::Scalar(sample) => vec![(Labels::empty(), sample.v)],
            Value::Vector(samples) => {
                samples.into_iter().map(|sample| (sample.labels, sample.sample.v)).collect()
            }
            Value::String { .. } | Value::Matrix(_) => {
                return Err(
                    "found a string or a range vector, expected an instant vector or a scalar".to_owned()
                );
            }
        };
        let expected = |sample: &ExpectedSample| {
            let labels = if sample.labels.is_empty() { "{}" } else { &sample.labels };
            Ok((parse_series(labels)?.labels, sample.value))
        };
        let mut expected: Vec<(Labels, f64)> =
            test.exp_samples.iter().map(expected).collect::<Result<_, String>>()?;
        found.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        let tolerance = if self.file.fuzzy_compare { FUZZY } else { EXACT };
        let same = |a: f64, b: f64| {
            a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * a.abs().max(b.abs())
        };
        let equal = found.len() == expected.len()
            && found
                .iter()
                .zip(&expected)
                .all(|(found, expected)| found.0 == expected.0 && same(found.1, expected.1));
        if equal { Ok(()) } else { Err(format!("found {found:?}, expected {expected:?}")) }
    }
}

#[cfg(test)]
mod tests;
