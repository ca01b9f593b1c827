//! The routing tree: which receiver hears of an alert, grouped how and at what pace. Source: Alertmanager's
//! documentation, `route`.

use model::clock::Millis;
use model::{Labels, Matcher, matcher::all_match};
use std::collections::BTreeSet;
use std::fmt::Write;

/// How a route groups; `All` is `group_by: ['...']`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Labels(BTreeSet<String>),
    All,
}

/// One node of the tree with everything it inherited.
#[derive(Clone, Debug)]
pub struct Route {
    pub receiver: String,
    pub group_by: GroupBy,
    pub group_wait: Millis,
    pub group_interval: Millis,
    pub repeat_interval: Millis,
    pub matchers: Vec<Matcher>,
    /// Go on to the next sibling after a match.
    pub proceed: bool,
    pub mute_time_intervals: Vec<String>,
    pub active_time_intervals: Vec<String>,
    pub routes: Vec<Route>,
    /// The matchers from the root down: the name of the route in group keys.
    pub key: String,
    /// Position in depth-first order.
    pub index: usize,
}

impl Route {
    /// Numbers the tree and writes the keys; call it on the root once it is built.
    pub fn finish(mut self) -> Self {
        let mut next = 0;
        self.number("", &mut next);
        self
    }

    fn number(&mut self, parent: &str, next: &mut usize) {
        let matchers = self.matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.key =
            if parent.is_empty() { format!("{{{matchers}}}") } else { format!("{parent}/{{{matchers}}}") };
        self.index = *next;
        *next += 1;
        for route in &mut self.routes {
            route.number(&self.key, next);
        }
    }

    /// The routes that an alert with these labels ends in: the deepest match of each branch, in the order of the file.
    pub fn matching<'a>(&'a self, labels: &Labels) -> Vec<&'a Self> {
        let mut found = Vec::new();
        self.collect(labels, &mut found);
        found
    }

    fn collect<'a>(&'a self, labels: &Labels, found: &mut Vec<&'a Self>) -> bool {
        if !all_match(&self.matchers, labels) {
            return false;
        }
        let before = found.len();
        for route in &self.routes {
            if route.collect(labels, found) && !route.proceed {
                break;
            }
        }
        if found.len() == before {
            found.push(self);
        }
        true
    }

    /// The labels that name the group of an alert.
    pub fn group_labels(&self, labels: &Labels) -> Labels {
        match &self.group_by {
            GroupBy::All => labels.clone(),
            GroupBy::Labels(names) => {
                let mut builder = labels.to_builder();
                builder.retain(|name, _| names.contains(name));
                builder.build()
            }
        }
    }

    /// All routes of the tree, depth first.
    pub fn walk(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.routes.iter().flat_map(Self::walk));
        all
    }
}

/// The key of a group in notifications and in the notification log: `{}/{severity="page"}:{alertname="X"}`.
pub fn group_key(route_key: &str, group_labels: &Labels) -> String {
    let mut key = format!("{route_key}:{{");
    for (at, (name, value)) in group_labels.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(key, "{comma}{name}={value:?}");
    }
    key.push('}');
    key
}

#[cfg(test)]
mod tests;
