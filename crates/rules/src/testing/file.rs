//! The file format of rule tests. Source: Prometheus documentation, "Unit testing for rules".

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// Reads a duration as Prometheus writes it.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    model::duration::parse_duration(&text).map_err(serde::de::Error::custom)
}

fn one_minute() -> Duration {
    Duration::from_secs(60)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestFile {
    #[serde(default)]
    pub rule_files: Vec<String>,
    #[serde(default = "one_minute", deserialize_with = "duration")]
    pub evaluation_interval: Duration,
    #[serde(default)]
    pub group_eval_order: Vec<String>,
    /// Whether values may differ in their last digits.
    #[serde(default)]
    pub fuzzy_compare: bool,
    pub tests: Vec<TestGroup>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestGroup {
    #[serde(default)]
    pub name: String,
    /// Of the input series.
    #[serde(default = "one_minute", deserialize_with = "duration")]
    pub interval: Duration,
    #[serde(default)]
    pub input_series: Vec<InputSeries>,
    #[serde(default)]
    pub alert_rule_test: Vec<AlertTest>,
    #[serde(default)]
    pub promql_expr_test: Vec<ExprTest>,
    #[serde(default)]
    pub external_labels: BTreeMap<String, String>,
    #[serde(default)]
    pub external_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputSeries {
    pub series: String,
    /// One value without anything else is a number to YAML.
    pub values: Text,
}

/// A text, or a number that is meant as one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Text(String),
    Number(f64),
}

impl Text {
    pub fn get(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(value) => value.to_string(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertTest {
    #[serde(default, deserialize_with = "duration")]
    pub eval_time: Duration,
    pub alertname: String,
    #[serde(default)]
    pub exp_alerts: Vec<ExpectedAlert>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedAlert {
    #[serde(default)]
    pub exp_labels: BTreeMap<String, String>,
    #[serde(default)]
    pub exp_annotations: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExprTest {
    pub expr: String,
    #[serde(default, deserialize_with = "duration")]
    pub eval_time: Duration,
    #[serde(default)]
    pub exp_samples: Vec<ExpectedSample>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedSample {
    #[serde(default)]
    pub labels: String,
    pub value: f64,
}
