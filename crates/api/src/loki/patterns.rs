//! `patterns`: lines that look alike, counted. A simple way to see them: words with digits in them are variables, and
//! lines whose other words are the same are one pattern. Loki's own clustering (Drain) finds fewer and looser ones.

use super::params::Params;
use super::run::blocking;
use super::{LokiApi, LokiError, respond};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use model::logs::{LogScan, ScanOrder};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::ops::ControlFlow;

/// Patterns that are kept apart; lines of further ones are not counted.
const MAX_PATTERNS: usize = 300;
/// Words of a line that are looked at.
const MAX_WORDS: usize = 40;
const VARIABLE: &str = "<_>";
/// Seconds between samples when the request does not say.
const DEFAULT_STEP: i64 = 10;

pub async fn patterns(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let log = logql::parse_log(params.query())?;
    if !log.stages.is_empty() {
        return Err(LokiError::bad_request("only label matchers are supported"));
    }
    let range = params.query_range(api.inner.limits.max_query_length)?;
    let step = match params.get("step") {
        Some(_) => (params.step(range)? / 1_000_000_000).max(DEFAULT_STEP),
        None => DEFAULT_STEP,
    };
    let found = blocking(&api, move |inner, stop| {
        let scan = LogScan {
            matchers: &log.matchers,
            range,
            order: ScanOrder::ByStream,
            line_contains: &[],
            metadata_equals: &[],
        };
        let mut patterns: HashMap<String, BTreeMap<i64, u64>> = HashMap::new();
        let mut seen = 0u64;
        let mut interrupted = false;
        inner.store.scan(&scan, &mut |row| {
            seen += 1;
            interrupted = seen.is_multiple_of(1_024) && stop.interrupted();
            if interrupted {
                return ControlFlow::Break(());
            }
            let pattern = pattern_of(row.line);
            let bucket = row.t.div_euclid(step * 1_000_000_000) * step;
            let known = patterns.len();
            match patterns.get_mut(&pattern) {
                Some(samples) => *samples.entry(bucket).or_default() += 1,
                None if known < MAX_PATTERNS => {
                    patterns.insert(pattern, BTreeMap::from([(bucket, 1)]));
                }
                None => {}
            }
            ControlFlow::Continue(())
        })?;
        if interrupted { Err(logql::EvalError::Interrupted.into()) } else { Ok(patterns) }
    })
    .await?;
    let mut all: Vec<_> = found.into_iter().collect();
    let total = |samples: &BTreeMap<i64, u64>| samples.values().sum::<u64>();
    all.sort_by(|a, b| total(&b.1).cmp(&total(&a.1)).then_with(|| a.0.cmp(&b.0)));
    let mut out = String::from("{\"status\":\"success\",\"data\":");
    respond::list(&mut out, &all, |out, (pattern, samples)| {
        out.push_str("{\"pattern\":");
        respond::text(out, pattern);
        out.push_str(",\"samples\":");
        respond::list(out, samples, |out, (t, count)| {
            let _ = write!(out, "[{t},{count}]");
        });
        out.push('}');
    });
    out.push('}');
    Ok(respond::json(out))
}

/// The line with its variables taken out. A word ends at a blank or at a sign that separates values.
fn pattern_of(line: &str) -> String {
    let separator =
        |c: char| c.is_whitespace() || matches!(c, '"' | ',' | ':' | '=' | '[' | ']' | '{' | '}' | '(' | ')');
    let mut out = String::with_capacity(line.len().min(256));
    for (at, word) in line.split_inclusive(separator).enumerate() {
        if at == MAX_WORDS {
            out.push_str(VARIABLE);
            break;
        }
        let text = word.trim_end_matches(separator);
        if text.bytes().any(|b| b.is_ascii_digit()) {
            // Neighbouring variables are one.
            if !out.ends_with(VARIABLE) {
                out.push_str(VARIABLE);
            }
        } else {
            out.push_str(text);
        }
        out.push_str(&word[text.len()..]);
    }
    out
}
