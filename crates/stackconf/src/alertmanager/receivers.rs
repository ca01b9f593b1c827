//! Receivers. The embedded stack sends webhooks; the other kinds are known by name and warned about.

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use std::time::Duration;

pub static RECEIVER: Shape = Shape {
    path: "receivers[]",
    keys: &["name", "webhook_configs"],
    no_effect: &[],
    unsupported: &[
        "discord_configs",
        "email_configs",
        "incidentio_configs",
        "jira_configs",
        "mattermost_configs",
        "msteams_configs",
        "msteamsv2_configs",
        "opsgenie_configs",
        "pagerduty_configs",
        "pushover_configs",
        "rocketchat_configs",
        "slack_configs",
        "sns_configs",
        "telegram_configs",
        "victorops_configs",
        "webex_configs",
        "wechat_configs",
    ],
};
pub static WEBHOOK: Shape = Shape {
    path: "receivers[].webhook_configs[]",
    keys: &["url", "send_resolved", "max_alerts", "timeout"],
    no_effect: &[],
    unsupported: &["url_file", "http_config", "payload"],
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    pub name: String,
    pub webhook_configs: Vec<Webhook>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub url: String,
    pub send_resolved: bool,
    /// Most alerts in one message; 0 is all.
    pub max_alerts: u64,
    /// Absent: as long as the notification may take.
    pub timeout: Option<Duration>,
}

impl FromNode for Receiver {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &RECEIVER, ctx)?;
        let name: String = s.req("name")?;
        if name.is_empty() {
            return Err(s.bad("name", "the receiver's name is empty"));
        }
        Ok(Self { name, webhook_configs: s.or_default("webhook_configs")? })
    }
}

impl FromNode for Webhook {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &WEBHOOK, ctx)?;
        let url: String = s.req("url")?;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(
                s.bad("url", format!("found {url:?}, expected a URL that starts with http:// or https://"))
            );
        }
        Ok(Self {
            url,
            send_resolved: s.or("send_resolved", true)?,
            max_alerts: s.or("max_alerts", 0)?,
            timeout: s.opt::<Duration>("timeout")?.filter(|timeout| !timeout.is_zero()),
        })
    }
}
