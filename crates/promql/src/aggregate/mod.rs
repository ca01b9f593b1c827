//! Aggregations: groups here, one family of operators a file.

mod count_values;
mod fold;
mod limit;
mod quantile;
mod rank;

use crate::ast::{Aggregate, AggregateOp, Expr};
use crate::column::Column;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::grid::Grid;
use model::Labels;
use model::labels::METRIC_NAME;
use std::collections::HashMap;

/// The groups of a vector: their labels, and the group of each column.
pub(super) struct Groups {
    pub labels: Vec<Labels>,
    /// Whether a member's name is to be dropped, so that a name among the group's labels is as well.
    pub drop_name: Vec<bool>,
    pub of_column: Vec<usize>,
}

impl Groups {
    fn of(columns: &[Column], aggregate: &Aggregate) -> Self {
        let mut index: HashMap<Labels, usize> = HashMap::new();
        let mut groups =
            Self { labels: Vec::new(), drop_name: Vec::new(), of_column: Vec::with_capacity(columns.len()) };
        for column in columns {
            let labels = group_labels(&column.labels, aggregate);
            let at = match index.get(&labels) {
                Some(at) => *at,
                None => {
                    index.insert(labels.clone(), groups.labels.len());
                    groups.labels.push(labels);
                    groups.drop_name.push(false);
                    groups.labels.len() - 1
                }
            };
            groups.drop_name[at] |= column.drop_name;
            groups.of_column.push(at);
        }
        groups
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The columns of each group, in their order.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.len()];
        for (column, group) in self.of_column.iter().enumerate() {
            members[*group].push(column);
        }
        members
    }

    pub fn column(&self, group: usize, values: Vec<f64>) -> Column {
        Column::new(self.labels[group].clone(), self.drop_name[group], values)
    }
}

fn group_labels(labels: &Labels, aggregate: &Aggregate) -> Labels {
    let named = |name: &str| aggregate.grouping.iter().any(|label| label == name);
    let kept = labels.as_slice().iter().filter(|label| {
        if aggregate.without {
            &*label.name != METRIC_NAME && !named(&label.name)
        } else {
            named(&label.name)
        }
    });
    Labels::from_sorted(kept.cloned().collect())
}

pub(crate) fn eval(
    evaluator: &mut Evaluator<'_>,
    expr: &Expr,
    aggregate: &Aggregate,
    grid: &Grid,
) -> Result<Vec<Column>, EvalError> {
    let param = aggregate.param.as_deref();
    let missing = || EvalError::Execution(format!("missing parameter in {expr}"));
    let scalars = match (aggregate.op.parameter(), param) {
        (Some(crate::ast::Type::Scalar), Some(param)) => evaluator.scalar(param, grid)?,
        _ => Vec::new(),
    };
    let columns = evaluator.vector(&aggregate.expr, grid)?;
    let groups = Groups::of(&columns, aggregate);
    evaluator.charge(groups.len() * grid.len)?;
    evaluator.work(columns.len() * grid.len)?;
    match aggregate.op {
        AggregateOp::Quantile => {
            let pos = param.ok_or_else(missing)?.pos;
            Ok(quantile::quantile(evaluator, &columns, &groups, &scalars, pos))
        }
        AggregateOp::Topk => rank::rank(columns, &groups, &scalars, true),
        AggregateOp::Bottomk => rank::rank(columns, &groups, &scalars, false),
        AggregateOp::Limitk => limit::first(columns, &groups, &scalars),
        AggregateOp::LimitRatio => {
            let pos = param.ok_or_else(missing)?.pos;
            limit::ratio(evaluator, columns, &scalars, pos)
        }
        AggregateOp::CountValues => {
            let label = evaluator.text(param.ok_or_else(missing)?)?;
            count_values::count_values(evaluator, &columns, &groups, &label, grid)
        }
        _ => Ok(fold::fold(&columns, &groups, aggregate.op, grid)),
    }
}
