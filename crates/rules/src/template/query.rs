//! Queries and what they answer: a list of samples with `Labels` and `Value`.

use super::{function, text_of};
use crate::rule::Asker;
use gotmpl::{FuncMap, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The label under which a sample's text value is kept, for `strvalue`.
const TEXT_VALUE: &str = "__value__";

fn query(asker: &Asker, at: i64, text: &str) -> Result<Value, String> {
    let expr = promql::parse(text).map_err(|error| error.to_string())?;
    let samples = asker.ask(&expr, at)?;
    let sample = |(labels, value): (model::Labels, f64)| {
        Value::map([("Labels", Value::strings(labels.iter())), ("Value", Value::Float(value))])
    };
    Ok(Value::list(samples.into_iter().map(sample).collect()))
}

fn field(sample: &Value, name: &str) -> Result<Value, String> {
    match sample {
        Value::Map(map) => {
            map.get(name).cloned().ok_or_else(|| format!("found no {name}, expected a sample"))
        }
        other => Err(format!("found {}, expected a sample", other.type_name())),
    }
}

fn label(sample: &Value, name: &str) -> Result<Value, String> {
    match field(sample, "Labels")? {
        Value::Map(labels) => Ok(labels.get(name).cloned().unwrap_or_else(|| Value::str(""))),
        other => Err(format!("found {}, expected labels", other.type_name())),
    }
}

fn list(value: &Value) -> Result<&[Value], String> {
    match value {
        Value::List(list) => Ok(list),
        other => Err(format!("found {}, expected the result of a query", other.type_name())),
    }
}

pub(super) fn add(funcs: FuncMap, asker: Asker, at: Arc<AtomicI64>) -> FuncMap {
    let funcs =
        function(funcs, "query", move |[text]| query(&asker, at.load(Ordering::Relaxed), text_of(text)?));
    let funcs = function(funcs, "first", |[samples]| {
        list(samples)?.first().cloned().ok_or_else(|| "first() called on vector with no elements".to_owned())
    });
    let funcs = function(funcs, "value", |[sample]| field(sample, "Value"));
    let funcs = function(funcs, "strvalue", |[sample]| label(sample, TEXT_VALUE));
    let funcs = function(funcs, "label", |[name, sample]| label(sample, text_of(name)?));
    function(funcs, "sortByLabel", |[name, samples]| {
        let name = text_of(name)?;
        let mut keyed = Vec::new();
        for sample in list(samples)? {
            keyed.push((label(sample, name)?.display(), sample.clone()));
        }
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Value::list(keyed.into_iter().map(|(_, sample)| sample).collect()))
    })
}
