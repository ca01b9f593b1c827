//! Texts: case, regular expressions, hosts and ports, templates within templates.

use super::{function, text_of};
use gotmpl::{FuncMap, MissingKey, Template, Value};
use regex::Regex;
use std::net::IpAddr;

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("invalid regular expression {pattern:?}: {error}"))
}

/// Every word with a capital letter.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within_word = false;
    for c in text.chars() {
        if within_word {
            out.push(c);
        } else {
            out.extend(c.to_uppercase());
        }
        within_word = c.is_alphanumeric() || c == '_' || c == '\'';
    }
    out
}

/// `host:port` without the port; an IPv6 address without its brackets.
fn strip_port(text: &str) -> &str {
    if let Some((host, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return if port.starts_with(':') { host } else { text };
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => host,
        _ => text,
    }
}

/// The first part of a host name, with the port; addresses stay whole.
fn strip_domain(text: &str) -> String {
    let host = strip_port(text);
    if host.parse::<IpAddr>().is_ok() {
        return text.to_owned();
    }
    let port = if host.len() < text.len() { &text[host.len()..] } else { "" };
    format!("{}{port}", host.split('.').next().unwrap_or(host))
}

pub(super) fn add(funcs: FuncMap) -> FuncMap {
    let funcs = function(funcs, "title", |[text]| Ok(title(text_of(text)?).into()));
    let funcs = function(funcs, "toUpper", |[text]| Ok(text_of(text)?.to_uppercase().into()));
    let funcs = function(funcs, "toLower", |[text]| Ok(text_of(text)?.to_lowercase().into()));
    let funcs = function(funcs, "match", |[pattern, text]| {
        Ok(Value::Bool(regex(text_of(pattern)?)?.is_match(text_of(text)?)))
    });
    let funcs = function(funcs, "reReplaceAll", |[pattern, replacement, text]| {
        let pattern = regex(text_of(pattern)?)?;
        Ok(Value::str(pattern.replace_all(text_of(text)?, text_of(replacement)?)))
    });
    let funcs = function(funcs, "stripPort", |[text]| Ok(Value::str(strip_port(text_of(text)?))));
    let funcs = function(funcs, "stripDomain", |[text]| Ok(strip_domain(text_of(text)?).into()));
    // Annotations are plain text, so there is nothing to make safe.
    let funcs = function(funcs, "safeHtml", |[text]| Ok(text.clone()));
    funcs.with("args", |args| {
        Ok(Value::map(args.iter().enumerate().map(|(at, value)| (format!("arg{at}"), value.clone()))))
    })
}

/// `tmpl NAME DATA`: runs a template that the text defines, whose name may be computed.
pub(super) fn add_tmpl(funcs: FuncMap, source: &str) -> FuncMap {
    let (known, source) = (funcs.clone(), source.to_owned());
    // A template that is called cannot call `tmpl` again, which bounds the depth.
    let inner = known.with("tmpl", |_| Err("tmpl within a template that tmpl runs".to_owned()));
    function(funcs, "tmpl", move |[name, data]| {
        let template = Template::parse("tmpl", &source, &inner).map_err(|error| error.to_string())?;
        let template = template.missing_key(MissingKey::Empty);
        Ok(template.execute_named(text_of(name)?, data).map_err(|error| error.to_string())?.into())
    })
}
