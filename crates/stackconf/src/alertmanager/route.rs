//! The routing tree.

use super::{NamedInterval, Receiver, items, matchers};
use crate::error::ConfigError;
use crate::yaml::{Context, Node, Section, Shape};
use model::Matcher;
use std::time::Duration;

pub static ROUTE: Shape = Shape {
    path: "route",
    keys: &[
        "receiver",
        "group_by",
        "group_wait",
        "group_interval",
        "repeat_interval",
        "matchers",
        "match",
        "match_re",
        "continue",
        "mute_time_intervals",
        "active_time_intervals",
        "routes",
    ],
    no_effect: &[],
    unsupported: &[],
};

#[derive(Clone, Debug)]
pub struct Route {
    pub receiver: String,
    pub group_by: GroupBy,
    pub group_wait: Duration,
    pub group_interval: Duration,
    pub repeat_interval: Duration,
    pub matchers: Vec<Matcher>,
    /// Whether later siblings are tried after a match.
    pub continue_matching: bool,
    pub mute_time_intervals: Vec<String>,
    pub active_time_intervals: Vec<String>,
    pub routes: Vec<Route>,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Labels(Vec<String>),
    /// `group_by: ['...']`: every alert is a group of its own.
    All,
}

/// Deepest tree that is read.
const MAX_DEPTH: usize = 16;

/// Upstream's defaults (Alertmanager documentation, `route`).
fn defaults() -> Route {
    Route {
        receiver: String::new(),
        group_by: GroupBy::Labels(Vec::new()),
        group_wait: Duration::from_secs(30),
        group_interval: Duration::from_secs(300),
        repeat_interval: Duration::from_secs(4 * 3600),
        matchers: Vec::new(),
        continue_matching: false,
        mute_time_intervals: Vec::new(),
        active_time_intervals: Vec::new(),
        routes: Vec::new(),
        line: 0,
    }
}

pub(super) fn read_root(node: &Node, ctx: &Context) -> Result<Route, ConfigError> {
    let route = read(node, &defaults(), 0, ctx)?;
    let wrong = |what: &str| Err(ctx.invalid(node.at, format!("the first route {what}")));
    if route.receiver.is_empty() {
        return wrong("needs a receiver");
    }
    if !route.matchers.is_empty() {
        return wrong("has no matchers: it takes every alert");
    }
    if route.continue_matching {
        return wrong("has no continue: nothing comes after it");
    }
    if !route.mute_time_intervals.is_empty() || !route.active_time_intervals.is_empty() {
        return wrong("has no time intervals");
    }
    Ok(route)
}

fn read(node: &Node, parent: &Route, depth: usize, ctx: &Context) -> Result<Route, ConfigError> {
    if depth > MAX_DEPTH {
        return Err(ctx.invalid(node.at, format!("routes are nested deeper than {MAX_DEPTH}")));
    }
    let s = Section::open(node, &ROUTE, ctx)?;
    let group_by = match s.opt::<Vec<String>>("group_by")? {
        None => parent.group_by.clone(),
        Some(labels) if labels == ["..."] => GroupBy::All,
        Some(labels) if labels.iter().any(|label| label == "...") => {
            return Err(s.bad("group_by", "'...' stands alone in group_by"));
        }
        Some(labels) => GroupBy::Labels(labels),
    };
    let mut route = Route {
        receiver: s.or("receiver", parent.receiver.clone())?,
        group_by,
        group_wait: s.or("group_wait", parent.group_wait)?,
        group_interval: s.or("group_interval", parent.group_interval)?,
        repeat_interval: s.or("repeat_interval", parent.repeat_interval)?,
        matchers: matchers::of_section(&s, "matchers", "match", "match_re")?,
        continue_matching: s.or("continue", false)?,
        mute_time_intervals: s.or_default("mute_time_intervals")?,
        active_time_intervals: s.or_default("active_time_intervals")?,
        routes: Vec::new(),
        line: s.at.line,
    };
    for key in ["group_interval", "repeat_interval"] {
        if s.has(key) && s.req::<Duration>(key)?.is_zero() {
            return Err(s.bad(key, format!("{key} must be more than 0")));
        }
    }
    for child in items(s.node("routes")) {
        let child = read(child, &route, depth + 1, ctx)?;
        route.routes.push(child);
    }
    Ok(route)
}

/// Every receiver and interval that a route names must exist.
pub(super) fn check(
    route: &Route,
    receivers: &[Receiver],
    intervals: &[NamedInterval],
    ctx: &Context,
) -> Result<(), ConfigError> {
    let at = crate::yaml::Place { line: route.line, column: 1 };
    if !receivers.iter().any(|receiver| receiver.name == route.receiver) {
        let known = crate::yaml::nearest(&route.receiver, receivers.iter().map(|r| r.name.as_str()));
        let hint = known.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
        return Err(ctx.invalid(at, format!("receiver {:?} is not defined{hint}", route.receiver)));
    }
    let named = route.mute_time_intervals.iter().chain(&route.active_time_intervals);
    for name in named {
        if !intervals.iter().any(|interval| interval.name == *name) {
            return Err(ctx.invalid(at, format!("time interval {name:?} is not defined")));
        }
    }
    route.routes.iter().try_for_each(|child| check(child, receivers, intervals, ctx))
}
