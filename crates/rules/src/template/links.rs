//! Links to this Prometheus.

use super::{function, text_of};
use gotmpl::{FuncMap, Value};

fn link(expr: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", gotmpl::builtins::escape_query(expr))
}

pub(super) fn table(expr: &str) -> String {
    link(expr, 1)
}

pub(super) fn add(funcs: FuncMap, external_url: &str) -> FuncMap {
    let url = external_url.to_owned();
    // The path of the address: what follows the host.
    let prefix =
        url.split_once("://").map_or("", |(_, rest)| rest.find('/').map_or("", |at| &rest[at..])).to_owned();
    let funcs = function(funcs, "graphLink", |[expr]| Ok(link(text_of(expr)?, 0).into()));
    let funcs = function(funcs, "tableLink", |[expr]| Ok(table(text_of(expr)?).into()));
    let funcs = function(funcs, "pathPrefix", move |[]| Ok(Value::str(&prefix)));
    function(funcs, "externalURL", move |[]| Ok(Value::str(&url)))
}
