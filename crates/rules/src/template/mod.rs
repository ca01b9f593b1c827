//! Labels and annotations of alerts: Go templates with Prometheus's variables and functions.
//!
//! Source of the functions: Prometheus documentation, "Template reference". One family a file.

mod links;
mod numbers;
mod query;
mod text;

use crate::rule::Asker;
use gotmpl::{FuncMap, MissingKey, Template, Value};
use model::Labels;
use model::clock::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What every template of an alert begins with.
const VARIABLES: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
                         {{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// What templates can reach: the engine for `query`, the outside address, the external labels.
pub(crate) struct Expander {
    asker: Asker,
    external_url: String,
    external_labels: BTreeMap<String, String>,
    /// The time `query` asks for, milliseconds. Set before each execution; the templates of one group, which has an expander
    /// of its own, run one after the other.
    at: Arc<AtomicI64>,
    funcs: FuncMap,
}

impl Expander {
    pub fn new(asker: Asker, external_url: String, external_labels: BTreeMap<String, String>) -> Self {
        let external_url = external_url.trim_end_matches('/').to_owned();
        let at = Arc::new(AtomicI64::new(0));
        let funcs = query::add(FuncMap::new(), asker.clone(), at.clone());
        let funcs = links::add(numbers::add(text::add(funcs)), &external_url);
        Self { asker, external_url, external_labels, at, funcs }
    }

    pub fn with_external_labels(&self, external_labels: BTreeMap<String, String>) -> Self {
        Self::new(self.asker.clone(), self.external_url.clone(), external_labels)
    }

    pub fn external_labels(&self) -> &BTreeMap<String, String> {
        &self.external_labels
    }

    /// One that shares nothing with this one, for another group.
    pub fn for_group(&self) -> Self {
        self.with_external_labels(self.external_labels.clone())
    }

    /// The dot of a template.
    pub fn data(&self, labels: &Labels, value: f64) -> Value {
        Value::map([
            ("Labels", Value::strings(labels.iter())),
            ("ExternalLabels", Value::strings(&self.external_labels)),
            ("ExternalURL", Value::str(&self.external_url)),
            ("Value", Value::Float(value)),
        ])
    }

    /// Where the expression is shown as a table.
    pub fn table_link(&self, expr: &str) -> String {
        format!("{}{}", self.external_url, links::table(expr))
    }
}

enum Compiled {
    Literal,
    Template(Template),
}

/// Named texts that may hold templates.
pub(crate) struct Templates {
    texts: BTreeMap<String, String>,
    compiled: Vec<(String, Compiled)>,
}

impl Templates {
    /// # Errors
    /// What is wrong with the first template that cannot be parsed.
    pub fn compile(texts: &BTreeMap<String, String>, expander: &Arc<Expander>) -> Result<Self, String> {
        let mut compiled = Vec::with_capacity(texts.len());
        for (name, text) in texts {
            let template = if text.contains("{{") {
                let full = format!("{VARIABLES}{text}");
                let funcs = text::add_tmpl(expander.funcs.clone(), &full);
                let template = Template::parse(name, &full, &funcs).map_err(|error| error.to_string())?;
                Compiled::Template(template.missing_key(MissingKey::Empty))
            } else {
                Compiled::Literal
            };
            compiled.push((name.clone(), template));
        }
        Ok(Self { texts: texts.clone(), compiled })
    }

    /// The texts as configured.
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// Writes the texts out. One that fails says so in its place, so that the alert is sent all the same.
    pub fn expand(
        &self,
        alert: &str,
        at: Millis,
        data: &Value,
        expander: &Expander,
    ) -> Vec<(String, String)> {
        expander.at.store(at, Ordering::Relaxed);
        let expand = |(name, compiled): &(String, Compiled)| {
            let text = match compiled {
                Compiled::Literal => self.texts.get(name).cloned().unwrap_or_default(),
                Compiled::Template(template) => template.execute(data).unwrap_or_else(|error| {
                    tracing::warn!(alert, template = name, %error, "cannot expand a template");
                    format!("<error expanding template: {error}>")
                }),
            };
            (name.clone(), text)
        };
        self.compiled.iter().map(expand).collect()
    }
}

/// Adds a function that takes a fixed number of arguments.
fn function<const N: usize>(
    funcs: FuncMap,
    name: &'static str,
    apply: impl Fn(&[Value; N]) -> Result<Value, String> + Send + Sync + 'static,
) -> FuncMap {
    funcs.with(name, move |args| {
        let args: &[Value; N] = args
            .try_into()
            .map_err(|_| format!("wrong number of args for {name}: want {N} got {}", args.len()))?;
        apply(args)
    })
}

/// A text argument.
fn text_of(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("found {}, expected string", value.type_name()))
}

/// A number argument; texts that hold a number count as one.
fn number_of(value: &Value) -> Result<f64, String> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Int(value) => Ok(*value as f64),
        Value::Duration(nanos) => Ok(*nanos as f64 / 1e9),
        Value::Str(text) => text.parse().map_err(|_| format!("found {text:?}, expected a number")),
        other => Err(format!("found {}, expected a number", other.type_name())),
    }
}

#[cfg(test)]
mod tests;
