//! A place for log lines that a test can read.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Clones share their lines.
#[derive(Debug, Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    /// All complete lines so far.
    ///
    /// # Panics
    /// A line that is not a JSON object.
    pub fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
            .collect()
    }

    /// The lines with this `msg`.
    pub fn with_msg(&self, msg: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["msg"] == msg).collect()
    }

    /// Waits up to five seconds for a line with this `msg` and returns the first.
    ///
    /// # Panics
    /// None came.
    pub fn wait_for(&self, msg: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            if let Some(line) = self.with_msg(msg).into_iter().next() {
                return line;
            }
            assert!(Instant::now() < deadline, "no line {msg:?} in {:#?}", self.lines());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
