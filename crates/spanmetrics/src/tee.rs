//! Spans to the store first, then to the generator: a push that the store refused is repeated by its sender, and must
//! not count twice.

use crate::Generator;
use model::StoreError;
use model::clock::Clock;
use model::traces::{SpanBatch, SpanReport, TraceAppender};
use std::sync::Arc;

pub struct Tee {
    store: Arc<dyn TraceAppender>,
    generator: Arc<Generator>,
    clock: Arc<dyn Clock>,
}

impl Tee {
    pub fn new(store: Arc<dyn TraceAppender>, generator: Arc<Generator>, clock: Arc<dyn Clock>) -> Self {
        Self { store, generator, clock }
    }
}

impl TraceAppender for Tee {
    fn push(&self, batches: Vec<SpanBatch>) -> Result<SpanReport, StoreError> {
        let prepared = self.generator.prepare(&batches);
        let report = self.store.push(batches)?;
        self.generator.observe(prepared, self.clock.now_nanos());
        Ok(report)
    }
}
