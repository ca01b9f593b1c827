//! Hands finished lines to standard output from a thread of its own.
//!
//! A request must neither fail nor wait because the reader of its log is slow or gone: lines go to a bounded buffer, and
//! what does not fit is counted. Lines that arrive within a millisecond go out in one system call.

use std::{
    io::Write,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Bytes that wait for the reader at most: some ten thousand lines.
const BUFFER_LIMIT: usize = 4 * 1024 * 1024;
/// How long the first line waits for company.
const GATHER: Duration = Duration::from_millis(1);
/// How long [`LineWriter::flush`] waits.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Takes lines from any thread. The thread behind it ends when the last writer is dropped.
pub struct LineWriter(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Told when lines arrive and when the writer closes.
    arrived: Condvar,
    /// Told when everything is out.
    drained: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    pending: Vec<u8>,
    writing: bool,
    closed: bool,
}

impl LineWriter {
    /// Standard output.
    pub fn stdout() -> Self {
        Self::to(std::io::stdout())
    }

    /// Any other sink: a buffer in tests.
    pub fn to(sink: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: Condvar::new(),
            drained: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let for_thread = Arc::clone(&shared);
        // Nobody joins the thread: it may hang in a write that no reader takes, and must not hold the process.
        let started =
            thread::Builder::new().name("log-writer".into()).spawn(move || for_thread.run(Box::new(sink)));
        if started.is_err() {
            shared.lock().closed = true;
        }
        Self(shared)
    }

    /// Takes `line`, which ends with a line feed.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.lock();
        if state.closed || state.pending.len() + line.len() > BUFFER_LIMIT {
            drop(state);
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let first = state.pending.is_empty();
        state.pending.extend_from_slice(line);
        let wake = first && !state.writing;
        drop(state);
        if wake {
            self.0.arrived.notify_one();
        }
    }

    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything is out, one second at most.
    pub fn flush(&self) {
        let deadline = Instant::now() + FLUSH_LIMIT;
        let mut state = self.0.lock();
        while !state.closed && (state.writing || !state.pending.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.0.drained.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.flush();
        self.0.lock().closed = true;
        self.0.arrived.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut sink: Box<dyn Write + Send>) {
        let mut batch = Vec::with_capacity(64 * 1024);
        loop {
            let mut state = self.lock();
            state.writing = false;
            if state.pending.is_empty() {
                self.drained.notify_all();
            }
            while state.pending.is_empty() {
                if state.closed {
                    return;
                }
                state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.writing = true;
            drop(state);
            thread::sleep(GATHER);
            std::mem::swap(&mut self.lock().pending, &mut batch);
            if sink.write_all(&batch).and_then(|()| sink.flush()).is_err() {
                // Standard output is closed: its reader is gone and will not come back.
                let lines = batch.iter().filter(|&&byte| byte == b'\n').count();
                self.dropped.fetch_add(lines as u64, Ordering::Relaxed);
            }
            batch.clear();
        }
    }
}

#[cfg(test)]
mod tests;
