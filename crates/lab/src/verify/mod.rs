//! `lab verify`: sends one request under a root span of its own and proves every hop of it, on either stack.
//!
//! One file a group of checks. A check is a [`Row`]: what was looked at, what came of it, and where to look when it is
//! broken. Everything is asked over the public APIs, so that the docker stack is judged by the same words.

mod dashboards;
mod engines;
mod links;
mod logs;
mod metrics;
mod panels;
mod probe;
mod request;
mod rules;
mod traces;

use crate::endpoints::Column;
use crate::host::Context;
use anyhow::Result;
use probe::Probe;
use serde::Serialize;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Ok,
    /// Empty, and rightly so: nothing has failed yet.
    Quiet,
    Broken,
}

#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub group: &'static str,
    pub check: String,
    pub outcome: Outcome,
    /// What was found, and for a broken one what was expected.
    pub detail: String,
    /// The file or command to look at; of broken ones only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_at: Option<String>,
}

/// Collects the rows of one group.
#[derive(Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
    group: &'static str,
}

impl Rows {
    fn push(&mut self, check: impl Into<String>, outcome: Outcome, detail: String, look_at: Option<String>) {
        self.rows.push(Row { group: self.group, check: check.into(), outcome, detail, look_at });
    }

    fn ok(&mut self, check: impl Into<String>, detail: impl Into<String>) {
        self.push(check, Outcome::Ok, detail.into(), None);
    }

    fn quiet(&mut self, check: impl Into<String>, detail: impl Into<String>) {
        self.push(check, Outcome::Quiet, detail.into(), None);
    }

    fn broken(&mut self, check: impl Into<String>, detail: impl Into<String>, look_at: &str) {
        self.push(check, Outcome::Broken, detail.into(), Some(look_at.to_owned()));
    }

    /// A row by the result of a check: its detail, or why it failed.
    fn result(&mut self, check: impl Into<String>, result: Result<String>, look_at: &str) {
        match result {
            Ok(detail) => self.ok(check, detail),
            Err(error) => self.broken(check, format!("{error:#}"), look_at),
        }
    }
}

/// Runs every group in order and returns all rows.
///
/// # Errors
/// Only when the HTTP client cannot be set up: whatever the stack does wrong is a row.
pub async fn run(context: &Context, column: Column, patience: Duration) -> Result<Vec<Row>> {
    let mut rows = Rows::default();
    let mut probe = Probe::new(context, column, patience)?;
    rows.group = "engines";
    engines::check(&probe, &mut rows).await;
    rows.group = "request";
    request::check(&mut probe, &mut rows).await;
    rows.group = "traces";
    traces::check(&probe, &mut rows).await;
    rows.group = "logs";
    logs::check(&mut probe, &mut rows).await;
    rows.group = "metrics";
    metrics::check(&mut probe, &mut rows).await;
    rows.group = "rules";
    rules::check(&probe, &mut rows).await;
    rows.group = "links";
    links::check(&mut probe, &mut rows).await;
    rows.group = "dashboards";
    dashboards::check(&probe, &mut rows).await;
    Ok(rows.rows)
}
