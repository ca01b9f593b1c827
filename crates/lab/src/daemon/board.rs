//! The board on which every part writes how it is; the control socket reads it.

use crate::control::{PartState, PartStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Cheap to clone; every part has one.
#[derive(Clone, Debug)]
pub struct Board {
    since: Instant,
    parts: Arc<Mutex<Vec<PartStatus>>>,
}

impl Board {
    /// An empty board; seconds to ready are counted from now.
    pub fn new() -> Self {
        Self { since: Instant::now(), parts: Arc::default() }
    }

    fn parts(&self) -> MutexGuard<'_, Vec<PartStatus>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a part that is about to start. Its place in the list is its place in tables.
    pub fn add(&self, name: &str, url: Option<String>) {
        self.parts().push(PartStatus {
            name: name.to_owned(),
            state: PartState::Starting,
            ready_after_ms: None,
            url,
            pid: None,
            restarts: 0,
            note: None,
        });
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut PartStatus)) {
        if let Some(part) = self.parts().iter_mut().find(|part| part.name == name) {
            change(part);
        }
    }

    pub fn ready(&self, name: &str) {
        let elapsed = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.change(name, |part| {
            part.state = PartState::Ready;
            part.note = None;
            part.ready_after_ms.get_or_insert(elapsed);
        });
    }

    pub fn starting(&self, name: &str) {
        self.change(name, |part| {
            part.state = PartState::Starting;
            part.note = None;
        });
    }

    pub fn failed(&self, name: &str, why: impl Into<String>) {
        self.change(name, |part| {
            part.state = PartState::Failed;
            part.note = Some(why.into());
        });
    }

    pub fn process(&self, name: &str, pid: Option<i32>, restarts: u32) {
        self.change(name, |part| {
            part.pid = pid;
            part.restarts = restarts;
        });
    }

    pub fn list(&self) -> Vec<PartStatus> {
        self.parts().clone()
    }
}
