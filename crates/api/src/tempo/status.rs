//! What the server says of itself.

use super::State;
use axum::Json;
use axum::extract;
use serde_json::{Value, json};

/// The version of Tempo whose API this is.
pub(super) const VERSION: &str = "3.0.3";

pub(super) async fn build_info() -> Json<Value> {
    Json(json!({
        "version": VERSION,
        "revision": "",
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
}

pub(super) async fn version() -> String {
    format!("tempo, version {VERSION} (API of the lab's trace store)\n")
}

pub(super) async fn status(extract::State(state): extract::State<State>) -> String {
    let stats = state.store.stats();
    format!("traces: {}\nspans: {}\nbytes: {}\n", stats.traces, stats.spans, stats.bytes)
}
