//! Filters of an editor that completes values while its user types: what is whole counts, what is broken does not.

use crate::ast::{Expr, FieldExpr, Pipeline, Root, Stage};
use crate::check::check;
use crate::parse::parse;

/// The filter of a query that may be incomplete. One that does not parse, or makes no sense, or lets everything
/// through, filters nothing: None. Tempo behaves so, too (an unfinished `&&` gives every value).
pub fn lenient_filter(text: &str) -> Option<Expr> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Ok(expr) = parse(text) {
        let narrows = !matches!(&expr.root, Root::Search(pipeline) if is_everything(pipeline));
        return (check(&expr).is_ok() && narrows).then_some(expr);
    }
    None
}

fn is_everything(pipeline: &Pipeline) -> bool {
    use crate::value::Value;
    matches!(pipeline.stages.as_slice(), [Stage::Filter(FieldExpr::Literal(Value::Bool(true)))])
}
