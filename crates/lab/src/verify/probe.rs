//! What the groups share: the client, the ids of the request that was sent, and what earlier groups found out.

use crate::endpoints::{CONSOLE, Column, Endpoint};
use crate::host::Context;
use crate::http;
use anyhow::{Context as _, Result};
use model::Clock;
use model::clock::{NANOS_PER_SECOND, Nanos};
use model::traces::{SpanId, TraceId};
use reqwest::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What each hop gets when that time is used up already, because others are broken.
const LAST_CHANCE: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(200);

pub struct Probe {
    pub client: Client,
    pub column: Column,
    clock: Arc<dyn Clock>,
    pub trace_id: TraceId,
    /// The root span, which this program sends itself.
    pub root: SpanId,
    /// When the probe began, nanoseconds since the epoch.
    pub began: Nanos,
    /// When every hop should have been seen.
    deadline: tokio::time::Instant,
    /// The labels of the exemplar that carries our trace id.
    pub exemplar: Option<BTreeMap<String, String>>,
    /// Our log line, its stream labels and its structured metadata.
    pub line: Option<(String, BTreeMap<String, String>)>,
    /// What the console, or Grafana, says of its data sources.
    pub datasources: Vec<Value>,
}

impl Probe {
    pub fn new(context: &Context, column: Column, patience: Duration) -> Result<Self> {
        Ok(Self {
            client: http::client()?,
            column,
            clock: context.clock.clone(),
            trace_id: TraceId(rand::random()),
            root: SpanId(rand::random()),
            began: context.clock.now_nanos(),
            deadline: tokio::time::Instant::now() + patience,
            exemplar: None,
            line: None,
            datasources: Vec::new(),
        })
    }

    pub fn now(&self) -> Nanos {
        self.clock.now_nanos()
    }

    /// Whole seconds since the epoch, `back` seconds ago.
    pub fn seconds(&self, back: i64) -> String {
        (self.now() / NANOS_PER_SECOND - back).to_string()
    }

    pub async fn get(&self, endpoint: &Endpoint, path: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let url = http::with_query(&format!("{}{path}", self.column.url(endpoint)), parameters);
        http::get(&self.client, &url).await?.json().with_context(|| format!("GET {path}"))
    }

    /// Through the data source's own URL, as a panel asks.
    pub async fn through(&self, uid: &str, path: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        self.get(CONSOLE, &format!("/api/datasources/proxy/uid/{uid}{path}"), parameters).await
    }

    /// Asks again until it succeeds or the patience is over; then the last failure counts.
    pub async fn eventually<T, F: Future<Output = Result<T>>>(
        &self,
        mut ask: impl FnMut() -> F,
    ) -> Result<T> {
        let deadline = self.deadline.max(tokio::time::Instant::now() + LAST_CHANCE);
        loop {
            match ask().await {
                Ok(found) => return Ok(found),
                Err(error) if tokio::time::Instant::now() > deadline => {
                    return Err(error);
                }
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    pub fn datasource(&self, uid: &str) -> Option<&Value> {
        self.datasources.iter().find(|source| source["uid"] == uid)
    }
}

/// The entries of a JSON array; none for anything else.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A JSON object of strings as a map.
pub fn map(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), text(value).to_owned())).collect()
}
