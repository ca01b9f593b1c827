//! The HTTP client of the commands: short time-outs, no proxy, errors that say what to do.

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(30);

/// Answers larger than this are refused: the commands print them.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// A client for the parts of the lab. They are near, so a proxy from the environment is never used.
///
/// # Errors
/// When the client cannot be set up, which is a fault of the system.
pub fn client() -> Result<Client> {
    Client::builder()
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .build()
        .context("cannot set up the HTTP client")
}

/// A status and a body as text.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: String,
}

impl Answer {
    /// The body as JSON when the status is a success; otherwise an error with what the server said.
    ///
    /// # Errors
    /// Other statuses, and bodies that are no JSON.
    pub fn json(&self) -> Result<Value> {
        if !self.status.is_success() {
            bail!("{}: {}", self.status, self.message());
        }
        serde_json::from_str(&self.body).context("the answer is no JSON")
    }

    /// What the server says of a failure: a problem document's detail, an API's error, or the text itself.
    pub fn message(&self) -> String {
        let json: Option<Value> = serde_json::from_str(&self.body).ok();
        let field = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_owned);
        ["detail", "error", "message", "title"]
            .into_iter()
            .find_map(field)
            .unwrap_or_else(|| self.body.trim().chars().take(500).collect())
    }
}

/// Sends one request and reads the whole answer.
///
/// # Errors
/// When nothing answers, with a hint.
pub async fn send(client: &Client, method: Method, url: &str, body: Option<&Value>) -> Result<Answer> {
    let mut request = client.request(method, url);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.map_err(|error| {
        let why = if error.is_connect() {
            "nothing answers there\n  hint: `make up` starts the lab, `make ps` shows its parts".to_owned()
        } else {
            error.without_url().to_string()
        };
        anyhow::anyhow!("{url}: {why}")
    })?;
    let status = response.status();
    if response.content_length().is_some_and(|length| length > MAX_ANSWER) {
        bail!("{url}: the answer is larger than {MAX_ANSWER} bytes");
    }
    let body = response.text().await.with_context(|| format!("{url}: the answer broke off"))?;
    Ok(Answer { status, body })
}

pub async fn get(client: &Client, url: &str) -> Result<Answer> {
    send(client, Method::GET, url, None).await
}

/// `base` + path + query parameters, percent-encoded.
pub fn with_query(base: &str, parameters: &[(&str, &str)]) -> String {
    let mut url = base.to_owned();
    for (index, (name, value)) in parameters.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => url.push(byte as char),
                _ => url.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    url
}
