//! One stream: its labels, the block that is being filled and the chunks that are sealed.

use crate::block::{Block, Interner};
use crate::chunk::Chunk;
use crate::rate::Bucket;
use model::Labels;
use std::sync::Arc;

#[derive(Debug)]
pub struct Stream {
    pub id: u32,
    pub labels: Labels,
    /// The level that its labels name, found once.
    pub level: Option<String>,
    /// Shared with readers; a writer that finds it shared works on a copy.
    pub head: Arc<Block>,
    interner: Interner,
    /// In the order in which they were sealed.
    pub chunks: Vec<Chunk>,
    /// Newest line so far, nanoseconds.
    pub newest: i64,
    /// Of the head alone: lines after it cannot be duplicates of lines in it.
    head_newest: i64,
    /// What it may take in, when there is a limit on one stream.
    pub bucket: Option<Bucket>,
    /// When the last push came, by the store's clock: what makes a stream active.
    pub last_push: i64,
}

impl Stream {
    pub fn new(id: u32, labels: Labels) -> Self {
        let level = crate::detect::level_of_labels(&labels);
        Self {
            id,
            labels,
            level,
            head: Arc::default(),
            interner: Interner::default(),
            chunks: Vec::new(),
            newest: i64::MIN,
            head_newest: i64::MIN,
            bucket: None,
            last_push: i64::MIN,
        }
    }

    /// Appends a line; `false` when it is there already. Seals the head when it has reached `block_size`.
    pub fn append<'m>(
        &mut self,
        t: i64,
        line: &str,
        metadata: impl IntoIterator<Item = (&'m str, &'m str)>,
        block_size: usize,
    ) -> bool {
        if t <= self.head_newest && self.head.contains(t, line) {
            return false;
        }
        let head = Arc::make_mut(&mut self.head);
        head.push(&mut self.interner, t, line, metadata);
        self.head_newest = self.head_newest.max(t);
        self.newest = self.newest.max(t);
        if head.size() >= block_size {
            self.seal();
        }
        true
    }

    /// Turns the head into a chunk.
    pub fn seal(&mut self) {
        if self.head.is_empty() {
            return;
        }
        let block = std::mem::take(&mut self.head);
        let block = Arc::try_unwrap(block).unwrap_or_else(|shared| (*shared).clone());
        self.chunks.extend(Chunk::seal(block));
        self.interner = Interner::default();
        self.head_newest = i64::MIN;
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.chunks.is_empty()
    }

    /// Whether it has lines in the range, as far as bounds tell.
    pub fn overlaps(&self, start: i64, end: i64) -> bool {
        self.chunks.iter().any(|chunk| chunk.overlaps(start, end)) || block_overlaps(&self.head, start, end)
    }
}

pub fn block_overlaps(block: &Block, start: i64, end: i64) -> bool {
    let (first, last) = if block.is_sorted() {
        (block.entries().first().map(|entry| entry.t), block.entries().last().map(|entry| entry.t))
    } else {
        (block.min_t(), block.max_t())
    };
    matches!((first, last), (Some(first), Some(last)) if first < end && last >= start)
}
