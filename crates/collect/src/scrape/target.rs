//! From what discovery found to a target: defaults, relabelling, the URL, the labels that its series get.
//!
//! Source: scrape/target.go, `PopulateLabels`.

use crate::discovery::ADDRESS;
use crate::relabel::relabel;
use model::duration::{format_duration, parse_duration};
use model::{Labels, LabelsBuilder};
use stackconf::prometheus::ScrapeConfig;
use std::time::Duration;

const SCHEME: &str = "__scheme__";
const METRICS_PATH: &str = "__metrics_path__";
const INTERVAL: &str = "__scrape_interval__";
const TIMEOUT: &str = "__scrape_timeout__";
const PARAM: &str = "__param_";
const JOB: &str = "job";
const INSTANCE: &str = "instance";

/// A target that is to be scraped.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// With the job's defaults, before relabelling.
    pub discovered: Labels,
    /// What every series of it gets.
    pub labels: Labels,
    pub url: Url,
    pub interval: Duration,
    pub timeout: Duration,
}

/// Where a target's page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub scheme: String,
    pub host_port: String,
    /// With the query, if there is one.
    pub path: String,
}

impl Url {
    /// As text, with another `host:port` in the place of this one's.
    pub fn at(&self, host_port: &str) -> String {
        format!("{}://{host_port}{}", self.scheme, self.path)
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.at(&self.host_port))
    }
}

/// What became of a discovered target.
#[derive(Clone, Debug, PartialEq)]
pub enum Populated {
    Target(Box<Target>),
    /// Relabelling dropped it. The labels are those before.
    Dropped(Labels),
}

/// # Errors
/// What is wrong with the labels, in one line, when no URL or no interval can be made of them.
pub fn populate(found: &Labels, config: &ScrapeConfig) -> Result<Populated, String> {
    let mut builder = found.to_builder();
    let mut default = |name: &str, value: &str| {
        if builder.get(name).is_none() {
            builder.set(name, value);
        }
    };
    default(JOB, &config.job_name);
    default(INTERVAL, &format_duration(config.scrape_interval));
    default(TIMEOUT, &format_duration(config.scrape_timeout));
    default(METRICS_PATH, &config.metrics_path);
    default(SCHEME, config.scheme.as_str());
    for (name, values) in &config.params {
        if let Some(first) = values.first() {
            builder.set(&format!("{PARAM}{name}"), first);
        }
    }
    let discovered = builder.build();
    let Some(relabelled) = relabel(&discovered, &config.relabel_configs) else {
        return Ok(Populated::Dropped(discovered));
    };
    let of = |name: &str| relabelled.value(name);
    let address = of(ADDRESS);
    if address.is_empty() || address.contains('/') {
        return Err(format!("target {discovered}: found address {address:?}, expected host:port"));
    }
    let duration = |name: &str| {
        let value = parse_duration(of(name)).map_err(|error| format!("target {address}: {name}: {error}"))?;
        match value.is_zero() {
            true => Err(format!("target {address}: {name} is 0")),
            false => Ok(value),
        }
    };
    let (interval, timeout) = (duration(INTERVAL)?, duration(TIMEOUT)?);
    if timeout > interval {
        return Err(format!("target {address}: scrape timeout is longer than the interval"));
    }
    let url = Url {
        scheme: of(SCHEME).to_owned(),
        host_port: address.to_owned(),
        path: format!("{}{}", path(of(METRICS_PATH)), query(&relabelled, config)),
    };
    let mut labels = relabelled.to_builder();
    labels.retain(|name, _| !name.starts_with("__"));
    if labels.get(INSTANCE).is_none() {
        labels.set(INSTANCE, address);
    }
    let labels = labels.build();
    Ok(Populated::Target(Box::new(Target { discovered, labels, url, interval, timeout })))
}

fn path(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// The job's parameters; relabelling may have changed the first value of each.
fn query(labels: &Labels, config: &ScrapeConfig) -> String {
    let mut pairs = Vec::new();
    for (name, values) in &config.params {
        let first = labels.value(&format!("{PARAM}{name}"));
        pairs.extend(
            std::iter::once(first)
                .chain(values.iter().skip(1).map(String::as_str))
                .map(|v| (name.as_str(), v)),
        );
    }
    let added = labels.iter().filter_map(|(name, value)| Some((name.strip_prefix(PARAM)?, value)));
    pairs.extend(added.filter(|(name, _)| !config.params.contains_key(*name)));
    let encoded: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
    if encoded.is_empty() { String::new() } else { format!("?{}", encoded.join("&")) }
}

/// Everything but the unreserved characters of RFC 3986.
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Labels of a series on the page and of its target together. Of a name that both have, the page's wins when labels are
/// honoured; else the page's is kept under a name with `exported_` in front.
pub fn join(page: &Labels, target: &Labels, honor_labels: bool) -> Labels {
    let mut out: LabelsBuilder = page.to_builder();
    for (name, value) in target.iter() {
        match page.get(name) {
            Some(_) if honor_labels => {}
            Some(exposed) => {
                let mut renamed = format!("exported_{name}");
                while out.get(&renamed).is_some() || target.get(&renamed).is_some() {
                    renamed.insert_str(0, "exported_");
                }
                out.set(&renamed, exposed);
                out.set(name, value);
            }
            None => {
                out.set(name, value);
            }
        }
    }
    out.build()
}
