//! `/api/v1/rules` and `/api/v1/alerts`.

use super::PrometheusApi;
use super::params::Params;
use super::render::rfc3339;
use super::reply::{ApiError, ok};
use ::rules::view::{AlertState, AlertView, GroupView, RuleHealth, RuleKind, RuleView};
use axum::extract::State;
use axum::response::Response;
use model::{Labels, Matcher};
use serde_json::{Value, json};
use wire::openmetrics::number::go_exponent;

/// Which rules are asked for.
struct Filter<'a> {
    kind: Option<Kind>,
    names: Vec<&'a str>,
    groups: Vec<&'a str>,
    files: Vec<&'a str>,
    /// Sets of matchers on the labels of the rule, joined by *or*.
    sets: Vec<Vec<Matcher>>,
    with_alerts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Alert,
    Record,
}

pub async fn rules(State(api): State<PrometheusApi>, params: Params) -> Result<Response, ApiError> {
    let unsupported =
        |name: &str| ApiError::parameter(name, format!("not supported value {:?}", params.get(name)));
    let kind = match params.get("type").to_lowercase().as_str() {
        "" => None,
        "alert" => Some(Kind::Alert),
        "record" => Some(Kind::Record),
        _ => return Err(unsupported("type")),
    };
    let with_alerts = match params.get("exclude_alerts") {
        "" | "false" | "0" | "f" | "F" | "FALSE" | "False" => true,
        "true" | "1" | "t" | "T" | "TRUE" | "True" => false,
        _ => return Err(unsupported("exclude_alerts")),
    };
    let filter = Filter {
        kind,
        names: params.all("rule_name[]").collect(),
        groups: params.all("rule_group[]").collect(),
        files: params.all("file[]").collect(),
        sets: params.matchers()?,
        with_alerts,
    };
    let groups: Vec<Value> = (api.rules)().iter().filter_map(|group| filter.group(group)).collect();
    ok(&json!({"groups": groups}))
}

impl Filter<'_> {
    /// The group with the rules that are asked for; None when there is none.
    fn group(&self, group: &GroupView) -> Option<Value> {
        let among = |list: &[&str], name: &str| list.is_empty() || list.contains(&name);
        if !among(&self.groups, &group.name) || !among(&self.files, &group.file) {
            return None;
        }
        let rules: Vec<Value> = group
            .rules
            .iter()
            .filter(|rule| among(&self.names, &rule.name) && self.takes(rule))
            .map(|rule| self.rule(rule))
            .collect();
        (!rules.is_empty()).then(|| {
            json!({
                "name": group.name,
                "file": group.file,
                "interval": group.interval.as_secs_f64(),
                "limit": group.limit,
                "rules": rules,
                "evaluationTime": group.evaluation_time.as_secs_f64(),
                "lastEvaluation": rfc3339(group.last_evaluation),
            })
        })
    }

    fn takes(&self, rule: &RuleView) -> bool {
        let kind = match rule.kind {
            RuleKind::Recording => Kind::Record,
            RuleKind::Alerting { .. } => Kind::Alert,
        };
        if self.kind.is_some_and(|wanted| wanted != kind) {
            return false;
        }
        let labels = Labels::from_pairs(&rule.labels);
        self.sets.is_empty() || self.sets.iter().any(|set| model::matcher::all_match(set, &labels))
    }

    fn rule(&self, rule: &RuleView) -> Value {
        let mut shown = json!({
            "name": rule.name,
            "query": rule.query,
            "labels": rule.labels,
            "health": match rule.health {
                RuleHealth::Unknown => "unknown",
                RuleHealth::Ok => "ok",
                RuleHealth::Err => "err",
            },
            "evaluationTime": rule.evaluation_time.as_secs_f64(),
            "lastEvaluation": rfc3339(rule.last_evaluation),
            "type": "recording",
        });
        if let Some(error) = &rule.last_error {
            shown["lastError"] = json!(error);
        }
        if let RuleKind::Alerting { hold, keep_firing_for, annotations, state: of_rule, alerts } = &rule.kind
        {
            shown["type"] = json!("alerting");
            shown["state"] = json!(state(*of_rule));
            shown["duration"] = json!(hold.as_secs_f64());
            shown["keepFiringFor"] = json!(keep_firing_for.as_secs_f64());
            shown["annotations"] = json!(annotations);
            let alerts: Vec<Value> =
                if self.with_alerts { alerts.iter().map(alert).collect() } else { Vec::new() };
            shown["alerts"] = json!(alerts);
        }
        shown
    }
}

pub async fn alerts(State(api): State<PrometheusApi>) -> Result<Response, ApiError> {
    let groups = (api.rules)();
    let rules = groups.iter().flat_map(|group| &group.rules);
    let of_rule = |rule| match rule {
        &RuleView { kind: RuleKind::Alerting { ref alerts, .. }, .. } => alerts.as_slice(),
        RuleView { kind: RuleKind::Recording, .. } => &[],
    };
    let shown: Vec<Value> = rules.flat_map(of_rule).map(alert).collect();
    ok(&json!({"alerts": shown}))
}

fn alert(alert: &AlertView) -> Value {
    let mut shown = json!({
        "labels": alert.labels,
        "annotations": alert.annotations,
        "state": state(alert.state),
        "activeAt": rfc3339(Some(alert.active_at)),
        "value": go_exponent(alert.value),
    });
    if let Some(since) = alert.keep_firing_since {
        shown["keepFiringSince"] = json!(rfc3339(Some(since)));
    }
    shown
}

fn state(state: AlertState) -> &'static str {
    match state {
        AlertState::Inactive => "inactive",
        AlertState::Pending => "pending",
        AlertState::Firing => "firing",
    }
}
