//! Rule files as text: comments, groups, rules, in an order that reads well.

use crate::spec::Spec;
use crate::windows::WindowSet;
use crate::{alerts, records, targets};
use model::duration::format_duration;
use std::fmt::Write;
use std::time::Duration;

/// One rule to be written.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    comment: Option<String>,
    kind: &'static str,
    name: String,
    expr: String,
    labels: Vec<(&'static str, String)>,
    annotations: Vec<(&'static str, String)>,
}

impl Rule {
    fn new(kind: &'static str, name: &str, expr: String) -> Self {
        Self { comment: None, kind, name: name.to_owned(), expr, labels: Vec::new(), annotations: Vec::new() }
    }

    pub(crate) fn record(name: &str, expr: String) -> Self {
        Self::new("record", name, expr)
    }

    pub(crate) fn alert(name: &str, expr: String) -> Self {
        Self::new("alert", name, expr)
    }

    pub(crate) fn label(mut self, name: &'static str, value: &str) -> Self {
        self.labels.push((name, value.to_owned()));
        self
    }

    pub(crate) fn annotation(mut self, name: &'static str, value: &str) -> Self {
        self.annotations.push((name, value.to_owned()));
        self
    }

    pub(crate) fn comment(mut self, text: &str) -> Self {
        self.comment = Some(text.to_owned());
        self
    }
}

/// The rule file of one specification.
pub fn spec(spec: &Spec, set: &WindowSet) -> String {
    let mut out = header(&spec.file, set);
    for slo in &spec.slos {
        let mut rules: Vec<Rule> = WindowSet::production_windows()
            .into_iter()
            .map(|production| records::ratio(slo, set, production))
            .collect();
        if let Some(first) = rules.first_mut() {
            first.comment = Some(
                "The share of bad requests, window by window. The name is the same for all windows and for both sets of them, so that \
                 one dashboard serves both. No traffic gives no sample: 0/0 would be NaN, and NaN spoils what it is added to."
                    .to_owned(),
            );
        }
        rules.extend(alerts::burn(spec, slo, set));
        let comment = format!(
            "{} of {}: {} %. Good are {}. Records and the alerts on them are one group: an alert reads what was recorded a \
             moment before.",
            slo.name, spec.service, slo.objective, slo.description
        );
        group(&mut out, &format!("slo-{}-{}", spec.service, slo.name), &comment, set.interval, &rules);
    }
    let budget = records::budget(spec, set);
    let comment = format!("The budget over {}.", format_duration(set.compress(spec.period)));
    group(&mut out, &format!("slo-{}-budget", spec.service), &comment, set.budget_interval, &budget);
    let traffic: Vec<Rule> = alerts::traffic_absent(spec, set).into_iter().collect();
    group(&mut out, &format!("slo-{}-traffic", spec.service), "Is anybody there?", set.interval, &traffic);
    out
}

/// The rule file about targets that are down.
pub fn targets(set: &WindowSet) -> String {
    let mut out = header("the template in crates/slo", set);
    group(&mut out, "targets", "Who does not answer.", set.interval, &targets::rules());
    out
}

fn header(source: &str, set: &WindowSet) -> String {
    let windows = match set.divisor {
        1 => "as in the SRE workbook, for production".to_owned(),
        divisor => format!("production's divided by {divisor}, so that a lesson fits into minutes"),
    };
    let mut out = String::new();
    comment(
        &mut out,
        "",
        &format!(
            "Generated from {source} by `lab slo generate`: edit that and run it again. Windows: {windows}."
        ),
    );
    out.push_str("groups:\n");
    out
}

fn group(out: &mut String, name: &str, text: &str, interval: Duration, rules: &[Rule]) {
    comment(out, "  ", text);
    let _ = writeln!(out, "  - name: {name}\n    interval: {}\n    rules:", format_duration(interval));
    for one in rules {
        rule(out, one);
    }
}

fn rule(out: &mut String, rule: &Rule) {
    if let Some(text) = &rule.comment {
        comment(out, "      ", text);
    }
    let _ = writeln!(out, "      - {}: {}\n        expr: |-", rule.kind, rule.name);
    for line in rule.expr.lines() {
        let _ = writeln!(out, "          {line}");
    }
    for (title, pairs) in [("labels", &rule.labels), ("annotations", &rule.annotations)] {
        if pairs.is_empty() {
            continue;
        }
        let _ = writeln!(out, "        {title}:");
        for (name, value) in pairs {
            let _ = writeln!(out, "          {name}: {}", quoted(value));
        }
    }
}

/// A YAML text in double quotes; the values hold no control characters.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Widest line of a comment.
const WIDTH: usize = 120;

fn comment(out: &mut String, indent: &str, text: &str) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent.len() + 2 + line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{indent}# {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{indent}# {line}");
}
