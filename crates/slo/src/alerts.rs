//! The burn-rate alerts of one SLO, and the information that nobody comes.

use crate::records::recorded;
use crate::render::Rule;
use crate::spec::{Sli, Slo, Spec};
use crate::windows::{BURN_ALERTS, BurnAlert, SILENCE, Severity, TRAFFIC_MEMORY, WindowSet};
use model::duration::format_duration;
use std::time::Duration;

/// A page needs this much to go on in its long window: one error among ten requests at night is 10 %, and nothing.
const MIN_REQUESTS: u64 = 50;
const MIN_BAD: u64 = 10;

const DASHBOARD: &str = "http://localhost:3000/d/slo-error-budget/slo-error-budget";

pub(crate) fn burn(spec: &Spec, slo: &Slo, set: &WindowSet) -> Vec<Rule> {
    BURN_ALERTS.iter().map(|row| burn_alert(spec, slo, set, row)).collect()
}

fn burn_alert(spec: &Spec, slo: &Slo, set: &WindowSet, row: &BurnAlert) -> Rule {
    let service = &spec.service;
    let (long, short) = (format_duration(set.compress(row.long)), format_duration(set.compress(row.short)));
    let (rate, budget) = (row.burn_rate, slo.budget());
    let mut expr = format!(
        "(\n  {} > {rate} * {budget}\n  and on (slo, service)\n  {} > {rate} * {budget}\n)",
        recorded(slo, service, &long),
        recorded(slo, service, &short)
    );
    let kind = match row.severity {
        Severity::Page => {
            let total = slo.sli.total();
            expr.push_str(&format!(
                "\nand on (service) (sum by (service) (increase({total}[{long}])) >= {MIN_REQUESTS})\nand on (service) ({} >= {MIN_BAD})",
                bad_events(&slo.sli, &long)
            ));
            "Page"
        }
        Severity::Ticket => {
            // Watched one short window ago (Prometheus looks back 5 m from there): that long the windows have been filling.
            expr.push_str(&format!("\nand on (service) (up{{service=\"{service}\"}} offset {short})"));
            "Ticket"
        }
    };
    let period = set.compress(spec.period);
    let name = format!("{}Burn{kind}", slo.alert_prefix());
    let gone = percent(row.burn_rate * row.long.as_secs_f64() / spec.period.as_secs_f64());
    let mut rule = Rule::alert(&name, expr)
        .label("severity", row.severity.as_str())
        .label("burn_rate", &rate.to_string())
        .annotation(
            "summary",
            &format!("{service}: the {} error budget burns at more than {rate}x", slo.name),
        )
        .annotation("description", &description(slo, set, row, spec.period, &long, &short));
    rule = rule
        .annotation("dashboard", &format!("{DASHBOARD}?var-service={service}&var-slo={}", slo.name))
        .annotation("runbook", &format!("docs/runbooks/{name}.md"));
    rule.comment(&format!(
        "{rate}x: {gone} of the budget gone within {long}; a budget for {} is gone after {}.",
        format_duration(period),
        hours(period.div_f64(row.burn_rate))
    ))
}

fn description(
    slo: &Slo,
    set: &WindowSet,
    row: &BurnAlert,
    period: Duration,
    long: &str,
    short: &str,
) -> String {
    let lasts = |period: Duration| hours(period.div_f64(row.burn_rate));
    let mut text = format!(
        "{{{{ $value | humanizePercentage }}}} of the requests of the last {long} were bad, and more than {} of those of the last \
         {short}. Good are {}; {} may be bad over {}. At {}x, so many times that rate, the budget lasts {}",
        percent(row.burn_rate * slo.budget().parse::<f64>().unwrap_or(0.0)),
        slo.description,
        percent(slo.budget().parse().unwrap_or(0.0)),
        format_duration(set.compress(period)),
        row.burn_rate,
        lasts(set.compress(period)),
    );
    if set.divisor == 1 {
        text.push('.');
    } else {
        text.push_str(&format!(
            " (with production's windows: {} of {}).",
            lasts(period),
            format_duration(period)
        ));
    }
    text
}

/// Bad events in a window, as a number per service.
fn bad_events(sli: &Sli, window: &str) -> String {
    match sli {
        Sli::Bad { bad, .. } => format!("sum by (service) (increase({bad}[{window}]))"),
        Sli::Good { good, total } => format!(
            "sum by (service) (increase({total}[{window}])) - sum by (service) (increase({good}[{window}]))"
        ),
    }
}

/// Silence is never folded into a ratio: it is told apart, and softly, because a lab without load is no fault.
pub(crate) fn traffic_absent(spec: &Spec, set: &WindowSet) -> Option<Rule> {
    let service = &spec.service;
    let total = spec.slos.first()?.sli.total();
    let (memory, silence) = (format_duration(TRAFFIC_MEMORY), format_duration(set.compress(SILENCE)));
    let name = "SLOTrafficAbsent";
    let expr = format!(
        "sum by (service) (increase({total}[{memory}])) > 0\nunless on (service)\nsum by (service) (increase({total}[{silence}])) > 0"
    );
    Some(
        Rule::alert(name, expr)
            .label("severity", "info")
            .annotation("summary", &format!("{service}: no request for {silence}"))
            .annotation(
                "description",
                &format!(
                    "There were requests within the last {memory} and none in the last {silence}. Either the load was stopped, or \
                     users do not get through to {service}. Without requests no SLO can burn."
                ),
            )
            .annotation("dashboard", &format!("{DASHBOARD}?var-service={service}"))
            .annotation("runbook", &format!("docs/runbooks/{name}.md"))
            .comment("Sent to nobody, and quiet in a lab that never had traffic."),
    )
}

/// `0.1 %`, `1.44 %`, `72 %`: at most two places after the point.
fn percent(ratio: f64) -> String {
    let text = format!("{:.2}", ratio * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `50 h`, `4 h 10 min`: how long a budget lasts is compared in hours.
fn hours(duration: Duration) -> String {
    let minutes = (duration.as_secs_f64() / 60.0).round() as u64;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
