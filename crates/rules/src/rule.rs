//! What recording and alerting rules share: how they are made from their configuration, and how they ask the engine.

use crate::alerting::AlertingRule;
use crate::error::RuleError;
use crate::recording::RecordingRule;
use crate::template::{Expander, Templates};
use model::clock::Millis;
use model::metrics::MetricStore;
use model::{Clock, Labels};
use promql::{Answer, Engine, Expr, Interrupt, Value};
use stackconf::rules::{Rule as RuleConfig, RuleGroup, RuleKind};
use std::sync::Arc;
use std::time::Duration;

/// A sample to be written at the evaluation's time.
pub(crate) type Written = (Labels, f64);

pub(crate) enum Rule {
    Recording(RecordingRule),
    Alerting(AlertingRule),
}

impl Rule {
    pub fn new(
        file: &str,
        group: &RuleGroup,
        config: &RuleConfig,
        expander: &Arc<Expander>,
    ) -> Result<Self, RuleError> {
        let fail = |line: u32, message: String| RuleError {
            file: file.to_owned(),
            line,
            group: group.name.clone(),
            rule: config.name().to_owned(),
            message,
        };
        let expr = promql::parse(&config.expr).map_err(|error| fail(config.expr_line, error.to_string()))?;
        if !matches!(expr.kind(), promql::Type::Scalar | promql::Type::Vector) {
            let found = expr.kind().name();
            let text = format!("the expression is a {found}, expected an instant vector or a scalar");
            return Err(fail(config.expr_line, text));
        }
        Ok(match &config.kind {
            RuleKind::Record { metric } => Self::Recording(RecordingRule::new(metric, expr, &config.labels)),
            RuleKind::Alert { name, hold, keep_firing_for, annotations } => {
                let compile =
                    |texts| Templates::compile(texts, expander).map_err(|error| fail(config.line, error));
                let (labels, annotations) = (compile(&config.labels)?, compile(annotations)?);
                let durations = (*hold, *keep_firing_for);
                Self::Alerting(AlertingRule::new(
                    name,
                    expr,
                    durations,
                    labels,
                    annotations,
                    expander.clone(),
                ))
            }
        })
    }

    pub fn expr(&self) -> &Expr {
        match self {
            Self::Recording(rule) => &rule.expr,
            Self::Alerting(rule) => &rule.expr,
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Recording(rule) => &rule.metric,
            Self::Alerting(rule) => &rule.name,
        }
    }
}

/// How rules ask: the engine, the store, and for how long a query may run.
#[derive(Clone)]
pub(crate) struct Asker {
    pub store: Arc<dyn MetricStore>,
    pub engine: Engine,
    pub clock: Arc<dyn Clock>,
    pub timeout: Duration,
}

/// Says stop when the clock passes a time.
struct Deadline<'a> {
    clock: &'a dyn Clock,
    at: Millis,
}

impl Interrupt for Deadline<'_> {
    fn interrupted(&self) -> bool {
        self.clock.now_millis() > self.at
    }
}

impl Asker {
    /// The value of an expression as a vector; a scalar is a vector of one series without labels.
    pub fn ask(&self, expr: &Expr, t: Millis) -> Result<Vec<Written>, String> {
        let timeout = Millis::try_from(self.timeout.as_millis()).unwrap_or(Millis::MAX);
        let at = self.clock.now_millis().saturating_add(timeout);
        let deadline = Deadline { clock: &*self.clock, at };
        let Answer { value, .. } =
            self.engine.instant(&*self.store, expr, t, &deadline).map_err(|error| error.to_string())?;
        match value {
            Value::Scalar(sample) => Ok(vec![(Labels::empty(), sample.v)]),
            Value::Vector(samples) => {
                Ok(samples.into_iter().map(|sample| (sample.labels, sample.sample.v)).collect())
            }
            Value::String { .. } | Value::Matrix(_) => {
                Err("rule result is not a vector or scalar".to_owned())
            }
        }
    }
}
