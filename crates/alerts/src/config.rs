//! What a configuration file says, in the form that the stages use.

use crate::notify::Receiver;
use crate::notify::webhook::Webhook;
use crate::route::{self, Route};
use model::clock::Millis;
use stackconf::Loaded;
use stackconf::alertmanager::{self, AlertmanagerConfig, InhibitRule, TimeInterval};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone)]
pub struct Config {
    pub route: Route,
    pub receivers: BTreeMap<String, Receiver>,
    pub inhibit_rules: Vec<InhibitRule>,
    pub time_intervals: BTreeMap<String, Vec<TimeInterval>>,
    pub resolve_timeout: Millis,
    /// The file as it is, for `/api/v2/status`.
    pub text: String,
}

impl From<&Loaded<AlertmanagerConfig>> for Config {
    fn from(loaded: &Loaded<AlertmanagerConfig>) -> Self {
        let config = &loaded.config;
        Self {
            route: read_route(&config.route).finish(),
            receivers: config
                .receivers
                .iter()
                .map(|receiver| (receiver.name.clone(), read_receiver(receiver)))
                .collect(),
            inhibit_rules: config.inhibit_rules.clone(),
            time_intervals: config
                .time_intervals
                .iter()
                .map(|named| (named.name.clone(), named.intervals.clone()))
                .collect(),
            resolve_timeout: millis(config.resolve_timeout),
            text: loaded.text.clone(),
        }
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

fn read_route(route: &alertmanager::Route) -> Route {
    Route {
        receiver: route.receiver.clone(),
        group_by: match &route.group_by {
            alertmanager::GroupBy::All => route::GroupBy::All,
            alertmanager::GroupBy::Labels(names) => route::GroupBy::Labels(names.iter().cloned().collect()),
        },
        group_wait: millis(route.group_wait),
        group_interval: millis(route.group_interval),
        repeat_interval: millis(route.repeat_interval),
        matchers: route.matchers.clone(),
        proceed: route.continue_matching,
        mute_time_intervals: route.mute_time_intervals.clone(),
        active_time_intervals: route.active_time_intervals.clone(),
        routes: route.routes.iter().map(read_route).collect(),
        key: String::new(),
        index: 0,
    }
}

fn read_receiver(receiver: &alertmanager::Receiver) -> Receiver {
    let webhook = |webhook: &alertmanager::Webhook| Webhook {
        url: webhook.url.clone(),
        send_resolved: webhook.send_resolved,
        max_alerts: usize::try_from(webhook.max_alerts).unwrap_or(usize::MAX),
        timeout: webhook.timeout,
        headers: Vec::new(),
    };
    Receiver { name: receiver.name.clone(), webhooks: receiver.webhook_configs.iter().map(webhook).collect() }
}
