//! The recording rules: the error ratio of every window, and the state of the budget.

use crate::render::Rule;
use crate::spec::{Sli, Slo, Spec};
use crate::windows::{SCRAPE_INTERVAL, WindowSet};
use model::duration::format_duration;
use std::time::Duration;

/// Every name that the generated rules record.
pub const ERROR_RATIO: &str = "slo:sli_error:ratio_rate";
pub const OBJECTIVE: &str = "slo:objective:ratio";
pub const ERROR_BUDGET: &str = "slo:error_budget:ratio";
pub const TIME_PERIOD: &str = "slo:time_period:seconds";
pub const OBSERVED: &str = "slo:observed:seconds";
pub const CONSUMED: &str = "slo:error_budget_consumed:ratio";

/// The share of bad events in a window. A service without traffic gives no sample at all: 0 ÷ 0 would be NaN, and NaN spoils
/// every sum that it meets. Missing bad events count as zero, because a counter that never counted may not exist yet.
fn error_ratio(sli: &Sli, window: &str) -> String {
    match sli {
        Sli::Bad { bad, total } => format!(
            "(\n  sum by (service) (rate({bad}[{window}]))\n  or\n  0 * sum by (service) (rate({total}[{window}]))\n)\n/\n(sum by (service) (rate({total}[{window}])) > 0)"
        ),
        Sli::Good { good, total } => format!(
            "1 -\nsum by (service) (rate({good}[{window}]))\n/\n(sum by (service) (rate({total}[{window}])) > 0)"
        ),
    }
}

pub(crate) fn ratio(slo: &Slo, set: &WindowSet, production: Duration) -> Rule {
    let window = format_duration(set.compress(production));
    Rule::record(ERROR_RATIO, error_ratio(&slo.sli, &window))
        .label("slo", &slo.name)
        .label("window", &window)
        .label("prod_window", &format_duration(production))
}

/// The selector of one recorded window.
pub(crate) fn recorded(slo: &Slo, service: &str, window: &str) -> String {
    format!("{ERROR_RATIO}{{slo=\"{}\", service=\"{service}\", window=\"{window}\"}}", slo.name)
}

/// What dashboards need to speak of the budget without knowing the specification.
pub(crate) fn budget(spec: &Spec, set: &WindowSet) -> Vec<Rule> {
    let service = &spec.service;
    let period = set.compress(spec.period);
    let window = format_duration(period);
    let mut rules = vec![
        Rule::record(
            OBSERVED,
            format!(
                "max by (service) (count_over_time(up{{service=\"{service}\"}}[{window}])) * {}",
                SCRAPE_INTERVAL.as_secs()
            ),
        )
        .comment(
            "How much of the period has been watched at all. A lab that is 20 minutes old has 20 minutes of data, and whoever \
             takes its error ratio for that of the whole period counts errors that never were.",
        ),
    ];
    for slo in &spec.slos {
        let named = |rule: Rule| rule.label("slo", &slo.name).label("service", service);
        rules.push(named(Rule::record(OBJECTIVE, format!("vector({})", slo.objective_ratio()))));
        rules.push(named(Rule::record(ERROR_BUDGET, format!("vector({})", slo.budget()))));
        rules.push(named(Rule::record(TIME_PERIOD, format!("vector({})", period.as_secs()))));
        rules.push(ratio(slo, set, spec.period));
        let ratio = recorded(slo, service, &window);
        rules.push(
            Rule::record(
                CONSUMED,
                format!(
                    "{ratio} / {}\n* on (service) {OBSERVED}{{service=\"{service}\"}} / {}",
                    slo.budget(),
                    period.as_secs()
                ),
            )
            .label("slo", &slo.name)
            .comment(
                "Consumed so far, of the budget of the whole period at the traffic seen so far: errors ÷ (budget × requests \
                 per second × period).",
            ),
        );
    }
    rules
}
