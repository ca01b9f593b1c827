//! Targets that do not answer. Not part of any SLO: the same in both sets of windows.

use crate::render::Rule;

/// Three scrapes in a row: one that is lost on the way is no outage, and a restart passes unnoticed.
const DOWN_FOR: &str = "15s";
/// The stack's own parts may take their time over a restart.
const STACK_DOWN_FOR: &str = "1m";

pub(crate) fn rules() -> Vec<Rule> {
    let dashboard = "http://localhost:3000/d/golden-signals/golden-signals";
    vec![
        Rule::alert("TargetDown", format!("max_over_time(up{{job=\"services\"}}[{DOWN_FOR}]) == 0"))
            .label("severity", "page")
            .annotation("summary", "{{ $labels.service }}: down")
            .annotation(
                "description",
                &format!(
                    "{{{{ $labels.instance }}}} has answered no scrape for {DOWN_FOR}. Its burn alerts are held back: they would speak \
                     of old numbers."
                ),
            )
            .annotation("dashboard", &format!("{dashboard}?var-service={{{{ $labels.service }}}}"))
            .annotation("runbook", "docs/runbooks/TargetDown.md")
            .comment("Users are cut off, whatever the error ratio says: a service that is gone counts no errors."),
        Rule::alert("StackTargetDown", format!("max_over_time(up{{job!=\"services\"}}[{STACK_DOWN_FOR}]) == 0"))
            .label("severity", "ticket")
            .annotation("summary", "{{ $labels.service }}: a part of the observability stack is down")
            .annotation(
                "description",
                &format!(
                    "{{{{ $labels.instance }}}} has answered no scrape for {STACK_DOWN_FOR}. Users notice nothing, but whoever looks for \
                     a fault now does so half blind."
                ),
            )
            .annotation("dashboard", dashboard)
            .annotation("runbook", "docs/runbooks/StackTargetDown.md")
            .comment("Who watches the watchers: no page, because no user is hurt."),
    ]
}
