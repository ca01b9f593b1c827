//! alertmanager.yml. Start at [`AlertmanagerConfig`]. Routes come with everything they inherit filled in.

pub mod intervals;
mod matchers;
mod receivers;
mod route;

pub use intervals::{NamedInterval, TimeInterval};
pub use matchers::{parse_matcher, parse_matchers};
pub use receivers::{RECEIVER, Receiver, WEBHOOK, Webhook};
pub use route::{GroupBy, ROUTE, Route};

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape, Value};
use crate::{Loaded, load_with, parse_with};
use model::Matcher;
use std::path::Path;
use std::time::Duration;

pub static TOP: Shape = Shape {
    path: "alertmanager.yml",
    keys: &["global", "route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals"],
    no_effect: &["templates"],
    unsupported: &["tracing"],
};
pub static GLOBAL: Shape = Shape {
    path: "global",
    keys: &["resolve_timeout"],
    // Settings of receivers that are warned about where they are used.
    no_effect: &[
        "smtp_from",
        "smtp_smarthost",
        "smtp_hello",
        "smtp_auth_username",
        "smtp_auth_password",
        "smtp_auth_identity",
        "smtp_require_tls",
        "slack_api_url",
        "pagerduty_url",
        "opsgenie_api_url",
        "opsgenie_api_key",
        "victorops_api_url",
        "victorops_api_key",
        "telegram_api_url",
        "webex_api_url",
        "wechat_api_url",
    ],
    unsupported: &["http_config"],
};
pub static INHIBIT: Shape = Shape {
    path: "inhibit_rules[]",
    keys: &[
        "source_matchers",
        "target_matchers",
        "source_match",
        "source_match_re",
        "target_match",
        "target_match_re",
        "equal",
    ],
    no_effect: &["name"],
    unsupported: &["sources"],
};

#[derive(Clone, Debug)]
pub struct AlertmanagerConfig {
    /// After this time without news an alert that came without an end counts as resolved.
    pub resolve_timeout: Duration,
    pub route: Route,
    pub receivers: Vec<Receiver>,
    pub inhibit_rules: Vec<InhibitRule>,
    pub time_intervals: Vec<NamedInterval>,
    /// Patterns of template files, relative to the file's folder.
    pub templates: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct InhibitRule {
    pub source: Vec<Matcher>,
    pub target: Vec<Matcher>,
    pub equal: Vec<String>,
}

/// Upstream's default (Alertmanager documentation, `global`).
const DEFAULT_RESOLVE_TIMEOUT: Duration = Duration::from_secs(300);

/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse(file: &str, text: &str) -> Result<Loaded<AlertmanagerConfig>, ConfigError> {
    parse_with(file, text, AlertmanagerConfig::from_node)
}

/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn load(path: &Path) -> Result<Loaded<AlertmanagerConfig>, ConfigError> {
    load_with(path, parse)
}

impl FromNode for AlertmanagerConfig {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &TOP, ctx)?;
        let mut time_intervals: Vec<NamedInterval> = s.or_default("time_intervals")?;
        time_intervals.extend(s.or_default::<Vec<NamedInterval>>("mute_time_intervals")?);
        let receivers: Vec<Receiver> = s.or_default("receivers")?;
        for (index, receiver) in receivers.iter().enumerate() {
            if receivers[..index].iter().any(|other| other.name == receiver.name) {
                return Err(s.bad("receivers", format!("receiver {:?} is defined twice", receiver.name)));
            }
        }
        let route = route::read_root(s.node("route").ok_or_else(|| s.missing("route"))?, ctx)?;
        route::check(&route, &receivers, &time_intervals, ctx)?;
        Ok(Self {
            resolve_timeout: s
                .sub("global", &GLOBAL, |g| g.or("resolve_timeout", DEFAULT_RESOLVE_TIMEOUT))?,
            route,
            receivers,
            inhibit_rules: s.or_default("inhibit_rules")?,
            time_intervals,
            templates: s.or_default("templates")?,
        })
    }
}

impl FromNode for InhibitRule {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &INHIBIT, ctx)?;
        Ok(Self {
            source: matchers::of_section(&s, "source_matchers", "source_match", "source_match_re")?,
            target: matchers::of_section(&s, "target_matchers", "target_match", "target_match_re")?,
            equal: s.or_default("equal")?,
        })
    }
}

/// The items of a list, absent or null counting as none.
fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::Seq(items)) => items,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
