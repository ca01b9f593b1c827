//! Plain GET and PUT of JSON against the engines.

use reqwest::{Client, Url};
use serde_json::Value;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

pub fn client() -> Client {
    Client::builder().timeout(TIMEOUT).build().unwrap()
}

/// The JSON answer, or null while nobody answers.
pub async fn get(client: &Client, base: &str, path: &str, parameters: &[(&str, &str)]) -> Value {
    let url = Url::parse_with_params(&format!("{base}{path}"), parameters).unwrap();
    match client.get(url).send().await {
        Ok(answer) => answer.json().await.unwrap_or(Value::Null),
        Err(_) => Value::Null,
    }
}

pub async fn put(client: &Client, url: String, body: &str) {
    let request = client.put(url).header("content-type", "application/json").body(body.to_owned());
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await.unwrap_or_default());
}
