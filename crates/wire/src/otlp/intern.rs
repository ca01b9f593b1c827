//! One `Arc<str>` for equal texts of one request: attribute names and most values repeat on every span.

use std::collections::HashSet;
use std::sync::Arc;

/// Longer texts are seldom equal; they are not looked up.
const MAX_INTERNED_LEN: usize = 96;

#[derive(Default)]
pub(crate) struct Interner {
    known: HashSet<Arc<str>>,
    empty: Option<Arc<str>>,
}

impl Interner {
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if text.is_empty() {
            return self.empty.get_or_insert_with(|| Arc::from("")).clone();
        }
        if text.len() > MAX_INTERNED_LEN {
            return Arc::from(text);
        }
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let made: Arc<str> = Arc::from(text);
        self.known.insert(made.clone());
        made
    }
}
