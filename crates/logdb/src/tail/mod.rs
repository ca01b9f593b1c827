//! Live views of what is being pushed. Each has a bounded queue; a reader that is too slow loses lines and is told.

use model::logs::{LogEntry, LogTail};
use model::{Labels, Matcher};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

#[derive(Default)]
struct Queue {
    lines: VecDeque<(Labels, LogEntry)>,
    dropped: u64,
}

pub struct Subscriber {
    matchers: Vec<Matcher>,
    capacity: usize,
    queue: Mutex<Queue>,
}

impl Subscriber {
    pub fn wants(&self, labels: &Labels) -> bool {
        model::matcher::all_match(&self.matchers, labels)
    }

    pub fn push(&self, labels: &Labels, entry: LogEntry) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.lines.len() >= self.capacity {
            queue.dropped += 1;
        } else {
            queue.lines.push_back((labels.clone(), entry));
        }
    }
}

/// Who is listening. A reader that is gone is forgotten at the next push.
#[derive(Default)]
pub struct Subscribers(Mutex<Vec<Weak<Subscriber>>>);

impl Subscribers {
    pub fn add(&self, matchers: Vec<Matcher>, capacity: usize) -> Box<dyn LogTail> {
        let subscriber =
            Arc::new(Subscriber { matchers, capacity: capacity.max(1), queue: Mutex::default() });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::downgrade(&subscriber));
        Box::new(Tail(subscriber))
    }

    pub fn active(&self) -> Vec<Arc<Subscriber>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|subscriber| subscriber.strong_count() > 0);
        all.iter().filter_map(Weak::upgrade).collect()
    }
}

struct Tail(Arc<Subscriber>);

impl LogTail for Tail {
    fn drain(&mut self) -> (Vec<(Labels, LogEntry)>, u64) {
        let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        (queue.lines.drain(..).collect(), std::mem::take(&mut queue.dropped))
    }
}
