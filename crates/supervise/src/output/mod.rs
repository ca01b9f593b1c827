//! What a process prints: cut into lines of bounded length, written to its log file, handed on without waiting.

use crate::LogFile;
use model::Clock;
use model::clock::Nanos;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::sync::mpsc;

/// Longer lines are cut; the rest of the line is dropped. Loki takes lines of up to 256 KiB.
pub const MAX_LINE_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputStream {
    Stdout,
    Stderr,
}

impl OutputStream {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// One line of a process, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// The name of the process ([`crate::Spec::name`]).
    pub process: Arc<str>,
    pub stream: OutputStream,
    /// When the line was read, nanoseconds since the epoch.
    pub t: Nanos,
    pub line: String,
}

/// Where the lines of all processes go. Cheap to clone.
#[derive(Clone)]
pub struct Output {
    lines: mpsc::Sender<OutputLine>,
    clock: Arc<dyn Clock>,
    dropped: Arc<AtomicU64>,
}

impl Output {
    /// A channel for at most `capacity` lines that nobody has taken yet. When it is full lines are dropped and counted:
    /// a slow reader must not stop a service.
    pub fn channel(capacity: usize, clock: Arc<dyn Clock>) -> (Self, mpsc::Receiver<OutputLine>) {
        let (lines, receiver) = mpsc::channel(capacity);
        (Self { lines, clock, dropped: Arc::default() }, receiver)
    }

    /// How many lines were dropped since the start because the channel was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn send(&self, line: OutputLine) {
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Reads one stream of one process to its end.
    pub(crate) async fn copy(
        self,
        process: Arc<str>,
        stream: OutputStream,
        mut from: impl AsyncBufRead + Unpin,
        log: Option<Arc<Mutex<LogFile>>>,
    ) {
        let mut lost = 0_u64;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match read_line(&mut from, &mut buffer).await {
                Ok(true) => {}
                Ok(false) | Err(_) => break,
            }
            let line = String::from_utf8_lossy(&buffer).into_owned();
            if let Some(log) = &log
                && log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write_line(&line).is_err()
            {
                lost += 1;
            }
            self.send(OutputLine { process: process.clone(), stream, t: self.clock.now_nanos(), line });
        }
        if lost > 0 {
            tracing::warn!(process = &*process, lost, "lines could not be written to the log file");
        }
    }
}

/// Reads up to the next line end, keeps at most [`MAX_LINE_BYTES`] of it. False at the end of the stream.
async fn read_line(from: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> std::io::Result<bool> {
    let mut any = false;
    loop {
        let chunk = from.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(chunk.len(), |end| end + 1);
        let text = &chunk[..end.unwrap_or(chunk.len())];
        let room = MAX_LINE_BYTES - line.len();
        line.extend_from_slice(&text[..text.len().min(room)]);
        from.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests;
