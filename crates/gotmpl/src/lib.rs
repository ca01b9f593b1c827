//! Go text templates, as far as alert annotations, receivers, LogQL's `line_format` and Promtail's `template` use them.
//!
//! Source of the rules: the documentation of Go's `text/template` and `fmt` packages. Start at [`Template`]; values are
//! in [`value`], the functions every template has in [`builtins`], Go's `printf` in [`printf`], Go's time layouts in
//! [`layout`]. The functions that only one user has (humanize, regexReplaceAll …) come from that user's [`FuncMap`].

mod ast;
pub mod builtins;
mod exec;
pub mod layout;
mod lexer;
mod parser;
pub mod printf;
pub mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use value::{Object, Value};

/// A function of a template: arguments in, value or a reason out.
pub type Func = Arc<dyn Fn(&[Value]) -> Result<Value, String> + Send + Sync>;

/// Functions by name. Those of a user come on top of the built-in ones and may replace them.
#[derive(Clone, Default)]
pub struct FuncMap(BTreeMap<String, Func>);

impl FuncMap {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a function.
    pub fn with(
        mut self,
        name: &str,
        f: impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(name.to_owned(), Arc::new(f));
        self
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn get(&self, name: &str) -> Option<&Func> {
        self.0.get(name)
    }
}

/// What a map says of a key that it does not have. Go's `Option("missingkey=…")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// Prints `<no value>`.
    #[default]
    NoValue,
    /// The empty string: what Prometheus, Alertmanager and Loki choose for their string maps.
    Empty,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `line` counts from 1.
    #[error("template: {name}:{line}: {message}")]
    Parse { name: String, line: usize, message: String },
    #[error("template: {name}:{line}: executing {name:?}: {message}")]
    Execute { name: String, line: usize, message: String },
}

/// Longest output of one execution, in bytes: a template in a loop must not eat the memory.
const MAX_OUTPUT: usize = 4 << 20;
/// Deepest nesting of `template` calls and of parentheses or blocks in the source.
const MAX_DEPTH: usize = 100;

/// A parsed template, with the templates that it defines. Cheap to execute many times.
#[derive(Clone)]
pub struct Template {
    name: String,
    defined: BTreeMap<String, Arc<ast::Block>>,
    funcs: FuncMap,
    missing_key: MissingKey,
}

impl Template {
    /// Parses `text`; `name` is for error messages and for `{{ template "name" }}`.
    ///
    /// # Errors
    /// [`TemplateError::Parse`] with the line, what was found and what was expected; an unknown function is one.
    pub fn parse(name: &str, text: &str, funcs: &FuncMap) -> Result<Self, TemplateError> {
        let mut template = Self {
            name: name.to_owned(),
            defined: BTreeMap::new(),
            funcs: funcs.clone(),
            missing_key: MissingKey::default(),
        };
        template.add(name, text)?;
        Ok(template)
    }

    /// Parses one more file into the set: its `define`s replace those of the same name.
    ///
    /// # Errors
    /// As [`Template::parse`].
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        let known =
            |function: &str| builtins::lookup(function).is_some() || self.funcs.get(function).is_some();
        let parsed = parser::parse(name, text, &known)?;
        for (defined, block) in parsed {
            self.defined.insert(defined, Arc::new(block));
        }
        Ok(())
    }

    pub fn missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    /// Runs the template with `data` as the dot.
    ///
    /// # Errors
    /// [`TemplateError::Execute`] with the line and the reason.
    pub fn execute(&self, data: &Value) -> Result<String, TemplateError> {
        self.execute_named(&self.name, data)
    }

    /// Runs one of the templates of the set.
    ///
    /// # Errors
    /// As [`Template::execute`]; also when there is no template of that name.
    pub fn execute_named(&self, name: &str, data: &Value) -> Result<String, TemplateError> {
        exec::run(self, name, data)
    }

    pub fn defines(&self, name: &str) -> bool {
        self.defined.contains_key(name)
    }

    /// Whether the text is plain, so that it need not be run for each line.
    pub fn is_literal(&self) -> bool {
        self.defined
            .get(&self.name)
            .is_some_and(|block| block.iter().all(|node| matches!(node, ast::Node::Text(_))))
    }
}

#[cfg(test)]
mod tests;
