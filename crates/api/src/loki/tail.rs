//! `tail`: lines as they come in, over a WebSocket.

use super::params::Params;
use super::run::blocking;
use super::stream::passing;
use super::{LokiApi, LokiError, respond};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use logql::pipeline::Pipeline;
use logql::{Direction, OutStream};
use model::logs::LogTail;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// Lines that wait for a slow reader.
const CAPACITY: usize = 10_000;
/// How often what has come in is sent.
const PERIOD: Duration = Duration::from_millis(100);
/// A reader that takes nothing for this long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest `delay_for`, seconds. Loki's limit.
const MAX_DELAY: i64 = 5;

pub async fn tail(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &Bytes::new(), api.inner.clock.now_nanos());
    let log = logql::parse_log(params.query())?;
    let limit = params.limit()?.min(api.inner.limits.max_entries);
    let delay = params.number("delay_for", 0)?;
    if !(0..=MAX_DELAY).contains(&delay) {
        return Err(LokiError::bad_request(format!("delay_for can't be greater than {MAX_DELAY}")));
    }
    let range = params.range()?;
    let pipeline = Pipeline::compile(&log.stages)?;
    let flags = headers.get("x-loki-response-encoding-flags");
    let categorized = flags.is_some_and(|value| value.as_bytes().starts_with(b"categorize-labels"));
    // Listen first, then look back: a line that comes in between is shown by one of the two.
    let tail = api.inner.store.tail(log.matchers.clone(), CAPACITY);
    let before = blocking(&api, move |inner, stop| {
        let answer = inner.engine.logs(&*inner.store, &log, range, limit, Direction::Backward, stop)?;
        let mut streams = if categorized { answer.categorized() } else { answer.merged() };
        streams.iter_mut().for_each(|stream| stream.lines.reverse());
        Ok(streams)
    })
    .await?;
    let inner = api.inner.clone();
    if inner.tails.available_permits() == 0 {
        return Err(LokiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            format!("max concurrent tail requests limit exceeded, limit {}", inner.limits.max_tails),
        ));
    }
    let session = Session { pipeline, tail, categorized, delay: Duration::from_secs(delay.unsigned_abs()) };
    Ok(upgrade.on_upgrade(move |socket| async move {
        let Ok(_permit) = inner.tails.try_acquire() else { return };
        session.run(socket, before, inner.clone()).await;
    }))
}

struct Session {
    pipeline: Pipeline,
    tail: Box<dyn LogTail>,
    categorized: bool,
    delay: Duration,
}

impl Session {
    async fn run(mut self, mut socket: WebSocket, before: Vec<OutStream>, inner: Arc<super::Inner>) {
        // What the look back has shown is not shown again.
        let shown =
            before.iter().flat_map(|stream| &stream.lines).map(|line| line.t).max().unwrap_or(i64::MIN);
        if !before.is_empty() && send(&mut socket, &before, self.categorized, 0).await.is_err() {
            return;
        }
        let mut ticks = tokio::time::interval(PERIOD);
        let mut first = true;
        let mut waiting = Vec::new();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                message = socket.recv() => match message {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return,
                    Some(Ok(_)) => continue,
                },
            }
            let (mut lines, dropped) = self.tail.drain();
            if first {
                lines.retain(|(_, entry)| entry.t > shown);
                first = lines.is_empty();
            }
            waiting.append(&mut lines);
            let ripe =
                inner.clock.now_nanos().saturating_sub(i64::try_from(self.delay.as_nanos()).unwrap_or(0));
            let ready: Vec<_> = if self.delay.is_zero() {
                std::mem::take(&mut waiting)
            } else {
                let (ready, rest) = waiting.into_iter().partition(|(_, entry)| entry.t <= ripe);
                waiting = rest;
                ready
            };
            // A queue of our own needs a bound as well.
            if waiting.len() > CAPACITY {
                waiting.drain(..waiting.len() - CAPACITY);
            }
            let streams = passing(&self.pipeline, &ready, self.categorized);
            if (!streams.is_empty() || dropped > 0)
                && send(&mut socket, &streams, self.categorized, dropped).await.is_err()
            {
                return;
            }
        }
    }
}

async fn send(
    socket: &mut WebSocket,
    streams: &[OutStream],
    categorized: bool,
    dropped: u64,
) -> Result<(), ()> {
    let mut out = String::from("{\"streams\":");
    respond::write_streams(&mut out, streams, categorized);
    if categorized {
        out.push_str(",\"encodingFlags\":[\"categorize-labels\"]");
    }
    if dropped > 0 {
        let _ = write!(
            out,
            ",\"dropped_entries\":[{{\"labels\":{{\"count\":\"{dropped}\"}},\"timestamp\":\"0\"}}]"
        );
    }
    out.push('}');
    let sent = tokio::time::timeout(SEND_TIMEOUT, socket.send(Message::Text(out.into()))).await;
    sent.map_err(|_| ())?.map_err(|_| ())
}
